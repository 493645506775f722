"""One order of a chart read into a `Case`: every fact that the policy's questions ask for, each with its source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from service.case import Case, Product
from service.dose import BodySurface, Dose
from service.fhir.attestations import Responses, read_responses
from service.fhir.body import read_body
from service.fhir.chart import Chart
from service.fhir.companions import medication_of, read_companions
from service.fhir.conditions import read_allergies, read_conditions
from service.fhir.coverage import Coverage, choose_coverage, read_membership, read_requested
from service.fhir.diagnosis import Reader, read_diagnoses
from service.fhir.dosage import read_dose
from service.fhir.elements import Json, items
from service.fhir.history import read_history
from service.fhir.medicine import recognise
from service.fhir.person import read_age, read_prescriber
from service.fhir.trials import read_trials
from service.plans import Plans
from service.questions import Questions
from service.terminology import Terminology

_ALLERGIES = ("AllergyIntolerance",)
_SAFETY = (*_ALLERGIES, "Condition", "Observation")  # what alerts look at (reading, section 12)
_DOSAGE = "MedicationRequest.dosageInstruction"


@dataclass(frozen=True, slots=True)
class Record:
    """What a chart says on a day, whatever is ordered: read once, shared by the orders of a request."""

    on: date
    facts: Case
    coverage: Coverage | None
    diagnoses: Reader
    responses: Responses


def read_product(
    order: Json, chart: Chart, questions: Questions, terms: Terminology, *, by_name: bool = False
) -> Product | None:
    """The order's drug, where it is the policy's drug. `by_name`: a medication that could not be had goes by the words
    of the reference to it, which is enough for an alarm, and for nothing else."""
    medication = medication_of(order, chart) if by_name else chart.medication(order)
    return recognise(
        medication.concept,
        reference=medication.reference,
        path=medication.path,
        questions=questions,
        terms=terms,
        shelf=chart.shelf,
    )


def read_record(chart: Chart, *, on: date, questions: Questions, terms: Terminology, plans: Plans) -> Record:
    """The facts of the patient and the coverage, and what was attested; the order's own are left open."""
    body, body_remarks = read_body(chart, on, questions.measured_within_days, terms)
    coverage, coverage_remarks = choose_coverage(chart, on)
    states = questions.state_observations
    conditions, condition_remarks = read_conditions(chart, questions.conditions, terms, on, states)
    facts = Case(
        order="",
        evaluated_on=on,
        product=Product(None, (), "", ()),
        dose=Dose(),
        patient=chart.patient_id,
        body=body,
        body_remarks=body_remarks,
        age=read_age(chart, on),
        trials=read_trials(chart, questions, terms, on),
        conditions=conditions,
        condition_remarks=condition_remarks,
        membership=read_membership(chart, coverage, on=on, plans=plans, terms=terms),
        allergies=read_allergies(chart, questions, terms),
        remarks=coverage_remarks,
    )
    return Record(on, facts, coverage, Reader(chart, on, questions, terms), read_responses(chart, questions))


def read_case(
    order: Json, product: Product, chart: Chart, record: Record, *, questions: Questions, terms: Terminology
) -> Case:
    """The whole case of an order of one of the policy's products (or of one that its codings leave open)."""
    on, body = record.on, record.facts.body
    dose = _dose(order, product, body, chart)
    attested = record.responses.of(order, dose, product.id, chart)
    case = replace(
        record.facts,
        order=chart.reference(order),
        product=product,
        dose=dose,
        diagnoses=read_diagnoses(order, chart, on=on, questions=questions, terms=terms, reader=record.diagnoses),
        prescriber=read_prescriber(order, chart, terms, questions.specialties, on),
        companions=read_companions(order, chart, questions, terms),
        history=read_history(
            product.id, chart, on=on, coverage=record.coverage, body=body, questions=questions, terms=terms
        ),
        requested=read_requested(order),
        attestations=attested.by_link,
        attested_for=attested.by_use,
    )
    aside = tuple(dict.fromkeys(chart.foreign))
    return replace(
        case, remarks=(*case.remarks, *aside), unread=_unread(chart, questions), unchecked=chart.unchecked(_SAFETY)
    )


def read_alarms(
    order: Json, product: Product, chart: Chart, *, on: date, questions: Questions, terms: Terminology
) -> Case:
    """What safety looks at on an order of the drug that is none of the products (reading, section 12)."""
    return Case(
        order=chart.reference(order),
        evaluated_on=on,
        product=product,
        dose=_dose(order, product, None, chart),
        allergies=read_allergies(chart, questions, terms),
        unchecked=chart.unchecked(_ALLERGIES),
    )


def _dose(order: Json, product: Product, body: BodySurface | None, chart: Chart) -> Dose:
    instructions, reference = items(order, "dosageInstruction"), chart.reference(order)
    return read_dose(instructions, product=product, body=body, reference=reference, path=_DOSAGE)


def _unread(chart: Chart, questions: Questions) -> tuple[str, ...]:
    """The lists that could not be had, or not whole (not reachable is not the same as not documented), and what was
    set aside."""
    lacking = ((kind, chart.lacking(kind)) for kind in questions.resources if kind != "Patient")
    return (*(f"{kind}: {why}" for kind, why in lacking if why), *chart.failures(), *dict.fromkeys(chart.unread))
