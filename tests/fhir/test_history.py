"""A product's past in the chart: signs, supplies, therapies and starts."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from service.case import History
from service.fhir.coverage import choose_coverage
from service.fhir.history import read_history
from service.terminology import load
from tests.fhir.anything import resources
from tests.fhir.members import coverage
from tests.fhir.synthetic import JSON, ON, QUESTIONS, RXNORM, chart_of, coded

XATMEP = coded(RXNORM, "1921598", "Xatmep 2.5 mg/mL oral solution")
JYLAMVO = coded(RXNORM, "2671462", "Jylamvo 2 mg/mL oral solution")
SIG = {
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
    "doseAndRate": [{"doseQuantity": {"value": 15, "unit": "mg", "code": "mg"}}],
}


def record(kind: str, identity: str = "a", **more: Any) -> JSON:
    held = {"medicationCodeableConcept": XATMEP, "subject": {"reference": "Patient/pat-1"}}
    return {"resourceType": kind, "id": identity, **held, **more}


def request(**more: Any) -> JSON:
    return record("MedicationRequest", **{"status": "active", "intent": "order", "authoredOn": "2025-09-01", **more})


def statement(**more: Any) -> JSON:
    return record("MedicationStatement", **{"status": "active", "effectivePeriod": {"start": "2025-09-01"}, **more})


def dispense(**more: Any) -> JSON:
    return record("MedicationDispense", **{"status": "completed", "whenHandedOver": "2026-02-10", **more})


def read(*listed: JSON, product: str | None = "xatmep", drafts: tuple[JSON, ...] = ()) -> History:
    chart = chart_of(*listed, drafts=drafts)
    chosen, _ = choose_coverage(chart, ON)
    return read_history(product, chart, on=ON, coverage=chosen, body=None, questions=QUESTIONS, terms=load())


def test_an_open_product_has_no_history() -> None:
    assert read(request(), dispense(), product=None) == History()


def test_another_product_and_another_drug_leave_no_trace() -> None:
    assert read(request(medicationCodeableConcept=JYLAMVO), dispense(medicationCodeableConcept={"text": "x"})) == (
        History()
    )


@pytest.mark.parametrize("make", [request, statement, dispense])
def test_each_record_of_the_product_is_a_sign_of_it(make: Any) -> None:
    kind = make()["resourceType"]
    found = read(make())
    assert [sign.reference for sign in found.signs] == [f"{kind}/a"]
    assert found.signs[0].path == f"{kind}.medicationCodeableConcept"
    assert found.signs[0].text.startswith("Xatmep 2.5 mg/mL oral solution (1921598), ")


@pytest.mark.parametrize("make", [request, statement, dispense])
@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "draft"])
def test_what_was_never_meant_is_no_sign(make: Any, status: str) -> None:
    assert read(make(status=status)) == History()


def test_a_request_not_to_give_it_is_no_sign() -> None:
    assert read(request(doNotPerform=True)) == History()


def test_a_draft_order_is_no_sign_in_the_draft_bundle_nor_in_the_chart() -> None:
    order = request(status="draft")
    assert read(drafts=(order,)) == read(request(), drafts=(order,)) == History()


def test_another_patients_record_is_no_sign() -> None:
    assert read(dispense(subject={"reference": "Patient/pat-2"})) == History()


def test_a_referenced_medication_is_read_and_the_record_is_the_evidence() -> None:
    medicine = {"resourceType": "Medication", "id": "m", "code": XATMEP}
    found = read(dispense(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"}), medicine)
    assert [(sign.reference, sign.path) for sign in found.signs] == [
        ("MedicationDispense/a", "MedicationDispense.medicationReference")
    ]


# Supplies.


@pytest.mark.parametrize("status", ["completed", "in-progress"])
def test_a_dispense_is_a_supply_by_the_day_it_was_handed_over(status: str) -> None:
    found = read(coverage(), dispense(status=status, whenPrepared="2026-01-01"))
    assert [(s.kind, s.on, s.covered) for s in found.supplies] == [("dispense", date(2026, 2, 10), True)]
    assert found.supplies[0].evidence.date == "2026-02-10"


def test_a_dispense_that_was_not_handed_over_counts_by_the_day_it_was_prepared() -> None:
    found = read(dispense(whenHandedOver=None, whenPrepared="2026-01-01"))
    assert [s.on for s in found.supplies] == [date(2026, 1, 1)]


@pytest.mark.parametrize("status", ["preparation", "on-hold", "stopped", "declined", "unknown", None])
def test_a_dispense_of_another_status_is_a_sign_only(status: str | None) -> None:
    found = read(dispense(status=status))
    assert (len(found.signs), found.supplies, found.starts) == (1, (), ())
    assert found.remarks == (f"MedicationDispense/a is no supply: its status is {status or 'not on record'}",)


def test_a_dispense_without_a_date_is_a_sign_only() -> None:
    found = read(dispense(whenHandedOver=None))
    assert (len(found.signs), found.supplies, found.starts) == (1, (), ())
    assert found.remarks == ("MedicationDispense/a does not say when it was handed over",)


def test_supplies_of_every_date_are_given_for_the_policy_to_choose() -> None:
    days = ["2020-01-01", "2026-03-10", "2026-03-11"]
    found = read(*(dispense(identity=day, whenHandedOver=day) for day in days))
    assert [s.on.isoformat() for s in found.supplies] == days


@pytest.mark.parametrize(
    ("start", "covered"), [("2026-02-09", True), ("2026-02-10", True), ("2026-02-11", False), ("2026-02", None)]
)
def test_a_dispense_is_covered_from_the_start_of_the_coverage(start: str, covered: bool | None) -> None:
    assert [s.covered for s in read(coverage(start=start), dispense()).supplies] == [covered]


def test_without_a_coverage_or_its_start_it_is_not_known_what_covered_a_dispense() -> None:
    assert [s.covered for s in read(dispense()).supplies] == [None]
    assert [s.covered for s in read(coverage(start=None), dispense()).supplies] == [None]


def test_a_paid_claim_of_the_product_is_a_supply() -> None:
    item = {"sequence": 1, "productOrService": XATMEP, "servicedDate": "2026-02-10"}
    held = {"use": "claim", "status": "active", "outcome": "complete", "item": [item]}
    found = read({"resourceType": "ExplanationOfBenefit", "id": "e", **held})
    assert [(s.kind, s.on) for s in found.supplies] == [("claim", date(2026, 2, 10))]
    assert [sign.reference for sign in found.signs] == ["ExplanationOfBenefit/e"]
    other = {**item, "productOrService": JYLAMVO}
    assert read({"resourceType": "ExplanationOfBenefit", "id": "e", **held, "item": [other]}) == History()


# Therapies and starts.


@pytest.mark.parametrize("make", [request, statement])
def test_active_and_completed_records_are_therapies_and_only_active_ones_starts(make: Any) -> None:
    active, completed = read(make()), read(make(status="completed"))
    assert [(t.active, t.completed) for t in active.therapies] == [(True, False)]
    assert [(t.active, t.completed) for t in completed.therapies] == [(False, True)]
    assert (len(active.starts), len(completed.starts)) == (1, 0)


@pytest.mark.parametrize(
    "taken",
    [
        *(request(status=status) for status in ("stopped", "on-hold", "unknown")),
        *(statement(status=status) for status in ("stopped", "on-hold", "not-taken", "intended", "unknown", None)),
    ],
)
def test_what_was_given_up_or_never_begun_is_a_sign_and_no_therapy(taken: JSON) -> None:
    found = read(taken)
    assert (len(found.signs), found.therapies, found.starts) == (1, (), ())


def test_the_dose_of_a_therapy_is_read_as_an_orders_is() -> None:
    for taken in (request(dosageInstruction=[SIG]), statement(dosage=[SIG])):
        assert read(taken).therapies[0].dose.weekly("mg") == Fraction(15)


@pytest.mark.parametrize(
    ("taken", "on"),
    [
        (request(), date(2025, 9, 1)),
        (request(authoredOn=None), None),
        (request(authoredOn="2025-09-01T10:00:00Z"), date(2025, 9, 1)),
        (statement(), date(2025, 9, 1)),
        (statement(effectivePeriod=None, effectiveDateTime="2025-08-01"), date(2025, 8, 1)),
        (statement(effectivePeriod=None, dateAsserted="2025-07-01"), date(2025, 7, 1)),
        (statement(dateAsserted="2025-07-01"), date(2025, 9, 1)),
        (statement(effectivePeriod={"start": "2025"}), date(2025, 1, 1)),
        (statement(effectivePeriod={"end": "2026-12-31"}), None),
    ],
)
def test_a_therapy_is_dated_by_its_order_its_effective_start_or_its_assertion(taken: JSON, on: date | None) -> None:
    assert [t.on for t in read(taken).therapies] == [on]


@pytest.mark.parametrize(("end", "active"), [("2026-03-09", False), ("2026-03-10", True), ("2026", True)])
def test_a_statement_whose_period_is_over_is_completed_and_starts_nothing(end: str, active: bool) -> None:
    found = read(statement(effectivePeriod={"start": "2025-09-01", "end": end}))
    assert [(t.active, t.completed) for t in found.therapies] == [(active, not active)]
    assert len(found.starts) == active


@pytest.mark.parametrize("intent", ["proposal", "option"])
def test_a_proposal_is_a_sign_and_no_therapy(intent: str) -> None:
    found = read(request(intent=intent))
    assert (len(found.signs), found.therapies, found.starts) == (1, (), ())


def test_starts_are_dispenses_and_what_is_active_by_the_last_day_of_a_partial_date() -> None:
    found = read(
        dispense(identity="d", whenHandedOver="2025-12"),
        request(identity="r"),
        statement(identity="s", effectivePeriod={"start": "2025"}),
        statement(identity="c", status="completed"),
        request(identity="u", authoredOn=None),
    )
    assert [(day.isoformat(), evidence.reference) for day, evidence in found.starts] == [
        ("2025-12-31", "MedicationDispense/d"),
        ("2025-09-01", "MedicationRequest/r"),
        ("2025-12-31", "MedicationStatement/s"),
    ]


def test_a_request_that_the_models_refuse_is_set_aside_whole() -> None:
    assert read(request(statusReason="none")) == History()


@given(
    resources(
        "MedicationStatement",
        "id status effectivePeriod effectiveDateTime dateAsserted start end dosage timing repeat doseAndRate text "
        "medicationReference reference intent contained",
        "active completed 2026-01 2026-02-10 #a Medication/m",
    )
)
def test_any_json_never_raises(resource: JSON) -> None:
    known = {**resource, "medicationCodeableConcept": XATMEP}
    records: list[JSON] = [
        {**record_, "status": status, "resourceType": kind}
        for record_ in (resource, known)
        for kind in ("MedicationRequest", "MedicationStatement", "MedicationDispense")
        for status in ("active", "completed")
    ]
    assert all(sign.reference for sign in read(coverage(), *records).signs)
