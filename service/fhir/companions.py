"""Which other medicines of a class are drafted or active beside an order.

Knows a policy's Questions; which medicine a CodeableConcept is, is asked of `medicine`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from service.case import Companions, Questions
from service.determination import Evidence
from service.fhir.chart import Chart, Medication
from service.fhir.elements import Json, child, code_of, codings, day, flag, label, text
from service.fhir.medicine import concepts_of
from service.fhir.wording import names_in
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
    named = text(child(record, "medicationReference"), "display")
    if found.concept or not found.lost or not named:
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
    medication, where = medication_of(record, chart), chart.reference(record)
    names = concepts_of(medication.concept, questions=questions, terms=terms, shelf=chart.shelf)
    if questions.drug.ingredient in names:
        return
    status = code_of(record.get("status"))
    named = label(medication.concept)
    said = f"{named}, {status or 'without a status'}"
    if not names & questions.companions:
        beside.unclear.extend(_doubt(medication.concept, named, where, medication.lost, questions, terms))
    elif status not in _COUNTS or not chart.sound(record):
        beside.unclear.append(f"{where}: {said}")
    else:
        beside.found.append(Evidence(medication.reference, medication.path, said, _day(record)))


def _doubt(
    concept: Json | None, named: str, where: str, lost: str | None, questions: Questions, terms: Terminology
) -> Iterator[str]:
    """Why it cannot be told what a medicine is: nothing in words and no ATC code (RxNorm and NDC sets list a part of
    what there is), or a name of the class in words that make it doubtful."""
    coded = codings(concept)
    words = [said for said in (text(concept, "text"), *(c.display for c in coded)) if said]
    if not words and not any(canonical(c.system) == ATC for c in coded):
        why = f"{lost} could not be had" if lost else f"the medicine has no name ({named or 'no code either'})"
        yield f"{where}: {why}"
    elif any(names_in(terms.names(c), said) for c in questions.companions for said in words):
        yield f"{where}: {named}"


def _day(record: Json) -> str | None:
    """authoredOn, or the start of a statement, else when it was asserted."""
    period = child(record, "effectivePeriod")
    whens = (text(record, "authoredOn"), text(record, "effectiveDateTime"), text(period, "start"))
    days = (day(when) for when in (*whens, text(record, "dateAsserted")))
    return next((found.isoformat() for found in days if found), None)
