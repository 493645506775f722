"""One order of a chart read whole: each fact in its place, and what could not be read."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from service import plans as operator
from service.case import Case, CouldNotAsk, Had, Product
from service.fhir.chart import Chart
from service.fhir.reading import Record, read_alarms, read_case, read_product, read_record
from service.policy.library import load as policies
from service.questions import Questions
from service.terminology import load
from tests.fhir.members import SOPT, coverage, typed
from tests.fhir.synthetic import ATC, ICD, JSON, LOINC, NUCC, ON, RXNORM, UCUM, chart_of, coded, status

QUESTIONS: Questions = policies().revision("CP.PHAR.134").questions
TERMS = load()
SUBJECT = {"reference": "Patient/pat-1"}
JYLAMVO = coded(RXNORM, "2671462", "Jylamvo 2 mg/mL oral solution")
GENERIC = coded(RXNORM, "1946772", "Methotrexate 25 mg/mL injectable solution")
ORDER: JSON = {
    "resourceType": "MedicationRequest",
    "id": "order-1",
    "status": "draft",
    "intent": "order",
    "subject": SUBJECT,
    "medicationCodeableConcept": JYLAMVO,
    "requester": {"reference": "Practitioner/dr-1"},
    "reasonCode": [coded(ICD, "M06.9", "Rheumatoid arthritis")],
    "dosageInstruction": [
        {
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
            "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg/m2", "system": UCUM, "code": "mg/m2"}}],
        }
    ],
    "dispenseRequest": {"expectedSupplyDuration": {"value": 28, "unit": "days", "system": UCUM, "code": "d"}},
}


def of(kind: str, identity: str, **elements: Any) -> JSON:
    return {"resourceType": kind, "id": identity, "subject": SUBJECT, **elements}


def area(square_metres: str, on: str, identity: str = "bsa") -> JSON:
    quantity = {"value": Decimal(square_metres), "unit": "m2", "system": UCUM, "code": "m2"}
    measured = {"code": coded(LOINC, "8277-6"), "effectiveDateTime": on, "valueQuantity": quantity}
    return of("Observation", identity, status="final", **measured)


PATIENT: JSON = {"resourceType": "Patient", "id": "pat-1", "birthDate": "1970-06-01"}
DOCTOR: JSON = {
    "resourceType": "Practitioner",
    "id": "dr-1",
    "qualification": [{"code": coded(NUCC, "207RR0500X", "Rheumatology")}],
}
CHART = (
    PATIENT,
    DOCTOR,
    area("1.5", "2026-03-01"),
    of("Condition", "dysphagia", code=coded(ICD, "R13.10", "Dysphagia"), clinicalStatus=status("active")),
    {
        "resourceType": "AllergyIntolerance",
        "id": "mtx",
        "patient": SUBJECT,
        "clinicalStatus": status("active"),
        "code": coded(RXNORM, "6851", "Methotrexate"),
    },
    of(
        "MedicationStatement",
        "past",
        status="stopped",
        medicationCodeableConcept=GENERIC,
        statusReason=[{"text": "Nausea, not tolerated"}],
        effectivePeriod={"start": "2025-01-01", "end": "2025-06-01"},
    ),
    of(
        "MedicationStatement", "now", status="active", medicationCodeableConcept=JYLAMVO, effectiveDateTime="2026-01-05"
    ),
    of("MedicationRequest", "beside", status="active", medicationCodeableConcept=coded(ATC, "L01CA02", "Vincristine")),
    coverage("cov", beneficiary=SUBJECT, type=typed((SOPT, "2"))),
)


def chart(*resources: JSON, **parts: Any) -> Chart:
    return chart_of(*(resources or CHART), drafts=(ORDER,), **parts)


def record(found: Chart, on: date = ON, questions: Questions = QUESTIONS, plans: str = "") -> Record:
    return read_record(found, on=on, questions=questions, terms=TERMS, plans=operator.parse(plans))


def product(found: Chart, order: JSON = ORDER) -> Product:
    named = read_product(order, found, QUESTIONS, TERMS)
    assert named is not None
    return named


def read(found: Chart, on: date = ON, questions: Questions = QUESTIONS) -> Case:
    named = product(found)
    return read_case(ORDER, named, found, record(found, on, questions), questions=questions, terms=TERMS)


def test_the_orders_own_facts_are_read_off_the_order() -> None:
    case = read(chart())
    assert (case.order, case.evaluated_on, case.patient) == ("MedicationRequest/order-1", ON, "pat-1")
    assert (case.product.id, case.product.evidence[0].reference) == ("jylamvo", "MedicationRequest/order-1")
    assert case.product.evidence[0].path == "MedicationRequest.medicationCodeableConcept"
    assert [d.indication for d in case.diagnoses.candidates] == ["rheumatoid-arthritis"]
    assert [s.concept for s in case.prescriber.specialties] == ["rheumatology"]
    assert case.requested is not None
    assert case.requested.days == 28


def test_the_dose_is_read_with_the_charts_body_surface_and_its_place() -> None:
    case = read(chart())
    assert case.body is not None
    assert case.body.area == Fraction("1.5")
    assert (case.dose.weekly("mg/m2"), case.dose.weekly("mg", case.body.area)) == (10, 15)
    assert {e.reference for e in case.dose.evidence} == {"MedicationRequest/order-1"}
    assert all(e.path.startswith("MedicationRequest.dosageInstruction") for e in case.dose.evidence)


def test_the_patients_facts_are_read_off_the_chart() -> None:
    case = read(chart())
    assert case.age is not None
    assert (case.age.least, case.age.most) == (55, 55)
    assert [e.reference for e in case.conditions["unable-to-swallow-pills"]] == ["Condition/dysphagia"]
    assert [a.evidence.reference for a in case.allergies] == ["AllergyIntolerance/mtx"]
    (trial,) = case.trials["generic-methotrexate-injection"].tried
    assert (trial.failed, trial.evidence.reference) == (True, "MedicationStatement/past")
    assert [e.reference for e in case.companions.found] == ["MedicationRequest/beside"]
    assert case.companions.listed == Had()
    assert {e.reference for e in case.history.signs} == {"MedicationStatement/now"}
    assert case.membership.line == "medicaid"


def test_the_day_of_the_order_decides_ages_and_windows() -> None:
    early = read(chart(), on=date(2025, 3, 10))
    assert early.age is not None
    assert (early.age.least, early.evaluated_on, early.body) == (54, date(2025, 3, 10), None)
    assert read(chart(area("1.5", "2025-03-10"), PATIENT)).body is not None
    old = read(chart(area("1.5", "2025-03-09"), PATIENT))
    assert old.body is None
    assert old.body_remarks


def test_the_window_of_measurements_is_the_policys() -> None:
    shorter = replace(QUESTIONS, measured_within_days=8)
    assert read(chart(), questions=shorter).body is None
    assert read(chart(), questions=replace(QUESTIONS, measured_within_days=9)).body is not None


@pytest.mark.parametrize(("within", "pregnant"), [(280, True), (30, False)])
def test_the_days_of_a_state_are_the_policys(within: int, pregnant: bool) -> None:
    seen = of(
        "Observation",
        "pregnancy",
        status="final",
        code=coded(LOINC, "82810-3"),
        effectiveDateTime="2026-01-10",
        valueCodeableConcept=coded("http://snomed.info/sct", "77386006", "Pregnant"),
    )
    asked = replace(QUESTIONS, state_observations={"pregnancy": within})
    assert bool(read(chart(PATIENT, seen), questions=asked).conditions.get("pregnancy")) is pregnant


def test_answers_to_the_policys_questionnaire_are_attestations() -> None:
    answered = of(
        "QuestionnaireResponse",
        "qr",
        status="completed",
        authored="2026-03-09",
        item=[{"linkId": "I.B.6", "answer": [{"valueBoolean": True}]}],
    )
    case = read(chart(PATIENT, answered))
    assert case.attestations["I.B.6"].yes is True
    other = {**answered, "questionnaire": "https://example.org/Questionnaire/another"}
    assert read(chart(PATIENT, other)).attestations == {}


def test_a_coverage_and_what_is_said_of_the_choice_are_told() -> None:
    found = chart(PATIENT, coverage("old", "2020-01-01", "2020-12-31", beneficiary=SUBJECT))
    case = read(found)
    assert record(found).coverage is None
    assert case.membership.line is None
    assert case.remarks == ("Coverage/old had ended", "No Coverage is known to be in force on 2026-03-10")
    chosen = record(chart()).coverage
    assert chosen is not None
    assert chosen.reference == "Coverage/cov"


def test_a_record_leaves_the_order_open() -> None:
    facts = record(chart()).facts
    assert (facts.order, facts.product.id, facts.product.candidates, facts.dose.steps) == ("", None, (), ())
    assert (record(chart()).on, facts.evaluated_on) == (ON, ON)


def test_what_another_patient_owns_is_said_once_and_not_read() -> None:
    foreign = {**CHART[3], "subject": {"reference": "Patient/other"}}
    case = read(chart(PATIENT, foreign))
    assert case.conditions.get("unable-to-swallow-pills", ()) == ()
    said = [r for r in case.remarks if "Another patient's Condition" in r]
    assert len(said) == 1
    assert "Condition/dysphagia" not in repr(case.remarks)


def test_lists_that_could_not_be_had_are_named_by_their_type() -> None:
    down: dict[str, Any] = {"MedicationStatement": CouldNotAsk("down"), "Condition": Had(complete=False)}
    case = read(chart(answers=down))
    assert "MedicationStatement: down" in case.unread
    assert "Condition: further pages could not be read" in case.unread
    assert not any(line.startswith(("Patient", "Observation", "MedicationRequest")) for line in case.unread)


def test_an_unread_patient_is_not_among_the_lists() -> None:
    case = read(chart(PATIENT, answers={"Patient": CouldNotAsk("down")}))
    assert not any(line.startswith("Patient") for line in case.unread)


def test_what_was_set_aside_is_named_once_after_the_lists() -> None:
    odd = {**CHART[3], "modifierExtension": [{"url": "https://example.org/x", "valueBoolean": True}]}
    case = read(chart(PATIENT, odd))
    assert [line for line in case.unread if "Condition/dysphagia" in line] == [case.unread[-1]]


def test_another_drug_is_no_product() -> None:
    other = {**ORDER, "medicationCodeableConcept": coded(RXNORM, "7980", "Penicillin")}
    assert read_product(other, chart(), QUESTIONS, TERMS) is None


def test_a_generic_is_looked_at_for_its_dose_and_allergies_alone() -> None:
    order = {**ORDER, "medicationCodeableConcept": GENERIC}
    found = chart()
    case = read_alarms(order, product(found, order), found, on=ON, questions=QUESTIONS, terms=TERMS)
    assert (case.order, case.evaluated_on) == ("MedicationRequest/order-1", ON)
    assert (case.product.id, case.product.candidates) == (None, ())
    assert (case.dose.weekly("mg/m2"), case.dose.evidence[0].reference) == (10, "MedicationRequest/order-1")
    assert [a.evidence.reference for a in case.allergies] == ["AllergyIntolerance/mtx"]
    assert (case.conditions, case.age, case.attestations) == ({}, None, {})


def dosed(amount: JSON, medication: JSON = JYLAMVO) -> JSON:
    once_weekly = {"timing": ORDER["dosageInstruction"][0]["timing"], "doseAndRate": [amount]}
    return {**ORDER, "medicationCodeableConcept": medication, "dosageInstruction": [once_weekly]}


def test_millilitres_are_read_by_the_products_concentration() -> None:
    millilitres = {"doseQuantity": {"value": 5, "unit": "mL", "system": UCUM, "code": "mL"}}
    found = chart()
    order = dosed(millilitres)
    case = read_case(order, product(found, order), found, record(found), questions=QUESTIONS, terms=TERMS)
    assert case.dose.weekly("mg") == 10
    generic = dosed(millilitres, GENERIC)
    alarms = read_alarms(generic, product(found, generic), found, on=ON, questions=QUESTIONS, terms=TERMS)
    assert alarms.dose.weekly("mg") == 125


@pytest.mark.parametrize(("square_metres", "known"), [("1.5", True), ("1", False)])
def test_a_dose_ordered_and_calculated_is_weighed_by_the_charts_body_surface(square_metres: str, known: bool) -> None:
    def typed(code: str, value: int, unit: str) -> JSON:
        quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
        return {"type": coded("http://terminology.hl7.org/CodeSystem/dose-rate-type", code), "doseQuantity": quantity}

    once_weekly = ORDER["dosageInstruction"][0]["timing"]
    both = [typed("ordered", 10, "mg/m2"), typed("calculated", 15, "mg")]
    order = {**ORDER, "dosageInstruction": [{"timing": once_weekly, "doseAndRate": both}]}
    found = chart(PATIENT, area(square_metres, "2026-03-01"))
    case = read_case(order, product(found, order), found, record(found), questions=QUESTIONS, terms=TERMS)
    assert bool(case.dose.steps) is known


def test_a_condition_that_does_not_count_is_named_for_what_it_would_be() -> None:
    over = {**CHART[3], "clinicalStatus": status("resolved")}
    case = read(chart(PATIENT, over))
    assert case.conditions.get("unable-to-swallow-pills", ()) == ()
    assert any("Condition/dysphagia" in r for r in case.condition_remarks["unable-to-swallow-pills"])


@pytest.mark.parametrize(("day", "renewal"), [("2026-03-09", None), ("2026-03-10", date(2026, 3, 10))])
def test_the_operators_renewal_date_is_told_unless_it_is_past(day: str, renewal: date | None) -> None:
    plans = f'[[plan]]\npayor = "Health plan"\nrenewal = {day}\n'
    assert record(chart(), plans=plans).facts.membership.renewal == renewal


def test_a_questionnaire_of_the_policys_revision_counts_and_no_other() -> None:
    def answered(canonical: str) -> Case:
        response = of(
            "QuestionnaireResponse",
            "qr",
            status="completed",
            authored="2026-03-09",
            questionnaire=canonical,
            item=[{"linkId": "I.B.6", "answer": [{"valueBoolean": True}]}],
        )
        return read(chart(PATIENT, response))

    own = "urn:countersign:questionnaire:CP.PHAR.134"
    assert [set(answered(f"{own}{v}").attestations) for v in ("", "|2025-11")] == [{"I.B.6"}, {"I.B.6"}]
    assert answered(f"{own}|2024-11").attestations == {}
    assert answered("urn:countersign:questionnaire:CP.PHAR.1").attestations == {}


def test_the_day_decides_what_has_ended() -> None:
    gone = of("Condition", "pso", code=coded(ICD, "L40.0", "Psoriasis"), abatementDateTime="2026-03-10")
    bare = {**ORDER, "reasonCode": []}
    found = chart(PATIENT, gone)
    told = {}
    for on in (date(2026, 3, 9), ON):
        case = read_case(bare, product(found), found, record(found, on), questions=QUESTIONS, terms=TERMS)
        told[on.day] = [d.indication for d in case.diagnoses.candidates]
    assert told == {9: ["psoriasis"], 10: []}
    ended = {**DOCTOR, "qualification": [{**DOCTOR["qualification"][0], "period": {"end": "2026-03-09"}}]}
    held = {day: read(chart(PATIENT, ended), on=date(2026, 3, day)).prescriber.specialties for day in (9, 10)}
    assert [bool(specialties) for specialties in held.values()] == [True, False]


def test_a_supply_is_weighed_by_the_coverage_in_force() -> None:
    handed = of(
        "MedicationDispense",
        "d",
        status="completed",
        medicationCodeableConcept=JYLAMVO,
        whenHandedOver="2026-02-01",
    )
    for start, covered in (("2026-02-01", True), ("2026-02-02", False)):
        found = chart(PATIENT, handed, coverage("cov", start, beneficiary=SUBJECT))
        (supplied,) = read(found).history.supplies
        assert (supplied.covered, supplied.on) == (covered, date(2026, 2, 1))
    partial = {**handed, "whenHandedOver": "2026-03"}
    (supplied,) = read(chart(PATIENT, partial), on=date(2026, 3, 10)).history.supplies
    assert supplied.on > date(2026, 2, 28)
