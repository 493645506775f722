"""Which other medicines of a class are drafted or active beside an order.

Knows a policy's Questions; which medicine a CodeableConcept is, is asked of `medicine`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from service.case import Companions
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, code_of, day, flag, label, text
from service.fhir.medicine import Medication, Seen
from service.questions import Questions
from service.terminology import Terminology
from service.terminology.lookup import ATC, canonical

_OVER = frozenset({"cancelled", "stopped", "completed", "entered-in-error", "not-taken"})
_COUNTS = frozenset({"draft", "active"})


@dataclass(frozen=True, slots=True)
class _Beside:
    """What was found so far, and what cannot be told."""

    found: list[Evidence] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)


def read_companions(order: Json, chart: Chart, questions: Questions, terms: Terminology) -> Companions:
    """Other medicines of the classes asked for, drafted or active (reading, sections 9 and 15), never the policy's
    drug. One that is on hold, planned or of unknown status is neither there nor absent: `unclear` names it, and any
    medicine of which it cannot be told what it is."""
    beside = _Beside()
    for record in _others(order, chart):
        _add(record, chart, questions, terms, beside)
    for kind in ("MedicationRequest", "MedicationStatement"):
        beside.unclear.extend(f"{named} was not read" for named in chart.aside(kind))
    why = chart.lacking("MedicationStatement")
    remarks = (f"the MedicationStatements were not read whole: {why}",) if why else ()
    unclear = tuple(dict.fromkeys(beside.unclear))
    return Companions(tuple(beside.found), chart.answer("MedicationRequest"), unclear, remarks)


def medication_of(record: Json, chart: Chart) -> Medication:
    """The medication of a record of the chart; one that cannot be had goes by the words of the reference to it."""
    found = chart.medication(record)
    if found.concept or not found.lost:
        return found
    named = text(child(record, "medicationReference"), "display")
    if not named:
        return found
    return replace(found, concept={"text": named}, path=f"{record.get('resourceType')}.medicationReference.display")


def _others(order: Json, chart: Chart) -> Iterator[Json]:
    """The requests and statements that are not over, without the order itself."""
    own = text(order, "id")
    drafts = (d for d in chart.drafts("MedicationRequest") if d is not order and (own is None or text(d, "id") != own))
    drafted = [d for d in drafts if chart.owned(d) and chart.unmodified(d)]
    for record in (*drafted, *chart.of("MedicationRequest"), *chart.of("MedicationStatement")):
        if code_of(record.get("status")) not in _OVER and flag(record, "doNotPerform") is not True:
            yield record


def _add(record: Json, chart: Chart, questions: Questions, terms: Terminology, beside: _Beside) -> None:
    medication = medication_of(record, chart)
    seen = chart.shelf.look(medication.concept, questions, terms)
    if questions.drug.ingredient in seen.concepts:
        return
    if seen.concepts.isdisjoint(questions.companions):
        beside.unclear.extend(_doubt(medication, seen, chart.reference(record)))
        return
    where, status = chart.reference(record), code_of(record.get("status"))
    said = f"{label(medication.concept)}, {status or 'without a status'}"
    if status not in _COUNTS or not chart.sound(record):
        beside.unclear.append(f"{where}: {said}")
    else:
        beside.found.append(Evidence(medication.reference, medication.path, said, _day(record)))


def _doubt(medication: Medication, seen: Seen, where: str) -> Iterator[str]:
    """Why it cannot be told what a medicine is: nothing in words and no ATC code (RxNorm and NDC sets list a part of
    what there is), or a name of the class in words that make it doubtful."""
    looked, lost = seen.looked, medication.lost
    if not looked.texts and not any(canonical(c.system) == ATC for c, _ in looked.coded):
        named = label(medication.concept) or "no code either"
        yield f"{where}: {lost} could not be had" if lost else f"{where}: the medicine has no name ({named})"
    elif seen.mentions_companion:
        yield f"{where}: {label(medication.concept)}"


def _day(record: Json) -> str | None:
    """authoredOn, or the start of a statement, else when it was asserted."""
    period = child(record, "effectivePeriod")
    whens = (text(record, "authoredOn"), text(record, "effectiveDateTime"), text(period, "start"))
    days = (day(when) for when in (*whens, text(record, "dateAsserted")))
    return next((found.isoformat() for found in days if found), None)
