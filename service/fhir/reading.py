"""One order of a chart read into a `Case`: every fact that the policy's questions ask for, each with its source."""

from __future__ import annotations

from datetime import date

from service.case import Case, Product, Questions
from service.fhir.attestations import read_attestations
from service.fhir.body import read_body
from service.fhir.chart import Chart
from service.fhir.companions import read_companions
from service.fhir.conditions import read_allergies, read_conditions
from service.fhir.coverage import choose_coverage, read_membership, read_requested
from service.fhir.diagnosis import read_diagnoses
from service.fhir.dosage import read_dose
from service.fhir.elements import Json, items
from service.fhir.history import read_history
from service.fhir.medicine import recognise
from service.fhir.person import read_age, read_prescriber
from service.fhir.trials import read_trials
from service.plans import Plans
from service.terminology import Terminology

_DOSAGE = "MedicationRequest.dosageInstruction"


def read_product(order: Json, chart: Chart, questions: Questions, terms: Terminology) -> Product | None:
    """The order's drug, where it is the policy's drug."""
    medication = chart.medication(order)
    return recognise(
        medication.concept, reference=medication.reference, path=medication.path, questions=questions, terms=terms
    )


def read_case(
    order: Json,
    product: Product,
    chart: Chart,
    *,
    on: date,
    questions: Questions,
    terms: Terminology,
    plans: Plans,
) -> Case:
    """The whole case of an order of one of the policy's products (or of one that its codings leave open)."""
    body, body_remarks = read_body(chart, on, questions.measured_within_days, terms)
    coverage, coverage_remarks = choose_coverage(chart, on)
    conditions, condition_remarks = read_conditions(
        chart, questions.conditions, terms, on, questions.state_observations
    )
    reference = chart.reference(order)
    instructions = items(order, "dosageInstruction")
    history = read_history(product.id, chart, on=on, coverage=coverage, body=body, questions=questions, terms=terms)
    return Case(
        order=reference,
        evaluated_on=on,
        product=product,
        dose=read_dose(instructions, product=product, body=body, reference=reference, path=_DOSAGE),
        patient=chart.patient_id,
        body=body,
        body_remarks=body_remarks,
        diagnoses=read_diagnoses(order, chart, on=on, questions=questions, terms=terms),
        age=read_age(chart, on),
        prescriber=read_prescriber(order, chart, terms, questions.specialties, on),
        trials=read_trials(chart, questions, terms, on),
        conditions=conditions,
        condition_remarks=condition_remarks,
        companions=read_companions(order, chart, questions, terms),
        history=history,
        membership=read_membership(chart, coverage, on=on, plans=plans, terms=terms),
        requested=read_requested(order),
        allergies=read_allergies(chart, questions, terms),
        attestations=read_attestations(chart, questions.policy, questions.version),
        remarks=(*coverage_remarks, *dict.fromkeys(chart.foreign)),
        unread=(*_unasked(chart, questions), *dict.fromkeys(chart.unread)),
    )


def read_alarms(
    order: Json, product: Product, chart: Chart, *, on: date, questions: Questions, terms: Terminology
) -> Case:
    """What safety looks at on an order of the drug that is none of the products (reading, section 12)."""
    reference = chart.reference(order)
    instructions = items(order, "dosageInstruction")
    return Case(
        order=reference,
        evaluated_on=on,
        product=product,
        dose=read_dose(instructions, product=product, body=None, reference=reference, path=_DOSAGE),
        allergies=read_allergies(chart, questions, terms),
    )


def _unasked(chart: Chart, questions: Questions) -> tuple[str, ...]:
    """The lists that could not be had, or not whole: not reachable is not the same as not documented."""
    lacking = ((kind, chart.lacking(kind)) for kind in questions.resources if kind != "Patient")
    return tuple(f"{kind}: {why}" for kind, why in lacking if why)
