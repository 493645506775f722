"""One instruction: structure and text beside each other, and the words of its evidence."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from service.case import Product
from service.dose import BodySurface
from service.fhir.instruction import Instruction, read_instruction

JSON = dict[str, Any]
PEN = Product("otrexup", (), "Otrexup", (), strength_mg=Decimal(15), mg_per_ml=Fraction(75, 2))
SOLUTION = Product("jylamvo", (), "Jylamvo", (), mg_per_ml=Fraction(2))
WEEKLY: JSON = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
DAILY: JSON = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
PATH = "MedicationRequest.dosageInstruction[0]"


def dose(value: Any, unit: str = "mg") -> list[JSON]:
    return [{"doseQuantity": {"value": value, "unit": unit}}]


def read(product: Product | None = PEN, body: BodySurface | None = None, **members: Any) -> Instruction:
    return read_instruction(members, product=product, body=body, reference="MedicationRequest/1", path=PATH)


def told(found: Instruction) -> list[tuple[str, str]]:
    return [(e.path.removeprefix(f"{PATH}."), e.text) for e in found.evidence]


def week(found: Instruction) -> Fraction | None:
    return found.part.weekly("mg", None) if found.part else None


def test_the_evidence_says_the_weekly_dose_and_where_it_stands() -> None:
    found = read(doseAndRate=dose(Decimal("30.10")), timing=WEEKLY)
    assert found.evidence[0].reference == "MedicationRequest/1"
    assert told(found) == [("doseAndRate.doseQuantity", "30.1 mg once a week = 30.1 mg per week")]
    assert week(found) == Fraction("30.1")


def test_whole_units_are_said_with_what_they_come_to() -> None:
    found = read(doseAndRate=dose(1, "auto-injector"), timing=WEEKLY)
    assert told(found) == [("doseAndRate.doseQuantity", "1 auto-injector (15 mg) once a week = 15 mg per week")]


def test_amount_and_rate_are_read_from_text_where_the_structure_says_neither() -> None:
    found = read(text="Take 15 mg by mouth once weekly")
    assert week(found) == 15
    said = '"Take 15 mg by mouth once weekly": 15 mg once a week = 15 mg per week (read from the instruction\'s text)'
    assert told(found) == [("text", said)]


def test_only_the_rate_is_read_from_text_beside_a_structured_dose() -> None:
    found = read(doseAndRate=dose(15), text="once weekly")
    assert week(found) == 15
    assert told(found)[1] == ("text", '"once weekly": once a week (read from the instruction\'s text)')


def test_no_amount_is_read_from_text_beside_a_structured_rate() -> None:
    found = read(text="15 mg once weekly", timing=WEEKLY)
    assert (found.part, found.why) == (None, "no dose is given")


def test_volume_and_mass_of_one_text_must_agree() -> None:
    assert week(read(SOLUTION, text="7.5 mL (15 mg) once weekly")) == 15
    assert week(read(SOLUTION, text="7.5 mL once weekly")) == 15
    assert read(SOLUTION, text="7.5 mL (20 mg) once weekly").part is None
    assert week(read(None, text="7.5 mL (15 mg) once weekly")) == 15
    assert read(None, text="7.5 mL once weekly").part is None


@pytest.mark.parametrize(("text", "mg"), [("6.7 mL", "16.8"), ("6.6 mL (16.7 mg)", "16.7"), ("6.7 mL (17 mg)", "17")])
def test_volume_and_mass_may_differ_by_the_rounding_of_the_volume(text: str, mg: str) -> None:
    solution = Product("xatmep", (), "Xatmep", (), mg_per_ml=Fraction("2.5"))
    often = f"Take {text} by mouth once weekly"
    assert week(read(solution, doseAndRate=dose(Decimal(mg)), timing=WEEKLY, text=often)) == Fraction(mg)
    assert read(solution, doseAndRate=dose(Decimal("17.1")), timing=WEEKLY, text=often).clash
    assert read(solution, doseAndRate=dose(Decimal("17.1")), timing=WEEKLY, text=often).part is None


def test_a_text_may_call_the_medicine_by_its_name_and_by_no_number_of_it() -> None:
    named = Product("jylamvo", (), "Jylamvo 2 mg/mL oral solution", (), mg_per_ml=Fraction(2))
    assert week(read(named, text="Jylamvo: take 15 mg once weekly")) == 15
    assert read(named, text="Xatmep: take 15 mg once weekly").part is None
    assert read(named, text="15 mg 2 weekly").part is None


def test_a_strength_in_the_text_must_be_the_products() -> None:
    assert week(read(SOLUTION, text="7.5 mL (15 mg) of 2 mg/mL oral solution once weekly")) == 15
    assert read(SOLUTION, text="7.5 mL (15 mg) of 6 mg/mL oral solution once weekly").part is None
    assert read(SOLUTION, doseAndRate=dose(15), timing=WEEKLY, text="7.5 mL of 6 mg/mL solution once weekly").clash


def test_the_text_of_a_local_timing_code_is_read_as_text() -> None:
    found = read(doseAndRate=dose(15), timing={"code": {"text": "weekly"}})
    assert week(found) == 15
    assert told(found)[1] == ("timing.code", '"weekly": once a week (read from the instruction\'s text)')
    assert read(doseAndRate=dose(15), text="daily", timing={"code": {"text": "weekly"}}).part is None


def test_the_text_for_the_patient_stands_in_for_a_missing_text() -> None:
    assert week(read(patientInstruction="Take 15 mg once a week")) == 15
    assert week(read(text="with food", patientInstruction="Take 15 mg once a week")) == 15


def test_text_and_the_text_for_the_patient_are_read_beside_each_other() -> None:
    assert read(text="15 mg weekly", patientInstruction="Take 20 mg once a week").part is None
    assert read(text="10 or 15 mg weekly", patientInstruction="Take 10 mg once a week").part is None
    daily = read(doseAndRate=dose(15), timing=WEEKLY, text="15 mg", patientInstruction="Take every day")
    assert (daily.clash, daily.part, [e.path for e in daily.daily]) == (True, None, [f"{PATH}.patientInstruction"])


def test_an_additional_instruction_counts_for_the_alert_alone() -> None:
    found = read(doseAndRate=dose(15), timing=WEEKLY, additionalInstruction=[{"text": "Take daily"}])
    assert (week(found), found.count) == (15, 7)
    assert [e.path for e in found.daily] == [f"{PATH}.additionalInstruction"]
    assert read(additionalInstruction=[{"text": "15 mg once weekly"}]).part is None


def test_the_words_of_a_code_go_before_an_unsure_text_that_says_no_more() -> None:
    coded: JSON = {"doseAndRate": dose(15), "timing": {"code": {"text": "Weekly"}}}
    assert week(read(**coded, text="Take 15 mg weekly as directed")) == 15
    assert read(**coded, text="Take 15 mg twice weekly as directed").part is None
    assert read(**coded, text="15 mg weekly. Take 15 mg daily").part is None
    assert read(**coded, text="Take 15 mg twice weekly").part is None
    assert read(**coded, text="Take 15 mg daily as directed").clash


@pytest.mark.parametrize(
    ("structured", "text"),
    [
        (dose(15), "Inject 0.4 mL (25 mg) under the skin once a week"),
        (dose(1, "pen"), "Inject 2 pens (30 mg) once weekly"),
        (dose(15), "Inject 2 pens (30 mg total) once weekly"),
        (dose(1, "pen"), "Inject 30 mg (2 auto-injectors) once weekly"),
        (dose(1, "auto-injector"), "Inject 2 auto-injectors once weekly"),
        (dose(15), "15 mg (45 mg) weekly"),
        (dose(15), "Inject 15 mg weekly. Dispense 4. Take 30 mg"),
    ],
)
def test_any_larger_amount_of_a_plain_text_is_a_contradiction(structured: list[JSON], text: str) -> None:
    assert read(doseAndRate=structured, timing=WEEKLY, text=text).clash


def test_several_devices_are_counted_or_leave_the_rate_unread() -> None:
    assert week(read(doseAndRate=dose(30), timing=WEEKLY, text="Inject 2 pens of 15 mg once weekly")) == 30
    assert read(doseAndRate=dose(15), text="Inject 2 pens once weekly").clash
    assert read(None, doseAndRate=dose(15), text="Inject 2 pens once weekly").part is None
    assert week(read(None, doseAndRate=dose(15), text="Inject 1 pen once weekly")) == 15


def test_a_week_total_is_no_contradiction() -> None:
    twice = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "wk"}}
    assert week(read(doseAndRate=dose(10), timing=twice, text="20 mg per week")) == 20
    assert read(doseAndRate=dose(10), timing=twice, text="20 mg once weekly").clash
    assert read(doseAndRate=dose(10), timing=twice, text="25 mg per week").clash


def test_a_time_of_day_beside_a_weekly_structure_is_no_contradiction() -> None:
    found = read(doseAndRate=dose(15), timing=WEEKLY, text="at bedtime")
    assert (week(found), len(found.daily)) == (15, 1)


def test_what_is_missing_is_named_whole() -> None:
    assert (read(text="as directed").why or "").startswith("no dose and no rate is given")


@pytest.mark.parametrize("text", ["as directed", "15 mg", "fifteen mg weekly", "weekly", "10 mg then 15 mg weekly", ""])
def test_a_text_that_does_not_say_all_leaves_the_dose_unknown(text: str) -> None:
    found = read(text=text)
    assert found.part is None
    assert found.why
    assert not found.clash


@pytest.mark.parametrize(
    ("text", "clash"),
    [
        ("once weekly", False),
        ("15 mg", False),
        ("15 mg once a week", False),
        ("10 mg/m2 once weekly", False),
        ("as directed", False),
        ("10 mg then 20 mg weekly", False),
        ("10 mg then 20 mg daily", True),
        ("twice weekly", True),
        ("20 mg", True),
        ("14.9 mg", True),
        ("0.5 mL", True),
        ("0.4 mL", False),
    ],
)
def test_a_text_disagrees_where_a_plain_rate_or_amount_is_not_the_structures(text: str, clash: bool) -> None:
    found = read(doseAndRate=dose(15), timing=WEEKLY, text=text)
    assert found.clash is clash
    assert (found.part is None) is clash


def test_a_contradiction_quotes_both_and_counts_the_worse() -> None:
    found = read(doseAndRate=dose(Decimal("2.5")), timing=DAILY, text="2.5 mg once weekly")
    assert told(found) == [
        ("timing.repeat", "the structure says 2.5 mg, once a day"),
        ("text", 'the text says "2.5 mg once weekly"'),
    ]
    assert found.count == 7
    other = read(doseAndRate=dose(Decimal("2.5")), timing=WEEKLY, text="2.5 mg daily")
    assert (other.clash, other.count, [e.path for e in other.daily]) == (True, 7, [f"{PATH}.text"])


def test_a_text_within_the_range_of_the_structure_disagrees_with_nothing() -> None:
    span = [{"doseRange": {"low": {"value": 10, "unit": "mg"}, "high": {"value": 15, "unit": "mg"}}}]
    often = {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "wk"}}
    for text in ("10 mg once weekly", "10 to 15 mg twice weekly"):
        assert week(read(doseAndRate=span, timing=often, text=text)) == 30
    assert read(doseAndRate=span, timing=often, text="three times a week").clash


@pytest.mark.parametrize(
    "members",
    [
        {"doseAndRate": dose(15, "mg/kg")},
        {"doseAndRate": dose(0)},
        {"doseAndRate": dose(-15)},
        {"doseAndRate": [{"rateQuantity": {"value": 15, "unit": "mg/h"}}]},
        {"doseAndRate": "15 mg"},
        {"doseAndRate": [*dose(15), "20 mg"]},
        {"timing": "weekly", "text": "weekly"},
        {"timing": [WEEKLY, DAILY]},
        {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "?"}}, "text": "weekly"},
        {"timing": None},
        {"sequence": "first"},
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
        {"timing": {**WEEKLY, "modifierExtension": [{"url": "urn:x"}]}},
    ],
)
def test_what_cannot_be_read_is_unknown_with_a_reason(members: JSON) -> None:
    found = read(**{"doseAndRate": dose(15), "timing": WEEKLY, **members})
    assert found.part is None
    assert found.why
    assert found.evidence


@pytest.mark.parametrize(
    ("amount", "unit", "length", "per", "weekly"),
    [
        (20, "mg", 1, "wk", "20"),
        (5, "mg", 1, "d", "30"),
        (2, "mg", 1, "d", "14"),
        (40, "mg", 14, "d", "20"),
        (1, "{pen}", 1, "wk", "15"),
        (31, "mg", 1, "wk", "30"),
    ],
)
def test_a_maximum_per_period_caps_its_instruction(amount: int, unit: str, length: int, per: str, weekly: str) -> None:
    ratio = {"numerator": {"value": amount, "unit": unit}, "denominator": {"value": length, "code": per}}
    often = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "wk"}}
    found = read(doseAndRate=dose(15), timing=often, maxDosePerPeriod=ratio)
    assert week(found) == Fraction(weekly)
    assert found.count == 2


@pytest.mark.parametrize(
    "ratio",
    [
        {},
        "20 mg",
        {"numerator": {"value": 20, "unit": "mg"}},
        {"numerator": {"value": 0, "unit": "mg"}, "denominator": {"value": 1, "unit": "wk"}},
        {"numerator": {"value": 20, "unit": "mg/kg"}, "denominator": {"value": 1, "unit": "wk"}},
        {"numerator": {"value": 20, "unit": "mg"}, "denominator": {"value": 0, "unit": "wk"}},
        {"numerator": {"value": 20, "unit": "mg"}, "denominator": {"value": 1, "unit": "moon"}},
    ],
)
def test_a_maximum_that_cannot_be_read_leaves_the_dose_unknown(ratio: Any) -> None:
    found = read(doseAndRate=dose(15), timing=WEEKLY, maxDosePerPeriod=ratio)
    assert found.part is None
    assert "maxDosePerPeriod" in (found.why or "")


def test_as_needed_counts_as_always_taken_and_is_named() -> None:
    found = read(doseAndRate=dose(15), timing=WEEKLY, asNeededBoolean=True)
    assert week(found) == 15
    assert found.remarks == ("to be taken as needed: counted as if always taken",)


@pytest.mark.parametrize(("mg", "named"), [("15", False), ("30", False), ("20", True), ("7.5", True)])
def test_a_dose_that_takes_no_whole_number_of_devices_is_named(mg: str, named: bool) -> None:
    remarks = read(doseAndRate=dose(Decimal(mg)), timing=WEEKLY).remarks
    assert remarks == ((f"{mg} mg takes no whole number of devices of 15 mg",) if named else ())


def test_a_rate_is_counted_where_the_amount_is_not_known() -> None:
    found = read(None, doseAndRate=dose(1, "tablet"), timing=DAILY)
    assert (found.part, found.count) == (None, 7)
    assert [e.path for e in found.daily] == [f"{PATH}.timing.repeat"]


def test_a_long_text_is_quoted_in_part() -> None:
    found = read(text="word " * 100)
    assert max(len(e.text) for e in found.evidence) < 210
