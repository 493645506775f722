"""What else the patient has: active Conditions and states by concept, and allergies to the policy's drug.

Knows concepts and Questions only; that a Condition is the order's diagnosis is read elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from service.case import Allergy
from service.determination import Evidence
from service.fhir.body import counts, effective
from service.fhir.chart import Chart
from service.fhir.elements import Coding, Json, child, code_of, codings, day, items, label, span, text
from service.fhir.wording import names_in, tokens
from service.questions import Questions
from service.terminology import Terminology
from service.terminology.lookup import ICD10CM, canonical

CONDITION_TEXT = "urn:countersign:condition-text"
_REVIEW = "review-"
_ACTIVE = frozenset({"active", "recurrence", "relapse"})
_DENIALS = frozenset({"no", "not", "denies", "denied", "without", "never", "negative"})
_UNTRUE = frozenset({"refuted", "entered-in-error"})

Found = dict[str, list[Evidence]]
Remarks = dict[str, list[str]]


def read_conditions(
    chart: Chart,
    concepts: frozenset[str],
    terms: Terminology,
    on: date,
    state_observations: Mapping[str, int],
) -> tuple[Mapping[str, tuple[Evidence, ...]], Mapping[str, tuple[str, ...]]]:
    """The active Conditions of each concept (reading, sections 8, 12, 15), and what was seen and does not count:
    one that is over, or whose code is marked for review (`review-<concept>`). For a concept of `state_observations`
    also the Observations of the state, each for so many days (`<concept>-status` and its answers)."""
    found: Found = {concept: [] for concept in concepts}
    remarks: Remarks = {concept: [] for concept in concepts}
    for condition in chart.of("Condition"):
        _add(condition, chart, terms, on, found, remarks)
    for concept in sorted(concepts & state_observations.keys()):
        since = on - timedelta(days=state_observations[concept])
        found[concept] += _state(concept, chart, terms, since, on)
    if why := chart.lacking("Condition"):
        for listed in remarks.values():
            listed.append(f"the list of Conditions was not read whole: {why}")
    return {k: tuple(v) for k, v in found.items()}, {k: tuple(v) for k, v in remarks.items()}


def _add(condition: Json, chart: Chart, terms: Terminology, on: date, found: Found, remarks: Remarks) -> None:
    code = child(condition, "code")
    named, near = _named(code, terms, frozenset(found))
    if not named and not near:
        return
    where = chart.reference(condition)
    over = _over(condition, on)
    for concept in near if over is None else ():
        remarks[concept].append(f"{_said(code, None, '')} ({where}) is near, but does not show it by itself")
    for concept, coding in named.items():
        said = _said(code, coding, terms.titles.get(concept, concept))
        if over is not None:
            remarks[concept].append(f"{said} ({where}) does not count: {over}")
        elif chart.sound(condition):
            found[concept].append(Evidence(where, "Condition.code", said, _recorded(condition)))


def _named(code: Json, terms: Terminology, asked: frozenset[str]) -> tuple[dict[str, Coding | None], tuple[str, ...]]:
    """The concepts asked for that a Condition's code names, by which coding, and those that it comes near to.

    Words are the last resort, whole texts only: where no coding is known, and none is ICD-10-CM (whose sets take
    whole categories, so that a code outside of them says something else)."""
    members = [(c, terms.concepts(c.system, c.code)) for c in codings(code) if c.code]
    named: dict[str, Coding | None] = {}
    for coding, names in members:
        for concept in sorted(names & asked) if names else ():
            named.setdefault(concept, coding)
    marked = {name.removeprefix(_REVIEW) for _, names in members for name in names if name.startswith(_REVIEW)}
    near = marked & (asked - named.keys())
    if not named and not near and not any(canonical(c.system) == ICD10CM for c, _ in members):
        named = dict.fromkeys(sorted(_in_words(code, terms) & asked))
    return named, tuple(sorted(near))


def _in_words(concept: Json, terms: Terminology) -> frozenset[str]:
    """The concepts that one of a CodeableConcept's texts names, as a whole."""
    said = (text(concept, "text"), *(c.display for c in codings(concept)))
    return frozenset(c for words in said if words for c in terms.concepts(CONDITION_TEXT, " ".join(tokens(words))))


def _said(concept: Json, coding: Coding | None, title: str) -> str:
    if coding is None:
        return label(concept)
    return f"{text(concept, 'text') or coding.display or title} ({coding.code})"


def _over(condition: Json, on: date) -> str | None:
    """Why a Condition is not active (reading, section 15); without a status an end in the past says so."""
    verification, clinical = (_statuses(condition.get(name)) for name in ("verificationStatus", "clinicalStatus"))
    if untrue := verification & _UNTRUE:
        return f"it is {' '.join(sorted(untrue))}"
    if clinical:
        return None if clinical & _ACTIVE else f"its clinical status is {' '.join(sorted(clinical))}"
    period = child(condition, "abatementPeriod")
    ended = span(text(condition, "abatementDateTime")) or span(text(period, "end"))
    return f"it ended on {ended.last.isoformat()}" if ended and ended.last < on else None


def _statuses(status: Any) -> frozenset[str]:
    """The codes of a status, else its words, lower case: clients send text, and local codes beside the standard's."""
    found = frozenset(c.code.lower() for c in codings(status) if c.code)
    said = code_of(status) or (text(status, "text") or "").lower()
    return found or frozenset({said} - {""})


def _recorded(resource: Json) -> str | None:
    days = (day(resource.get(name)) for name in ("recordedDate", "onsetDateTime"))
    return next((found.isoformat() for found in days if found), None)


def _state(concept: str, chart: Chart, terms: Terminology, since: date, on: date) -> Iterator[Evidence]:
    """The Observations that say a state is present, not older than `since`, unless a newer one says it is absent.

    What endangers goes first: one of the same moment that says the contrary ends nothing, and one without a date
    stands as long as none says the contrary."""
    answers = [
        (when, says, answer)
        for answer, concepts in chart.coded("Observation", terms)
        if f"{concept}-status" in concepts
        and counts(answer)
        and (when := _when(answer, on)) is not None
        and (says := _says(answer, concept, terms)) is not None
    ]
    ended = max((when for when, says, _ in answers if not says), default=("", ""))
    for when, says, answer in sorted(answers, key=lambda a: (a[0], chart.reference(a[2]))):
        if says and when >= ended and (not when[0] or when[0] >= since.isoformat()):
            said = _answer(answer, concept, terms)
            yield Evidence(chart.reference(answer), "Observation.value", said, when[0] or None)


def _when(answer: Json, on: date) -> tuple[str, str] | None:
    """Day and time of an Observation as written (else when it was issued; empty without either, and of a partial date
    the last day); of a period that goes on, the day asked about; None for one of later days."""
    said = effective(answer) or text(answer, "issued")
    days = span(said)
    if days is None:
        return "", ""
    began = span(text(child(answer, "effectivePeriod"), "start"))
    if days.first > on and (began is None or began.first > on):
        return None
    return min(days.last, on).isoformat(), (said or "")[11:]


def _answer(answer: Json, concept: str, terms: Terminology) -> str:
    value = child(answer, "valueCodeableConcept")
    coding = next((c for c in codings(value) if concept in terms.concepts(c.system, c.code)), None)
    return _said(value, coding, terms.titles.get(concept, concept)) or text(answer, "valueString") or ""


def _says(answer: Json, concept: str, terms: Terminology) -> bool | None:
    """Whether an answer says that the state is present (it is in the concept's set) or absent (in `no-<concept>`)."""
    value = child(answer, "valueCodeableConcept") or {"text": text(answer, "valueString") or ""}
    coded = {name for c in codings(value) for name in terms.concepts(c.system, c.code)}
    names = coded or _in_words(value, terms)
    if concept in names:
        return True
    return False if f"no-{concept}" in names else None


def read_allergies(chart: Chart, questions: Questions, terms: Terminology) -> tuple[Allergy, ...]:
    """The active allergies to the drug or to any product that holds it (reading, sections 7, 12, 15)."""
    found: list[Allergy] = []
    for record in standing_allergies(chart):
        named = (
            Evidence(chart.reference(record), path, _called(substance, questions), _recorded(record))
            for substance, path in _substances(record)
            if _holds(substance, chart, questions, terms)
        )
        found += [Allergy(_alerts(record), evidence) for evidence in list(named)[:1]]
    return tuple(found)


def _holds(substance: Json, chart: Chart, questions: Questions, terms: Terminology) -> bool:
    """Whether a substance is the drug. In an allergy's words a plain mention is enough ("avoid …"), but no denial."""
    if questions.drug.ingredient in chart.shelf.look(substance, questions, terms).concepts:
        return True
    names = (*questions.drug.names, *(name for product in questions.products for name in product.names))
    words = (text(substance, "text"), *(c.display for c in codings(substance)))
    return any(names_in(names, said) and _DENIALS.isdisjoint(tokens(said)) for said in words if said)


def _called(substance: Json, questions: Questions) -> str:
    said = label(substance)
    words = (text(substance, "text"), *(c.display for c in codings(substance)))
    return said if any(words) else f"{questions.drug.name.capitalize()} ({said})"


def standing_allergies(chart: Chart) -> Iterator[Json]:
    """The AllergyIntolerances that are active (or have no status), and neither refuted nor entered in error."""
    for record in chart.of("AllergyIntolerance"):
        clinical = _statuses(record.get("clinicalStatus"))
        if not _statuses(record.get("verificationStatus")) & _UNTRUE and (not clinical or "active" in clinical):
            yield record


def _substances(record: Json) -> Iterator[tuple[Json, str]]:
    """Its code, else the substances that its reactions name."""
    yield child(record, "code"), "AllergyIntolerance.code"
    for reaction in items(record, "reaction"):
        yield child(reaction, "substance"), "AllergyIntolerance.reaction.substance"


def _alerts(record: Json) -> bool:
    """A mere intolerance alerts only where its criticality is high or a reaction was severe."""
    severe = any(code_of(reaction.get("severity")) == "severe" for reaction in items(record, "reaction"))
    return code_of(record.get("type")) != "intolerance" or code_of(record.get("criticality")) == "high" or severe
