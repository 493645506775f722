"""A product's past in the chart: any sign of it, what was handed over or paid for, who takes it and since when.

Which product a medicine is, is asked of `medicine`; which windows count is the policy's matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from service.case import History, Product, Supply, Therapy
from service.determination import Evidence
from service.dose import BodySurface
from service.fhir.chart import Chart
from service.fhir.claims import read_claims, settle
from service.fhir.coverage import Coverage
from service.fhir.dosage import read_dose
from service.fhir.elements import Json, Span, child, code_of, flag, items, label, span, text
from service.fhir.medicine import Medication, recognise
from service.questions import Questions
from service.terminology import Terminology

_DOSAGE = MappingProxyType({"MedicationRequest": "dosageInstruction", "MedicationStatement": "dosage"})
_NO_SIGN = frozenset({"entered-in-error", "cancelled", "draft"})
_SUPPLIED = frozenset({"completed", "in-progress"})
_NO_ORDER = frozenset({"proposal", "option"})


@dataclass(frozen=True, slots=True)
class _Record:
    """A request, statement or dispense of the product; `days` are those that its date can mean."""

    resource: Json
    product: Product
    evidence: Evidence
    status: str
    days: Span | None


def read_history(
    product_id: str | None,
    chart: Chart,
    *,
    on: date,
    coverage: Coverage | None,
    body: BodySurface | None,
    questions: Questions,
    terms: Terminology,
) -> History:
    """The past of a product (reading 11, 15), drafts left out; empty where the order leaves the product open.

    Supplies and therapies of every date are given, also of later days than `on`; a partial date reads as the day that
    claims least (see `settle`)."""
    if product_id is None:
        return History()
    reader = _Reader(product_id, chart, questions, terms)
    claims = read_claims(chart, on=on, coverage=coverage, recognises=reader.recognises)
    taken = [record for kind in _DOSAGE for record in reader.records(kind)]
    dispensed = list(reader.records("MedicationDispense"))
    handed = [record for record in dispensed if record.status in _SUPPLIED]
    therapies = [(record, therapy) for record in taken if (therapy := _therapy(record, on, body))]
    begun = [*handed, *(record for record, therapy in therapies if therapy.active)]
    return History(
        signs=(*(record.evidence for record in (*taken, *dispensed)), *claims.signs),
        supplies=(*_supplies(handed, on, coverage), *claims.supplies),
        therapies=tuple(therapy for _, therapy in therapies),
        starts=tuple((record.days.last, record.evidence) for record in begun if record.days),
        cut="; ".join(f"the {kind}s were not read whole: {why}" for kind in _DOSAGE if (why := chart.cut(kind))),
        remarks=(*_uncounted(dispensed), *claims.remarks),
    )


class _Reader:
    """Recognises one product in one chart."""

    def __init__(self, product_id: str, chart: Chart, questions: Questions, terms: Terminology) -> None:
        self._product_id = product_id
        self._chart = chart
        self._questions = questions
        self._terms = terms

    def recognises(self, concept: Json, reference: str, path: str) -> bool:
        """Whether a CodeableConcept is the product."""
        return self._product(Medication(concept, reference, path)) is not None

    def _product(self, medication: Medication) -> Product | None:
        choice = self._chart.shelf.look(medication.concept, self._questions, self._terms).choice
        if choice is None or not choice.sure or choice.products[0].id != self._product_id:
            return None
        return recognise(
            medication.concept,
            reference=medication.reference,
            path=medication.path,
            questions=self._questions,
            terms=self._terms,
            shelf=self._chart.shelf,
        )

    def records(self, kind: str) -> Iterator[_Record]:
        """The readable records of the product; those that were never meant, and requests not to give it, are none."""
        for resource in self._chart.of(kind):
            medication = self._chart.medication(resource)
            product = self._product(medication)
            status = code_of(resource.get("status"))
            if product is None or status in _NO_SIGN or flag(resource, "doNotPerform") is True:
                continue
            if self._chart.sound(resource):
                days = _days(resource)
                yield _Record(resource, product, self._evidence(resource, medication, days), status, days)

    def _evidence(self, resource: Json, medication: Medication, days: Span | None) -> Evidence:
        kind, own = resource["resourceType"], self._chart.reference(resource)
        path = medication.path if medication.path.startswith(f"{kind}.") else f"{kind}.medicationReference"
        said = f"{label(medication.concept)}, {code_of(resource.get('status')) or 'without a status'}"
        return Evidence(own, path, said, days.first.isoformat() if days and days.first == days.last else None)


def _days(resource: Json) -> Span | None:
    """The days of authoredOn, of whenHandedOver else whenPrepared, of the effective start else dateAsserted."""
    period = child(resource, "effectivePeriod")
    named = ("authoredOn", "whenHandedOver", "whenPrepared", "effectiveDateTime")
    whens = (*(text(resource, name) for name in named), text(period, "start"), text(resource, "dateAsserted"))
    return next((found for found in map(span, whens) if found), None)


def _supplies(handed: list[_Record], on: date, coverage: Coverage | None) -> Iterator[Supply]:
    for record in handed:
        if record.days:
            covered = coverage.in_force_on(record.days) if coverage else None
            yield Supply("dispense", settle(record.days, on), covered, record.evidence)


def _uncounted(dispensed: list[_Record]) -> Iterator[str]:
    for record in dispensed:
        if record.status not in _SUPPLIED:
            yield f"{record.evidence.reference} is no supply: its status is {record.status or 'not on record'}"
        elif record.days is None:
            yield f"{record.evidence.reference} does not say when it was handed over"


def _therapy(record: _Record, on: date, body: BodySurface | None) -> Therapy | None:
    """An active or completed request or statement; one whose effective period is over is completed, whatever its
    status, and a proposal is no order."""
    if record.status not in ("active", "completed") or code_of(record.resource.get("intent")) in _NO_ORDER:
        return None
    end = span(text(child(record.resource, "effectivePeriod"), "end"))
    active = record.status == "active" and not (end and end.last < on)
    element = _DOSAGE[record.resource["resourceType"]]
    dose = read_dose(
        items(record.resource, element),
        product=record.product,
        body=body,
        reference=record.evidence.reference,
        path=f"{record.resource['resourceType']}.{element}",
    )
    first = record.days.first if record.days else None
    return Therapy(active, not active, first, record.evidence, dose)
