"""The medication and the dose of each order."""

from typing import Any

import pytest

from service.fhir.order import skipped
from tests.doctor.desk import JSON, note, notes, order_of, request


def dosed(*instructions: JSON, **change: Any) -> JSON:
    body = request(change=change)
    order_of(body)["dosageInstruction"] = list(instructions)
    return body


def test_the_product_is_told_with_the_codes_that_were_sent() -> None:
    found = note(request(), "product")
    assert found.at == "MedicationRequest/order-1"
    assert found.says == "jylamvo of CP.PHAR.134 (http://www.nlm.nih.gov/research/umls/rxnorm|2671462)"


@pytest.mark.parametrize(
    ("medication", "code", "said"),
    [
        ({"codes": ["rxnorm:1441416"]}, "product-open", "otrexup or rasuvo"),
        ("generic-tablet", "product-generic", "none of its products"),
        ("lisinopril", "other-drug", "no drug of a policy (http://www.nlm.nih.gov/research/umls/rxnorm|314076)"),
        ({"text": "Murgatroyd"}, "other-drug", "no drug of a policy (no code)"),
    ],
)
def test_why_there_is_no_product_is_told(medication: Any, code: str, said: str) -> None:
    assert said in note(request(change={"medication": medication}), code).says


def test_an_order_without_a_medication_yet_is_told() -> None:
    body = request()
    del order_of(body)["medicationCodeableConcept"]
    assert note(body, "no-medication").level == "fine"


def test_a_medication_that_cannot_be_had_is_told_by_its_reference() -> None:
    body = request()
    order = order_of(body)
    del order["medicationCodeableConcept"]
    order["medicationReference"] = {"reference": "Medication/m9", "display": "Murgatroyd"}
    assert "(Medication/m9)" in note(body, "medication-lost").says
    order["medicationReference"] = {"display": "Murgatroyd"}
    assert "(no reference)" in note(body, "medication-lost").says


def test_an_order_that_cannot_be_read_is_told_by_element() -> None:
    body = request()
    order_of(body)["doNotPerform"] = "maybe"
    assert "doNotPerform" in note(body, "order-unreadable").says


def test_a_dose_that_was_read_is_told_by_the_week_with_what_was_sent() -> None:
    found = note(request(), "dose")
    assert (
        found.says == "dose read: 15 mg a week (doseQuantity 15 mg, timing.repeat frequency 1 period 1 periodUnit wk)"
    )


def test_a_dose_read_from_text_is_said_to_be_and_the_text_is_not_shown() -> None:
    found = note(dosed({"text": "Take 15 mg once weekly"}), "dose")
    assert "read from text" in found.says
    assert "text (not shown)" in found.says


WEEKLY: JSON = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}


def way(**quantity: Any) -> JSON:
    return {"doseAndRate": [{"doseQuantity": quantity}], "timing": WEEKLY}


@pytest.mark.parametrize(
    ("instructions", "said"),
    [
        ([], "there is no dosageInstruction (nothing sent)"),
        ([{}], "neither a dose nor a rate is given that can be read surely (an empty instruction)"),
        ([{"text": "As Murgatroyd likes"}], "that can be read surely (text (not shown))"),
        ([{"timing": WEEKLY}], "no dose is given"),
        ([way(value=5) | {"timing": {}}], "the unit of the dose"),
        ([way(value=5, unit="mg") | {"timing": {}}], "no rate (timing) is given"),
        ([way(value=5)], "the unit of the dose is missing or not known"),
        ([way(value=5, unit="puff", code="puff")], "the unit of the dose is missing or not known"),
        ([way(unit="mg")], "the dose has no number above zero"),
        ([way(value=0, unit="mg")], "the dose has no number above zero"),
        ([way(value=5, unit="mg", comparator="<")], "the dose has a comparator"),
        ([way(value=5, unit="mg") | {"text": "15 mg weekly"}], "text and structure say different things"),
        ([way(value=5, unit="mg") | {"modifierExtension": [{}]}], "an instruction carries a modifierExtension"),
        ([way(value=5, unit="mg") | {"sequence": "a"}], "sequence is no number"),
        ([way(value=5, unit="mg") | {"doseAndRate": "x"}], "timing or doseAndRate is not of its FHIR type"),
        ([way(value=5, unit="mg") | {"timing": {"repeat": {"frequency": 0}}}], "frequency is no number above zero"),
        ([way(value=5, unit="mg") | {"timing": {"repeat": {"dayOfWeek": ["x"]}}}], "a dayOfWeek is none of FHIR's"),
        (
            [{"doseAndRate": [{"doseRange": {"low": {"value": 5, "unit": "mg"}}}], "timing": WEEKLY}],
            "no usable high end",
        ),
    ],
)
def test_why_a_dose_was_not_read_is_told_in_machine_words(instructions: list[JSON], said: str) -> None:
    found = note(dosed(*instructions), "dose-unknown")
    assert said in found.says
    assert found.mend
    assert "Murgatroyd" not in found.says + found.mend


def test_a_dose_in_devices_needs_the_strength() -> None:
    bare = {"medication": {"codes": [], "text": "Otrexup auto-injector"}, "dosage": "", "medication_as": "concept"}
    found = note(dosed(way(value=1, unit="each"), **bare), "dose-unknown")
    assert "the unit needs a strength of the product, which is not known" in found.says


@pytest.mark.parametrize(("timing", "warned"), [("four times weekly", 0), ("five times weekly", 1), ("daily", 1)])
def test_a_daily_dose_is_pointed_at(timing: str, warned: int) -> None:
    assert len(notes(request(change={"timing": timing, "dose": "2.5 mg"}), "dose-daily")) == warned


def test_skipped_orders_are_not_looked_into() -> None:
    body = request(change={"order": {"status": "stopped"}})
    assert skipped(order_of(body))
    assert notes(body, "product") == []
