"""What a CodeableConcept names: diagnoses that a policy lists, a known other one, or nothing that can be read surely.

Knows codes as concepts and a policy's plain texts; reads no status, no order and no problem list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.fhir.elements import Coding, Json, codings, label, text
from service.fhir.wording import outside, plain, runs, spoken, tokens, vocabulary
from service.questions import DiagnosisQuestion, Questions
from service.terminology import Terminology
from service.terminology.lookup import ICD10CM, SNOMED, canonical

REVIEW = "review-diagnosis"
_UNLIKE = "unlike-"  # the value sets of what is easily taken for a diagnosis, and is none
RELAPSE = vocabulary("relapsed relapsing relapse relapses refractory recurrent recurrence recurred")
# What may stand beside a diagnosis in a text that names it plainly; any other word leaves it in doubt.
_BESIDE = RELAPSE | vocabulary(
    """
    a an and the of in with for by on is has pt patient diagnosis diagnosed dx known confirmed since treatment treat
    treating therapy management active severe moderate mild chronic recalcitrant disabling erosive deforming early
    established longstanding uncontrolled controlled poorly well high low disease activity adult onset seropositive
    seronegative positive rheumatoid factor rf anti ccp acpa unspecified nos flare remission complete full partial
    involvement involving multiple site sites both left right bilateral hand hands wrist wrists finger fingers elbow
    elbows shoulder shoulders hip hips knee knees ankle ankles foot feet joint joints scalp nail nails trunk limb limbs
    palmoplantar plaque plaques vulgaris guttate pustular erythrodermic inverse flexural extensive widespread
    generalized localized body surface area bsa stage group patch tumor phase b t cell precursor philadelphia
    chromosome ph type grade disorder finding
    """
)
_MARKERS = vocabulary("rf factor ccp acpa ph chromosome")
_STAGE = re.compile(r"(?:i{1,3}|iv|[1-4])(?:[ab][12]?)?")
_CODE = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")
_SHAPES = {ICD10CM: re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?"), SNOMED: re.compile(r"\d{6,18}")}


@dataclass(frozen=True, slots=True)
class Indication:
    """What a concept names. `listed`: the policy's diagnoses; `other`: a known diagnosis that it does not list.
    `says` is the concept in words; `remarks` say what names nothing; `mentions`: a listed name stands in doubt."""

    says: str
    listed: tuple[DiagnosisQuestion, ...] = ()
    other: bool = False
    review: bool = False
    mentions: bool = False
    remarks: tuple[str, ...] = ()


def read_indication(concept: Json, questions: Questions, terms: Terminology) -> Indication:
    """Codes first, text last (reading 4, 15): text counts only where no code names a diagnosis."""
    coded = [(c, terms.concepts(c.system, c.code)) for c in codings(concept)]
    says = label(concept)
    listed = _narrowed([q for q in questions.diagnoses for _, sets in coded if q.concept in sets])
    review = any(REVIEW in sets for _, sets in coded)
    remarks = _remarks(says, coded, questions, terms)
    if listed:
        return Indication(says, listed, review=review, remarks=remarks)
    if not review and any(_known(coding) for coding, _ in coded):
        return Indication(says, other=True, remarks=remarks)
    return _by_text(concept, Indication(says, review=review, remarks=remarks), questions, terms)


class Indications:
    """What the CodeableConcepts of one chart name, each read once: a chart lists the same diagnosis often."""

    def __init__(self, questions: Questions, terms: Terminology) -> None:
        self._questions = questions
        self._terms = terms
        self._said: dict[tuple[str | None, tuple[Coding, ...]], Indication] = {}

    def of(self, concept: Json) -> Indication:
        """What a concept names; its text and its codings are all that counts."""
        said = (text(concept, "text"), tuple(codings(concept)))
        if said not in self._said:
            self._said[said] = read_indication(concept, self._questions, self._terms)
        return self._said[said]


def _known(coding: Coding) -> bool:
    """Whether a code is one of ICD-10-CM or SNOMED CT by its shape."""
    shape = _SHAPES.get(canonical(coding.system))
    return bool(shape and shape.fullmatch(coding.code.upper()))


def _remarks(
    says: str, coded: list[tuple[Coding, frozenset[str]]], questions: Questions, terms: Terminology
) -> tuple[str, ...]:
    if not any(sets for _, sets in coded):
        return ()
    found = [f"{says} needs a person's reading: it names no diagnosis by itself" for _, s in coded if REVIEW in s]
    for asked in questions.diagnoses:
        unlike = _UNLIKE + asked.concept
        found += [f"{says} is {terms.titles[unlike]}, not {asked.name}" for _, sets in coded if unlike in sets]
    return tuple(dict.fromkeys(found))


def _by_text(concept: Json, so_far: Indication, questions: Questions, terms: Terminology) -> Indication:
    own = text(concept, "text")
    said = [own] if own else [c.display for c in codings(concept) if c.display]
    readings = [_read(one, questions, terms) for one in said]
    first = readings[0][0] if readings else ()
    if first and all(listed == first for listed, _ in readings):
        return Indication(so_far.says, first, review=so_far.review, remarks=so_far.remarks)
    mentions = any(mentioned for _, mentioned in readings)
    why = "does not surely name a diagnosis" if mentions else "names no diagnosis that could be read"
    unread = () if so_far.review or not so_far.says else (f"“{so_far.says}” {why}",)
    return Indication(so_far.says, (), review=so_far.review, mentions=mentions, remarks=(*so_far.remarks, *unread))


def _read(said: str, questions: Questions, terms: Terminology) -> tuple[tuple[DiagnosisQuestion, ...], bool]:
    """The diagnoses that a text names plainly, and whether it mentions any, plainly or not."""
    codes = _CODE.findall(plain(said))
    words = spoken(_CODE.sub(" ", plain(said)))
    places = _places(words, questions)
    found = _narrowed([q for q in questions.diagnoses if any(q is asked for asked, _ in places)])
    rest = outside([place for _, place in places], tuple(word.lower() for word in words))
    agree = all({q.concept for q in found} & terms.concepts(ICD10CM, code) for code in codes)
    sure = agree and "?" not in said and _beside(rest)
    return (found if sure else ()), bool(found)


def _places(words: tuple[str, ...], questions: Questions) -> list[tuple[DiagnosisQuestion, range]]:
    """Where the diagnoses stand in a text, the longest names first, none inside another."""
    lower = tuple(word.lower() for word in words)
    found = [(q, place) for q in questions.diagnoses for t in q.texts for place in runs(tokens(t), lower)]
    found += [(q, p) for q in questions.diagnoses for a in q.abbreviations for p in _abbreviated(a, words)]
    kept: list[tuple[DiagnosisQuestion, range]] = []
    for asked, place in sorted(found, key=lambda one: -len(one[1])):
        if not any(set(place) & set(other) for _, other in kept):
            kept.append((asked, place))
    return kept


def _abbreviated(abbreviation: str, words: tuple[str, ...]) -> tuple[range, ...]:
    """Where an abbreviation stands, as written or in capitals; in a text all in capitals only as the whole of it."""
    written = {spoken(abbreviation), spoken(abbreviation.upper())}
    found = tuple(place for form in sorted(written) for place in runs(form, words))
    if any(word != word.upper() for word in words):
        return found
    return tuple(place for place in found if len(place) == len(words))


def _beside(rest: tuple[str, ...]) -> bool:
    """Whether every other word of a text leaves the diagnosis as plain as it is."""
    return all(
        word in _BESIDE or word.isdigit() or _STAGE.fullmatch(word) or _linked(rest, n) for n, word in enumerate(rest)
    )


def _linked(rest: tuple[str, ...], n: int) -> bool:
    return joins_relapse(rest, n) or (rest[n] == "negative" and n > 0 and rest[n - 1] in _MARKERS)


def joins_relapse(words: tuple[str, ...], n: int) -> bool:
    """Whether the word at `n` is the "or" of "relapsed or refractory", which puts nothing in doubt."""
    return words[n] == "or" and n > 0 and words[n - 1] in RELAPSE and not RELAPSE.isdisjoint(words[n + 1 : n + 2])


def _narrowed(found: list[DiagnosisQuestion]) -> tuple[DiagnosisQuestion, ...]:
    concepts = {q.concept for q in found}
    return tuple(dict.fromkeys(q for q in found if concepts.isdisjoint(q.narrower)))
