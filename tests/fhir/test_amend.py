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


# What is kept, what is rewritten, what goes


def altered(**members: Any) -> JSON:
    """The order with other members; None takes one out."""
    return {name: value for name, value in {**copy.deepcopy(ORDER), **members}.items() if value is not None}


def instructed(**members: Any) -> JSON:
    """The order with other members of its one instruction."""
    one = {**ORDER["dosageInstruction"][0], **members}
    return altered(dosageInstruction=[{name: value for name, value in one.items() if value is not None}])


def quantity(order: JSON) -> tuple[str, str]:
    (dose,) = instruction(order)["doseAndRate"]
    assert dose["doseQuantity"]["system"] == "http://unitsofmeasure.org"
    assert dose["doseQuantity"]["unit"] == dose["doseQuantity"]["code"]
    return str(dose["doseQuantity"]["value"]), dose["doseQuantity"]["unit"]


@pytest.mark.parametrize("proposal", [LOWER, WEEKLY, OTHER, NAMED], ids=lambda p: p.kind)
def test_a_changed_order_keeps_what_is_not_known_and_numbers_to_the_last_zero(proposal: Proposal) -> None:
    found = changed(proposal, altered(somethingNew={"kept": [1, None, "two"]}, _status={"id": "s"}))
    assert found["somethingNew"] == {"kept": [1, None, "two"]}
    assert found["_status"] == {"id": "s"}
    assert str(found["extension"][0]["valueDecimal"]) == "1.2300"
    assert (found["id"], found["meta"]) == ("m", {"versionId": "7"})


def emptied(value: Any) -> None:
    """Take everything out of a value, from within."""
    for inner in list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()):
        emptied(inner)
    if isinstance(value, dict | list):
        value.clear()


@pytest.mark.parametrize("proposal", [LOWER, WEEKLY, OTHER, NAMED], ids=lambda p: p.kind)
def test_whatever_becomes_of_the_changed_order_the_order_is_as_it_was(proposal: Proposal) -> None:
    bounds = {"boundsPeriod": {"start": "2026-03-10"}}
    order = instructed(timing={"repeat": bounds, "code": {"coding": [{"code": "WK"}]}})
    before = copy.deepcopy(order)
    emptied(changed(proposal, order))
    assert order == before


@pytest.mark.parametrize("name", ["text", "_text", "patientInstruction", "_patientInstruction"])
def test_words_that_would_say_the_old_dose_are_rewritten_or_go(name: str) -> None:
    said = {"extension": []} if name.startswith("_") else "25 mg every day"
    for proposal, now in ((LOWER, "20 mg once weekly"), (WEEKLY, "25.00 mg once weekly"), (OTHER, "20 mg once weekly")):
        one = instruction(changed(proposal, instructed(**{name: said})))
        assert one["text"] == now
        assert not {"_text", "patientInstruction", "_patientInstruction"} & set(one)


@pytest.mark.parametrize("name", ["maxDosePerPeriod", "maxDosePerAdministration"])
def test_a_cap_of_the_old_dose_goes(name: str) -> None:
    cap = {"numerator": {"value": 25, "unit": "mg"}, "denominator": {"value": 1, "unit": "wk"}}
    assert name not in instruction(changed(LOWER, instructed(**{name: cap})))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"text": "With food"}, True),
        ({"coding": [{"code": "311504000", "display": "With food"}]}, True),
        ({"coding": [{"code": "229797004"}]}, False),
        ({"text": "Nocte"}, False),
        ({"text": "QD"}, False),
        ({"text": "Inject 0.4 mL"}, False),
        ({"text": "Take DAILY"}, False),
        ({"text": "At bedtime"}, False),
        ({"text": "half a syringe"}, False),
        ({"coding": [{"display": "Once a day"}]}, False),
        ({"text": "With food", "coding": [{"display": "Every morning"}]}, False),
    ],
)
def test_a_further_instruction_is_kept_where_it_says_neither_how_much_nor_how_often(said: JSON, kept: bool) -> None:
    one = instruction(changed(WEEKLY, instructed(additionalInstruction=[said])))
    assert one.get("additionalInstruction") == ([said] if kept else None)


def test_weekly_takes_the_place_of_any_timing_and_leaves_its_bounds() -> None:
    bounds = {"boundsPeriod": {"start": "2026-03-10", "end": "2026-09-09"}}
    daily = {
        "repeat": {**bounds, "frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"], "dayOfWeek": ["mon"]},
        "code": {"coding": [{"code": "QD"}]},
        "event": ["2026-03-10"],
    }
    one = instruction(changed(WEEKLY, instructed(timing=daily, sequence=1, asNeededBoolean=False)))
    assert one["timing"] == {"repeat": {**bounds, "frequency": 1, "period": 1, "periodUnit": "wk"}}
    assert (one["sequence"], one["asNeededBoolean"]) == (1, False)


@pytest.mark.parametrize("timing", [{"repeat": {"dayOfWeek": ["mon"]}}, {"code": {"coding": [{"code": "WK"}]}}])
def test_a_lower_dose_leaves_the_timing_as_it_is_written(timing: JSON) -> None:
    assert instruction(changed(LOWER, instructed(timing=timing)))["timing"] == timing


@pytest.mark.parametrize(
    "timing", [None, {}, {"code": {"text": "25 mg weekly"}}, {"repeat": {"boundsRange": {}}}, "weekly"]
)
def test_a_rate_that_only_words_told_is_written_in_parts(timing: Any) -> None:
    lower = Proposal("dose", "x", Regimen(Decimal("7.5"), "mg", 3))
    repeat = instruction(changed(lower, instructed(timing=timing)))["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (3, 1, "wk")


@pytest.mark.parametrize("dose", [[{"doseRange": {"low": {"value": 10}, "high": {"value": Decimal("15.0")}}}], "?"])
def test_weekly_keeps_a_range_and_writes_a_dose_that_only_words_told(dose: Any) -> None:
    one = instruction(changed(WEEKLY, instructed(doseAndRate=dose)))
    written = [{"doseQuantity": {"value": 15, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]
    assert one["doseAndRate"] == (written if dose == "?" else dose)
    assert one["text"] == ("15 mg once weekly" if dose == "?" else "once weekly")


def test_a_dose_that_is_not_known_is_not_made_up() -> None:
    assert amend(instructed(doseAndRate=None), Proposal("weekly", "x", Regimen(None, "mg", 1)), TERMS) is None


# Units


@pytest.mark.parametrize("said", [{"unit": "mL"}, {"code": "mL"}, {"unit": "ML"}, {"unit": "millilitre", "code": "mL"}])
def test_millilitres_stay_millilitres_of_the_new_product(said: JSON) -> None:
    order = instructed(doseAndRate=[{"doseQuantity": {"value": Decimal("0.5"), **said}}])
    assert quantity(changed(LOWER, order)) == ("0.4", "mL")
    assert quantity(changed(OTHER, order)) == ("10", "mL")
    assert instruction(changed(LOWER, order))["text"] == "0.4 mL once weekly"


def test_millilitres_of_what_has_no_concentration_are_milligrams() -> None:
    order = instructed(doseAndRate=[{"doseQuantity": {"value": 5, "unit": "mL"}}])
    assert quantity(
        changed(Proposal("generic", "x", Regimen(Decimal("17.5"), "mg", 1), SOLUTION, anew=True), order)
    ) == (
        "17.5",
        "mg",
    )


@pytest.mark.parametrize("said", [{"unit": "mg"}, {"unit": "auto-injector"}, {"unit": "mg/m2"}, {}])
def test_every_other_unit_is_written_in_the_regimens(said: JSON) -> None:
    order = instructed(doseAndRate=[{"doseQuantity": {"value": 25, **said}}])
    assert quantity(changed(LOWER, order)) == ("20", "mg")
    by_surface = Proposal("dose", "x", Regimen(Decimal("6.66"), "mg/m2", 3))
    assert quantity(changed(by_surface, order)) == ("6.66", "mg/m2")


# Route, site, method


def test_a_lower_dose_is_given_as_before_and_another_product_as_its_own() -> None:
    how = {"route": {"text": "under the skin"}, "site": {"text": "thigh"}, "method": {"text": "inject"}}
    one = instruction(changed(LOWER, instructed(**how)))
    assert {name: one[name] for name in how} == how
    for proposal in (OTHER, ANEW):
        one = instruction(changed(proposal, instructed(**how)))
        assert one["route"]["text"] == "Oral route"
        assert not {"site", "method"} & set(one)


def test_a_product_without_a_dose_keeps_the_dose_that_is_written() -> None:
    found = changed(Proposal("product", "x", None, SOLUTION))
    one = instruction(found)
    assert (one["doseAndRate"], one["timing"]) == (
        ORDER["dosageInstruction"][0]["doseAndRate"],
        ORDER["dosageInstruction"][0]["timing"],
    )
    assert found["medicationCodeableConcept"]["text"] == "Jylamvo 2 mg/mL oral solution"


# The medicine and what is contained


def test_a_medicine_without_a_sure_code_is_named_in_words() -> None:
    odd = Medicine("otrexup", "Otrexup 21 mg/0.4 mL auto-injector", Decimal(21), "route-subcutaneous")
    found = changed(Proposal("dose", "x", Regimen(Decimal(21), "mg", 1), odd))
    assert found["medicationCodeableConcept"] == {"text": "Otrexup 21 mg/0.4 mL auto-injector"}


@pytest.mark.parametrize("strength", ["10", "12.5", "15", "17.5", "20", "22.5", "25"])
def test_a_device_is_coded_by_the_strength_that_it_is(strength: str) -> None:
    text = f"Otrexup {strength} mg/0.4 mL auto-injector"
    device = Medicine("otrexup", text, Decimal(strength) * Decimal("1.00"), "route-subcutaneous")
    found = changed(Proposal("dose", "x", Regimen(Decimal(strength), "mg", 1), device))
    (coding,) = found["medicationCodeableConcept"]["coding"]
    assert TERMS.value(coding["system"], coding["code"]) == strength
    assert TERMS.concepts(coding["system"], coding["code"]) >= {"otrexup"}


@pytest.mark.parametrize(
    "concept", ["jylamvo", "xatmep", "generic-methotrexate-injection", "generic-methotrexate-oral"]
)
def test_what_comes_in_one_strength_is_coded_where_a_code_is_sure(concept: str) -> None:
    found = changed(Proposal("product", "x", Regimen(Decimal(20), "mg", 1), Medicine(concept, "x", None, "route-oral")))
    for coding in found["medicationCodeableConcept"].get("coding", []):
        assert concept in TERMS.concepts(coding["system"], coding["code"])
    assert found["medicationCodeableConcept"]["text"] == "x"


def ids(order: JSON) -> list[str]:
    return [one["id"] for one in order.get("contained", [])]


@pytest.mark.parametrize("proposal", [LOWER, OTHER], ids=lambda p: p.kind)
def test_a_contained_medication_stays_where_anything_else_refers_to_it(proposal: Proposal) -> None:
    still = altered(supportingInformation=[{"reference": "#drug"}])
    assert ids(changed(proposal, still)) == ["drug", "maker", "who"]
    by_another = altered(
        contained=[
            {"resourceType": "Medication", "id": "drug", "manufacturer": {"reference": "#maker"}},
            {"resourceType": "Organization", "id": "maker"},
            {"resourceType": "PractitionerRole", "id": "who", "organization": {"reference": "#maker"}},
        ]
    )
    assert ids(changed(proposal, by_another)) == ["maker", "who"]


def test_what_is_contained_in_vain_is_not_ours_to_drop_and_an_empty_list_is_none() -> None:
    vain = altered(contained=[{"resourceType": "Organization", "id": "vain"}], medicationReference=None, requester=None)
    assert ids(changed(LOWER, vain)) == ["vain"]
    alone = altered(contained=[{"resourceType": "Medication", "id": "drug"}], requester=None)
    assert "contained" not in changed(LOWER, alone)


def test_references_that_go_round_in_a_circle_come_to_an_end() -> None:
    circle = [
        {"resourceType": "Medication", "id": "drug", "manufacturer": {"reference": "#maker"}},
        {"resourceType": "Organization", "id": "maker", "partOf": {"reference": "#drug"}},
    ]
    assert "contained" not in changed(LOWER, altered(contained=circle, requester=None))


@pytest.mark.parametrize("proposal", [WEEKLY, NAMED], ids=lambda p: p.kind)
def test_the_medicine_stays_as_it_is_named_where_it_is_not_proposed(proposal: Proposal) -> None:
    found = changed(proposal)
    assert (found["medicationReference"], ids(found)) == ({"reference": "#drug"}, ["drug", "maker", "who"])


# What is handed over


def test_what_was_to_be_handed_over_goes_with_the_dose_or_product_and_stays_with_an_indication() -> None:
    supply = {"quantity": {"value": 4}, "initialFill": {"quantity": {"value": 2}}, "numberOfRepeatsAllowed": 2}
    order = altered(dispenseRequest=supply, text={"status": "generated", "div": "<div>25 mg</div>"})
    for proposal in (LOWER, WEEKLY, OTHER):
        found = changed(proposal, order)
        assert found["dispenseRequest"] == {"numberOfRepeatsAllowed": 2}
        assert "text" not in found
    named = changed(NAMED, order)
    assert (named["dispenseRequest"], named["text"]) == (supply, order["text"])
    assert "dispenseRequest" not in changed(LOWER, altered(dispenseRequest={"quantity": {"value": 4}}))


@pytest.mark.parametrize("listed", [None, [], ["25 mg"], {}, "25 mg", [{}, {}], [None]])
def test_an_order_without_one_instruction_is_given_no_dose(listed: Any) -> None:
    found = amend(altered(dosageInstruction=listed), LOWER, TERMS)
    assert found is None or listed == {}


def test_an_instruction_that_stands_alone_is_written_as_a_list() -> None:
    assert instruction(changed(LOWER, altered(dosageInstruction=ORDER["dosageInstruction"][0])))["text"] == (
        "20 mg once weekly"
    )
