"""A proposal applied to an order: the order itself is untouched, and no shape of it is stumbled over."""

import copy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.amend import amend
from service.proposal import Medicine, Proposal, Regimen
from service.terminology import load
from tests.fhir.anything import anything

JSON = dict[str, Any]
TERMS = load()
DEVICE = Medicine("otrexup", "Otrexup 20 mg/0.4 mL auto-injector", Decimal(20), "route-subcutaneous")
SOLUTION = Medicine("jylamvo", "Jylamvo 2 mg/mL oral solution", None, "route-oral")
LOWER = Proposal("dose", "20 mg once weekly", Regimen(Decimal(20), "mg", 1, Fraction(50)), DEVICE)
WEEKLY = Proposal("weekly", "15 mg once weekly", Regimen(Decimal(15), "mg", 1))
OTHER = Proposal("product", "x", Regimen(Decimal(20), "mg", 1, Fraction(2)), SOLUTION)
ANEW = Proposal("generic", "x", Regimen(Decimal(20), "mg", 1), SOLUTION, anew=True)
NAMED = Proposal("indication", "x", reason="Condition/ra")
EVERY = (LOWER, WEEKLY, OTHER, ANEW, NAMED)

ORDER: JSON = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "meta": {"versionId": "7"},
    "status": "draft",
    "intent": "order",
    "identifier": [{"value": "n-1"}],
    "extension": [{"url": "https://ehr.example/x", "valueDecimal": Decimal("1.2300")}],
    "subject": {"reference": "Patient/p"},
    "note": [{"text": "kept"}],
    "medicationReference": {"reference": "#drug"},
    "contained": [
        {"resourceType": "Medication", "id": "drug", "manufacturer": {"reference": "#maker"}},
        {"resourceType": "Organization", "id": "maker"},
        {"resourceType": "Practitioner", "id": "who"},
    ],
    "requester": {"reference": "#who"},
    "dosageInstruction": [
        {
            "text": "25 mg once weekly",
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}, "code": {"text": "25 mg weekly"}},
            "route": {"text": "under the skin"},
            "site": {"text": "thigh"},
            "doseAndRate": [{"doseQuantity": {"value": Decimal("25.00"), "unit": "mg"}}],
            "extension": [{"url": "https://ehr.example/y", "valueString": "kept"}],
        }
    ],
    "dispenseRequest": {"quantity": {"value": 4}, "numberOfRepeatsAllowed": 2},
}


def changed(proposal: Proposal, order: JSON = ORDER) -> JSON:
    found = amend(order, proposal, TERMS)
    assert found is not None
    return found


def instruction(order: JSON) -> JSON:
    (one,) = order["dosageInstruction"]
    assert isinstance(one, dict)
    return one


@pytest.mark.parametrize("proposal", EVERY, ids=lambda p: p.kind)
def test_the_order_itself_is_never_touched(proposal: Proposal) -> None:
    before = copy.deepcopy(ORDER)
    amend(ORDER, proposal, TERMS)
    assert before == ORDER


def test_a_lower_dose_changes_the_device_the_dose_and_what_said_the_old_one() -> None:
    found = changed(LOWER)
    (coding,) = found["medicationCodeableConcept"]["coding"]
    assert (coding["code"], coding["display"]) == ("54436-020", "Otrexup 20 mg/0.4 mL auto-injector")
    assert "medicationReference" not in found
    assert [one["id"] for one in found["contained"]] == ["who"]
    one = instruction(found)
    assert one["text"] == "20 mg once weekly"
    assert one["doseAndRate"] == [
        {"doseQuantity": {"value": 20, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}
    ]
    assert one["timing"] == {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    assert (one["route"], one["site"]) == ({"text": "under the skin"}, {"text": "thigh"})
    assert found["dispenseRequest"] == {"numberOfRepeatsAllowed": 2}
    for name in ("extension", "note", "identifier", "meta", "status", "subject", "requester"):
        assert found[name] == ORDER[name]
    assert instruction(found)["extension"] == ORDER["dosageInstruction"][0]["extension"]


def test_an_order_in_millilitres_stays_in_them() -> None:
    order = copy.deepcopy(ORDER)
    order["dosageInstruction"][0]["doseAndRate"] = [{"doseQuantity": {"value": Decimal("0.5"), "unit": "mL"}}]
    (dose,) = instruction(changed(LOWER, order))["doseAndRate"]
    assert (dose["doseQuantity"]["value"], dose["doseQuantity"]["unit"]) == (Decimal("0.4"), "mL")


def test_weekly_keeps_the_dose_to_the_last_zero() -> None:
    one = instruction(changed(WEEKLY))
    assert str(one["doseAndRate"][0]["doseQuantity"]["value"]) == "25.00"
    assert one["text"] == "25.00 mg once weekly"


def test_another_medicine_keeps_nothing_of_how_the_old_one_was_given() -> None:
    for proposal in (OTHER, ANEW):
        one = instruction(changed(proposal))
        assert one["route"]["coding"][0]["code"] == "26643006"
        assert not {"site", "extension"} & set(one)


def test_a_new_order_is_whose_and_for_what_the_old_one_was_and_no_more() -> None:
    found = changed(ANEW)
    assert set(found) == {
        "resourceType",
        "contained",
        "status",
        "intent",
        "subject",
        "requester",
        "medicationCodeableConcept",
        "dosageInstruction",
    }


def test_an_indication_is_added_where_the_order_names_none() -> None:
    assert changed(NAMED) == {**ORDER, "reasonReference": [{"reference": "Condition/ra"}]}
    assert amend({**ORDER, "reasonReference": [{"reference": "Condition/x"}]}, NAMED, TERMS) is None


def test_one_of_several_instructions_is_not_told_from_the_others() -> None:
    order = {**ORDER, "dosageInstruction": [ORDER["dosageInstruction"][0]] * 2}
    assert [amend(order, proposal, TERMS) for proposal in (LOWER, WEEKLY, OTHER, ANEW)] == [None] * 4


_MEMBERS = (
    "resourceType id status contained medicationReference medicationCodeableConcept reference dosageInstruction timing "
    "repeat code coding doseAndRate doseQuantity doseRange value unit text display additionalInstruction "
    "dispenseRequest quantity reasonReference extension"
)


@given(st.dictionaries(st.sampled_from(_MEMBERS.split()), anything(_MEMBERS, "#a mL mg Condition/x"), max_size=9))
def test_no_shape_of_an_order_is_stumbled_over(order: JSON) -> None:
    before = copy.deepcopy(order)
    for proposal in EVERY:
        amend(order, proposal, TERMS)
    assert repr(before) == repr(order)
