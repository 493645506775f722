"""Codes that no value set knows, in the elements that criteria read. Codes are public; the texts beside them are not
told. A concept of which one coding, or the text, was understood is no concern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from service.doctor.given import Given
from service.doctor.report import Note
from service.fhir.coded import concepts_in
from service.fhir.elements import Json, child, codings, items
from service.fhir.indication import Indications
from service.questions import Questions
from service.terminology.lookup import canonical

_OURS = "urn:countersign:"
_MEDICINES = ("MedicationRequest", "MedicationStatement", "MedicationDispense")
_MEASURED = frozenset({"vital-signs", "exam", "social-history", "survey"})
_TOLD = 10


@dataclass
class _Seen:
    """Counts of codings by where they stand: in systems that nobody here knows, in known ones but no set, and taken
    for another system; and of concepts without any code."""

    strange: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unlisted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    aliased: Counter[tuple[str, str]] = field(default_factory=Counter)
    bare: Counter[str] = field(default_factory=Counter)


def codes(given: Given) -> Iterator[Note]:
    """The notes on codes, the most frequent first."""
    known = {system for system, _ in (*given.office.terms.exact, *given.office.terms.subtree)}
    systems = {s for s in known if not s.startswith(_OURS)}
    seen = _Seen()
    for path, concept, understood in _concepts(given):
        _count(given, systems, seen, path, concept, understood)
    yield from _strange(systems, seen)
    yield from _bare(seen)
    yield from _unlisted(seen)
    for (written, taken), count in seen.aliased.most_common():
        yield Note("fine", "system-alias", written, f"taken for {taken} ({count} codings)")


def _count(given: Given, systems: set[str], seen: _Seen, path: str, concept: Json, understood: bool) -> None:
    listed = [c for c in codings(concept) if c.code]
    if concept and not listed and not understood:
        seen.bare[path] += 1
    for coding in listed:
        system, code = canonical(coding.system), given.quotes.code(coding.code)
        if system in systems and system != coding.system.rstrip("/"):
            seen.aliased[given.quotes.system(coding.system), system] += 1
        if understood:
            continue
        if system in systems:
            seen.unlisted[path, system, code] += 1
        else:
            shown = given.quotes.system(coding.system) if coding.system else "(no system)"
            seen.strange[path, shown, code] += 1


def _concepts(given: Given) -> Iterator[tuple[str, Json, bool]]:
    """Each CodeableConcept that a criterion reads: where it stands, and whether any of it was understood."""
    chart, terms = given.chart, given.office.terms
    asked = [revision.questions for revision in given.office.library.revisions()]
    readers = [Indications(questions, terms) for questions in asked]
    for condition in chart.of("Condition"):
        concept = child(condition, "code")
        yield "Condition.code", concept, _diagnosed(given, concept, readers)
    for order in chart.drafts("MedicationRequest"):
        for concept in items(order, "reasonCode"):
            yield "MedicationRequest.reasonCode", concept, _diagnosed(given, concept, readers)
    records = [r for kind in _MEDICINES for r in (*chart.drafts(kind), *chart.of(kind))]
    for record in records:
        medication = chart.medication(record).concept
        path = f"{record['resourceType']}.medication"
        yield path, medication or {}, _dispensed(given, medication or {}, asked)
    for allergy in chart.of("AllergyIntolerance"):
        concept = child(allergy, "code")
        yield "AllergyIntolerance.code", concept, _dispensed(given, concept, asked)
    for observation in chart.of("Observation"):
        concept = child(observation, "code")
        if _measured(observation) and not _elsewhere(concept):
            yield "Observation.code", concept, bool(concepts_in(concept, terms))


def _diagnosed(given: Given, concept: Json, readers: list[Indications]) -> bool:
    return bool(concepts_in(concept, given.office.terms)) or any(reader.of(concept).listed for reader in readers)


def _dispensed(given: Given, concept: Json, asked: list[Questions]) -> bool:
    looks = [given.chart.shelf.look(concept, questions, given.office.terms) for questions in asked]
    return any(seen.choice is not None or seen.concepts for seen in looks)


def _measured(observation: Json) -> bool:
    """Whether an Observation is of a category in which body measures and pregnancy stand, or of none."""
    categories = {c.code for concept in items(observation, "category") for c in codings(concept)}
    return not categories or not categories.isdisjoint(_MEASURED)


def _elsewhere(concept: Json) -> bool:
    """Whether a code of a national system says what an Observation is: another measure, no code to understand."""
    return any(canonical(c.system).startswith(("http://loinc.org", "http://snomed.info")) for c in codings(concept))


def _strange(systems: set[str], seen: _Seen) -> Iterator[Note]:
    folded = {_fold(system): system for system in systems}
    for (path, system, code), count in seen.strange.most_common(_TOLD):
        meant = folded.get(_fold(system))
        if meant:
            said, mend = "the system is written otherwise than its URI", f"Write {meant}."
        elif system == "(no system)":
            said, mend = "the coding has no system, so its code can mean anything", "Send the code's system."
        else:
            said = "the system is local, or not one that this service reads"
            mend = "Send a coding of ICD-10-CM, SNOMED CT, RxNorm, NDC or LOINC beside the local one."
        yield Note("look", "code-strange", path, f"{system}|{code} ({_times(count)}): {said}", mend)
    if (rest := len(seen.strange) - _TOLD) > 0:
        yield Note("look", "code-strange", "the chart", f"{rest} more codes of systems that are not read")


def _fold(system: str) -> str:
    return system.casefold().removeprefix("https:").removeprefix("http:").rstrip("/")


def _bare(seen: _Seen) -> Iterator[Note]:
    for path, count in seen.bare.most_common():
        said = f"no code in {count}, and the text names nothing that a criterion looks for"
        yield Note("look", "code-none", path, said, "Send codes: words count only where every one of them is plain.")


def _unlisted(seen: _Seen) -> Iterator[Note]:
    """Known systems' codes that are in no list: other diseases and drugs, told together for each element."""
    by_path: dict[str, list[str]] = {}
    for (path, system, code), count in seen.unlisted.most_common():
        by_path.setdefault(path, []).append(f"{system}|{code} ({_times(count)})")
    for path, told in by_path.items():
        more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        said = f"in no list of the policies, so other diseases or drugs to them: {', '.join(told[:_TOLD])}{more}"
        yield Note("fine", "code-unlisted", path, said)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
