"""Resources as they were taken: what was repaired before reading, what could not be read, what is another patient's.

Asks the models of every resource that they know, also of those that no criterion came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from service.doctor.given import Given
from service.doctor.report import Note
from service.fhir.answers import read_answer
from service.fhir.elements import Json, text
from service.fhir.models import Element, Verdict, examine

_NAMED = 5  # resources told by name; the rest is counted


def resources(given: Given) -> Iterator[Note]:
    """The notes on single resources: refused elements and modifiers first, then patients, then repairs."""
    listed, sound = list(_listed(given)), set[Element]()
    drafts = {id(e.resource) for e in given.request.drafts}
    verdicts = [(r, examine(r, drafted=id(r) in drafts, sound=sound)) for r in listed]
    yield from _refused(given, verdicts)
    yield from _modified(given, listed)
    yield from _foreign(given, listed)
    yield from _repairs(given, verdicts)


def _listed(given: Given) -> Iterator[Json]:
    """The drafts and what prefetch holds, each once."""
    seen: set[int] = set()
    entries = [*given.request.drafts, *(e for v in given.request.prefetch.values() for e in read_answer(v).entries)]
    for entry in entries:
        if id(entry.resource) not in seen:
            seen.add(id(entry.resource))
            yield entry.resource


def _refused(given: Given, verdicts: list[tuple[Json, Verdict]]) -> Iterator[Note]:
    refused: dict[tuple[str, str], list[str]] = {}
    for resource, verdict in verdicts:
        for element in verdict.refused:
            key = given.quotes.kind(resource["resourceType"]), given.quotes.path(element)
            refused.setdefault(key, []).append(given.where(resource))
    for (kind, element), where in refused.items():
        named = element if element == kind else f"{kind}.{element}"
        said = f"{named} cannot be read as FHIR R4 says it, and counts as unknown"
        yield Note("look", "refused", _together(where), said, "Check the element's type, its dates and its codes.")


def _modified(given: Given, listed: list[Json]) -> Iterator[Note]:
    modified = [given.where(r) for r in listed if r.get("modifierExtension") or r.get("implicitRules")]
    if modified:
        said = "carries a modifierExtension or implicitRules: it may mean something else, and is not read"
        mend = "Leave it out, or tell us what it means; a modifier may not be ignored (FHIR R4, extensibility)."
        yield Note("look", "modifier", _together(modified), said, mend)


def _foreign(given: Given, listed: list[Json]) -> Iterator[Note]:
    if not given.chart.patient_id:
        return
    where = [given.where(r) for r in listed if not given.chart.owned(r)]
    if where:
        said = "does not surely name the patient of context.patientId: set aside, and never evidence"
        mend = "Its subject must be Patient/<context.patientId>, relative, or absolute on fhirServer."
        yield Note("look", "foreign", _together(where), said, mend)
    others = [r for r in listed if r["resourceType"] == "Patient" and text(r, "id") != given.chart.patient_id]
    if others:
        said = f"{len(others)} sent with an id that is not context.patientId; not read"
        if given.chart.patient is None:
            yield Note("wrong", "patient-foreign", "Patient", said, "Send the Patient of context.patientId.")
        else:
            yield Note("look", "patient-foreign", "Patient", said)


def _repairs(given: Given, verdicts: list[tuple[Json, Verdict]]) -> Iterator[Note]:
    found: dict[str, list[str]] = {}
    for resource, verdict in verdicts:
        for repair in dict.fromkeys(verdict.repairs):
            path, _, what = repair.partition(" ")
            found.setdefault(f"{given.quotes.path(path)} {what}", []).append(given.where(resource))
    for repair, where in found.items():
        yield Note("fine", "repaired", _together(where), f"{repair}: repaired before reading")


def _together(where: list[str]) -> str:
    counted = Counter(where)
    named = [f"{one} ({n} times)" if n > 1 else one for one, n in counted.items()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more
