"""The body surface: charted before computed, in a window, in exact arithmetic."""

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.case import CouldNotAsk
from service.dose import BodySurface
from service.fhir.body import du_bois, haycock, mosteller, read_body
from service.terminology import load
from tests.fhir.synthetic import LOINC, ON, UCUM, any_resource, chart_of, coded

JSON = dict[str, Any]
CODES = {"bsa": "3140-1", "height": "8302-2", "weight": "29463-7"}
UNITS = {"bsa": "m2", "height": "cm", "weight": "kg"}


def quantity(value: Any, unit: str) -> JSON:
    return {"value": Decimal(str(value)), "unit": unit, "system": UCUM, "code": unit}


def observed(kind: str, value: Any, unit: str | None = None, when: str = "2026-03-01", **more: Any) -> JSON:
    found: JSON = {
        "resourceType": "Observation",
        "id": f"{kind}-{value}-{when}",
        "status": "final",
        "code": coded(LOINC, CODES[kind]),
        "effectiveDateTime": when,
        "valueQuantity": quantity(value, unit or UNITS[kind]),
    }
    return {name: part for name, part in {**found, **more}.items() if part is not None}


def read(*observations: JSON, on: date = ON) -> tuple[BodySurface | None, tuple[str, ...]]:
    return read_body(chart_of(*observations), on, 365, load())


def area(*observations: JSON) -> Fraction | None:
    found, _ = read(*observations)
    return found.area if found else None


HEIGHT, WEIGHT = observed("height", 170), observed("weight", 70)


def test_a_charted_area_goes_before_newer_height_and_weight() -> None:
    assert area(observed("bsa", "1.735", when="2025-06-01"), HEIGHT, WEIGHT) == Fraction("1.735")


def test_mosteller_is_computed_from_height_and_weight_and_the_other_formulas_stand_by() -> None:
    found, remarks = read(HEIGHT, WEIGHT)
    assert found
    assert (found.area, found.alternatives, remarks) == (Fraction("1.82"), (Fraction("1.81"), Fraction("1.83")), ())
    assert [(e.reference, e.path, e.text, e.date) for e in found.evidence] == [
        ("Observation/height-170-2026-03-01", "Observation.valueQuantity", "height 170 cm", "2026-03-01"),
        (
            "Observation/weight-70-2026-03-01",
            "Observation.valueQuantity",
            "weight 70 kg: with the height a body surface area of 1.82 m2 (Mosteller)",
            "2026-03-01",
        ),
    ]


@pytest.mark.parametrize(
    ("cm", "kg", "areas"),
    [("86", "12", ("0.54", "0.52", "0.54")), ("165", "110", ("2.25", "2.15", "2.3"))],
)
def test_the_three_formulas_give_the_areas_of_the_fact_sheet(cm: str, kg: str, areas: tuple[str, str, str]) -> None:
    found = tuple(formula(Fraction(cm), Fraction(kg)) for formula in (mosteller, du_bois, haycock))
    assert found == tuple(map(Fraction, areas))


def test_mosteller_rounds_half_up_exactly() -> None:
    # the square root is exactly 1.005 m2 where cm times kg is 1.010025 times 3600
    half = Fraction("1.010025") * 3600 / 100
    assert mosteller(Fraction(100), half) == Fraction("1.01")
    assert mosteller(Fraction(100), half - Fraction(1, 10**30)) == 1


@given(st.integers(400, 2500), st.integers(20, 3500))
def test_mosteller_is_the_hundredth_nearest_to_the_root(millimetres: int, hectograms: int) -> None:
    found = mosteller(Fraction(millimetres, 10), Fraction(hectograms, 10))
    square, half = Fraction(millimetres * hectograms, 100 * 3600), Fraction(1, 200)
    assert (found - half) ** 2 <= square < (found + half) ** 2


@pytest.mark.parametrize(("when", "counts"), [(365, True), (366, False), (0, True), (-1, False)])
@pytest.mark.parametrize("kind", ["bsa", "height", "weight"])
def test_a_measurement_counts_within_365_days(kind: str, when: int, counts: bool) -> None:
    day = (ON - timedelta(days=when)).isoformat()
    others = [o for o in (HEIGHT, WEIGHT) if kind not in ("bsa", o["id"].split("-")[0])]
    value = {"bsa": "1.7", "height": 170, "weight": 70}[kind]
    found, remarks = read(observed(kind, value, when=day), *others)
    assert (found is not None) is counts
    assert any(day in remark for remark in remarks) is not counts


@pytest.mark.parametrize(
    ("kind", "value", "unit", "counts"),
    [
        ("bsa", "0.2", "m2", True),
        ("bsa", "0.19", "m2", False),
        ("bsa", "3.5", "m2", True),
        ("bsa", "3.51", "m2", False),
        ("bsa", "1.7", "m^2", True),
        ("bsa", "1.7", "m²", True),
        ("bsa", "1.7", "L/min", False),
        ("height", "40", "cm", True),
        ("height", "39.9", "cm", False),
        ("height", "250", "cm", True),
        ("height", "250.1", "cm", False),
        ("height", "1.7", "m", True),
        ("height", "1700", "mm", True),
        ("height", "67", "[in_i]", True),
        ("height", "67", "in", True),
        ("height", "170", "kg", False),
        ("weight", "2", "kg", True),
        ("weight", "1.99", "kg", False),
        ("weight", "350", "kg", True),
        ("weight", "350.1", "kg", False),
        ("weight", "2000", "g", True),
        ("weight", "1999", "g", False),
        ("weight", "150", "[lb_av]", True),
        ("weight", "150", "lb", True),
        ("weight", "150", "stone", False),
    ],
)
def test_a_measurement_counts_in_a_known_unit_and_within_bounds(kind: str, value: str, unit: str, counts: bool) -> None:
    others = [o for o in (HEIGHT, WEIGHT) if kind not in ("bsa", o["id"].split("-")[0])]
    found, remarks = read(observed(kind, value, unit), *others)
    assert (found is not None) is counts
    assert any(f"Observation/{kind}-{value}" in remark for remark in remarks) is not counts


def test_inches_and_pounds_are_converted_exactly() -> None:
    found, _ = read(observed("height", 65, "[in_i]"), observed("weight", 150, "[lb_av]"))
    assert found
    assert found.area == mosteller(Fraction("165.1"), Fraction("68.0388555"))
    assert found.evidence[0].text == "height 65 [in_i] (165.1 cm)"


def test_an_implausible_measurement_leaves_the_next_newest() -> None:
    found, remarks = read(HEIGHT, WEIGHT, observed("height", 17, when="2026-03-05"))
    assert found
    assert found.area == Fraction("1.82")
    assert remarks == ("Observation/height-17-2026-03-05: height of 17 cm was set aside, it lies outside 40 to 250",)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_an_observation_without_worth_does_not_count(status: str) -> None:
    assert area(observed("bsa", "1.9", status=status), observed("bsa", "1.7", when="2026-01-01")) == Fraction("1.7")


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary", None])
def test_an_observation_of_any_other_status_counts(status: str | None) -> None:
    assert area(observed("bsa", "1.9", status=status), observed("bsa", "1.7", when="2026-01-01")) == Fraction("1.9")


def test_the_latest_counts_by_the_time_of_day_and_whatever_the_order_of_resources() -> None:
    listed = [
        observed("bsa", "1.7", when="2026-03-01T08:00:00Z"),
        observed("bsa", "1.8", when="2026-03-01T17:00:00Z"),
        observed("bsa", "1.6", when="2026-02-01"),
        observed("bsa", "1.9", when="2026-03-01T17:00:00Z"),
    ]
    for seed in range(8):
        random.Random(seed).shuffle(listed)
        assert area(*listed) == Fraction("1.9")


@pytest.mark.parametrize(
    "effective",
    [
        {"effectivePeriod": {"start": "2024-01-01", "end": "2026-03-01"}},
        {"effectivePeriod": {"start": "2026-03-01"}},
        {"effectiveInstant": "2026-03-01T10:00:00Z"},
        {"effectiveDateTime": "2026-02"},
    ],
)
def test_the_time_of_a_measurement_may_be_a_period_an_instant_or_a_month(effective: JSON) -> None:
    assert area(observed("bsa", "1.7", **{"effectiveDateTime": None, **effective})) == Fraction("1.7")


@pytest.mark.parametrize("effective", [{}, {"effectiveDateTime": "2026"}, {"effectiveDateTime": "2025"}])
def test_a_measurement_that_is_not_surely_of_the_window_does_not_count(effective: JSON) -> None:
    found, remarks = read(observed("bsa", "1.7", **{"effectiveDateTime": None, **effective}))
    assert found is None
    assert len(remarks) == 1


def test_components_count() -> None:
    panel = {
        **observed("bsa", "1"),
        "code": coded(LOINC, "85353-1"),
        "component": [
            {"code": coded(LOINC, CODES["height"]), "valueQuantity": quantity(170, "cm")},
            {"code": coded(LOINC, CODES["weight"]), "valueQuantity": quantity(70, "kg")},
        ],
    }
    found, _ = read(panel)
    assert found
    assert found.area == Fraction("1.82")
    assert found.evidence[0].path == "Observation.component.valueQuantity"


@pytest.mark.parametrize(
    "more",
    [
        {"valueQuantity": {**quantity("1.7", "m2"), "comparator": "<"}},
        {"valueQuantity": None, "dataAbsentReason": {"text": "refused"}},
        {"dataAbsentReason": {"text": "estimated"}},
        {"valueQuantity": {"value": "1.7", "unit": "m2"}},
        {"valueQuantity": {"value": Decimal("1.7")}},
        {"valueQuantity": {**quantity("1.7", "cm"), "unit": "m2"}},
    ],
)
def test_a_value_that_cannot_be_read_surely_does_not_count(more: JSON) -> None:
    found, remarks = read(observed("bsa", "1.7", **more))
    assert found is None
    assert "does not count" in remarks[0] or "set aside" in remarks[0]


def test_a_height_without_a_weight_gives_no_area() -> None:
    assert read(HEIGHT) == (None, ())


def test_observations_that_could_not_be_had_are_named() -> None:
    chart = chart_of(answers={"Observation": CouldNotAsk("the EHR answered with an error")})
    assert read_body(chart, ON, 365, load()) == (
        None,
        ("the observations were not read whole: the EHR answered with an error",),
    )


@given(
    any_resource("Observation", "status", "code", "effectiveDateTime", "valueQuantity", "component", "effectivePeriod"),
    any_resource("Observation", "valueQuantity", "dataAbsentReason"),
)
def test_any_json_never_raises(wild: JSON, value: JSON) -> None:
    read(wild, {**observed("bsa", "1.7"), **value})


def test_a_charted_area_is_its_own_evidence() -> None:
    found, remarks = read(observed("bsa", "1.735"))
    assert found
    assert [(e.reference, e.text, e.date) for e in found.evidence] == [
        ("Observation/bsa-1.735-2026-03-01", "body surface area 1.735 m2", "2026-03-01")
    ]
    assert (found.alternatives, remarks) == ((), ())


def test_one_that_is_too_old_is_named_by_its_date_where_no_other_counts() -> None:
    old, older = observed("height", 170, when="2025-03-09"), observed("height", 171, when="2020-01-01")
    _, remarks = read(older, old, WEIGHT)
    assert remarks == ("the latest height is too old: 2025-03-09 (Observation/height-170-2025-03-09)",)


def test_one_that_is_too_old_does_not_hide_those_listed_after_it() -> None:
    for listed in (
        (observed("height", 150, when="2020-01-01"), HEIGHT),
        (HEIGHT, observed("height", 150, when="2020")),
    ):
        assert area(*listed, WEIGHT) == Fraction("1.82")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"effectiveDateTime": None}, "does not count, it has no date"),
        ({"valueQuantity": None}, "does not count, it has no value that can be read"),
        ({"valueQuantity": {**quantity(170, "cm"), "comparator": "<"}}, "does not count, its value is not exact"),
        ({"valueQuantity": {"value": Decimal(170)}}, "does not count, it is not in a unit of height (none)"),
        ({"valueQuantity": quantity(17, "dm")}, "does not count, it is not in a unit of height (dm)"),
        (
            {"valueQuantity": {"value": Decimal(17), "unit": "ells"}},
            "does not count, it is not in a unit of height (ells)",
        ),
    ],
)
def test_why_a_measurement_does_not_count_is_said(changes: JSON, why: str) -> None:
    _, remarks = read(observed("height", 170, **changes))
    assert remarks == (f"Observation/height-170-2026-03-01: height {why}",)


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"unit": "cm"}, "height 170 cm"),
        ({"code": "cm"}, "height 170 cm"),
        ({"code": "cm", "unit": "CM"}, "height 170 cm"),
        ({"code": "cm", "unit": "in", "system": UCUM}, "height 170 cm"),
        ({"code": "cm", "unit": "in"}, None),
        ({"unit": "in", "system": UCUM}, None),
    ],
)
def test_a_unit_is_named_by_its_ucum_code_alone_else_by_all_that_name_it(named: JSON, text: str | None) -> None:
    found, _ = read(observed("height", 170, valueQuantity={"value": Decimal(170), **named}), WEIGHT)
    assert (found.evidence[0].text if found else None) == text


def test_of_two_of_a_day_the_later_hour_counts_and_then_the_later_issue() -> None:
    early, late = "2026-03-01T08:00:00Z", "2026-03-01T20:00:00Z"
    for listed in ((("9", early), ("1", late)), (("1", late), ("9", early))):
        taken = [observed("bsa", f"1.{digit}", when=when, id=digit) for digit, when in listed]
        assert area(*taken) == Fraction("1.1")
    for one, other in (("1.9", "1.1"), ("1.1", "1.9")):
        first = observed("bsa", one, id="z", issued="2026-03-01T09:00:00Z")
        second = observed("bsa", other, id="a", issued="2026-03-01T10:00:00Z")
        silent = observed("bsa", "1.5", id="zz")
        assert area(first, second, silent) == area(silent, second, first) == Fraction(other)


def test_a_day_that_is_only_a_month_is_told_as_one() -> None:
    found, _ = read(observed("bsa", "1.5", when="2026-02"))
    assert found
    assert found.evidence[0].date == "2026-02"
    _, remarks = read(observed("bsa", "1.5", when="2026-03"))
    assert remarks == (
        "Observation/bsa-1.5-2026-03: body surface area does not count, "
        "it is not surely of the time asked for (2026-03)",
    )


def test_the_other_formulas_take_fractions_of_centimetres_and_kilograms() -> None:
    assert (du_bois(Fraction("165.1"), Fraction("49.9")), haycock(Fraction("165.1"), Fraction("49.9"))) == (
        Fraction("1.53"),
        Fraction("1.5"),
    )
