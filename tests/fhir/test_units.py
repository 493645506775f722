"""Quantities as milligrams, and what cannot be converted."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.case import Product
from service.fhir.units import Amount, Unread, days_in, measure, read_quantity
from tests.fhir.synthetic import UCUM

PEN = Product("otrexup", (), "Otrexup", (), strength_mg=Decimal(15), mg_per_ml=Fraction(75, 2))
SOLUTION = Product("xatmep", (), "Xatmep", (), mg_per_ml=Fraction(5, 2))
BARE = Product("otrexup", (), "Otrexup", ())


def read(value: Any, product: Product | None = None, **members: Any) -> Amount | Unread:
    return read_quantity({"value": value, **members}, product)


def milligrams(found: Amount | Unread) -> Fraction | None:
    return found.mg if isinstance(found, Amount) else None


@pytest.mark.parametrize(
    ("value", "unit", "mg"),
    [
        ("15", "mg", "15"),
        ("15", "MG", "15"),
        ("15", "milligrams", "15"),
        ("0.015", "g", "15"),
        ("15000", "ug", "15"),
        ("15000", "mcg", "15"),
        ("15000", "µg", "15"),
    ],
)
def test_a_mass_is_milligrams(value: str, unit: str, mg: str) -> None:
    assert milligrams(read(Decimal(value), unit=unit)) == Fraction(mg)
    assert milligrams(read(Decimal(value), system=UCUM, code=unit)) == Fraction(mg)


@pytest.mark.parametrize("unit", ["mg/m2", "mg/m^2", "mg/m²", "mg/sq m", "mg / m2", "milligrams per square meter"])
def test_a_mass_per_square_metre_is_one(unit: str) -> None:
    found = read(20, unit=unit)
    assert isinstance(found, Amount)
    assert (found.mg, found.per_m2) == (None, 20)


@pytest.mark.parametrize("unit", ["mL", "ml", "milliliters", "cc"])
def test_a_volume_needs_the_concentration(unit: str) -> None:
    assert milligrams(read(6, SOLUTION, unit=unit)) == 15
    assert isinstance(read(6, BARE, unit=unit), Unread)
    assert isinstance(read(6, unit=unit), Unread)


@pytest.mark.parametrize(
    "unit",
    [
        "{pen}",
        "{syringe}",
        "auto-injector",
        "Auto Injector",
        "autoinjectors",
        "prefilled syringe",
        "Pre-filled Pen",
        "1",
        "each",
    ],
)
def test_a_whole_unit_needs_the_strength(unit: str) -> None:
    assert milligrams(read(2, PEN, unit=unit)) == 30
    assert milligrams(read(2, PEN, system=UCUM, code=unit)) == 30
    assert isinstance(read(2, BARE, unit=unit), Unread)
    assert isinstance(read(2, unit=unit), Unread)


@pytest.mark.parametrize("unit", ["{tbl}", "tab(s)", "TAB", "tablets", "capsule"])
def test_a_tablet_needs_a_strength_that_is_no_liquids(unit: str) -> None:
    tablet = replace(PEN, mg_per_ml=None)
    assert milligrams(read(2, tablet, unit=unit)) == 30
    assert isinstance(read(2, PEN, unit=unit), Unread)
    assert isinstance(read(2, BARE, unit=unit), Unread)


@pytest.mark.parametrize(
    "unit", ["mg/kg", "mg/wk", "mg/mL", "mg/kg/m2", "[IU]", "units", "{Dose}", "drop", "kg", "?", "mL/m2", "1/wk"]
)
def test_a_unit_that_is_not_known_is_unread(unit: str) -> None:
    assert isinstance(read(15, PEN, unit=unit), Unread)
    assert isinstance(read(15, PEN, system=UCUM, code=unit), Unread)


@pytest.mark.parametrize("value", [0, -15, Decimal("-0.1"), "15", True, None, [15], Decimal("NaN"), Decimal("1e40")])
def test_a_value_that_is_no_number_above_zero_is_unread(value: Any) -> None:
    assert isinstance(read(value, PEN, unit="mg"), Unread)


def test_a_value_without_a_unit_or_with_a_comparator_is_unread() -> None:
    assert read(15) == Unread("15 has no unit")
    assert isinstance(read(15, unit="mg", comparator="<"), Unread)
    assert isinstance(read_quantity({}, PEN), Unread)


def test_a_code_and_words_that_differ_are_unread() -> None:
    assert isinstance(read(15, PEN, system=UCUM, code="mg", unit="mL"), Unread)
    assert isinstance(read(15, PEN, system=UCUM, code="mg", unit="mg/kg"), Unread)
    assert isinstance(read(15, PEN, system=UCUM, code="mg/kg", unit="mg"), Unread)
    assert isinstance(read(1, PEN, system=UCUM, code="1", unit="puff"), Unread)
    assert milligrams(read(1, PEN, system=UCUM, code="1", unit="auto-injector")) == 15


def test_a_code_of_another_system_leaves_the_words() -> None:
    assert milligrams(read(15, system="http://snomed.info/sct", code="258684004", unit="mg")) == 15
    assert isinstance(read(15, system="http://snomed.info/sct", code="258684004"), Unread)


def test_what_was_written_is_said_with_what_it_comes_to() -> None:
    said = [measure(Fraction(6), "mL", SOLUTION), read(1, PEN, code="{pen}"), measure(Fraction("30.1"), "mg", None)]
    assert [one.says for one in said if isinstance(one, Amount)] == ["6 mL (15 mg)", "1 pen (15 mg)", "30.1 mg"]


@given(st.fractions(min_value=Fraction(1, 100), max_value=500), st.sampled_from(["mg", "g", "ug"]))
def test_units_of_mass_convert_both_ways(value: Fraction, unit: str) -> None:
    found, one = measure(value, unit, None), measure(Fraction(1), unit, None)
    assert isinstance(found, Amount)
    assert isinstance(one, Amount)
    assert found.mg is not None
    assert one.mg is not None
    assert found.mg / one.mg == value


@pytest.mark.parametrize(("unit", "days"), [("d", "1"), ("WK", "7"), ("week", "7"), ("h", "1/24"), ("a", "365.25")])
def test_a_unit_of_time_is_days(unit: str, days: str) -> None:
    assert days_in(unit) == Fraction(days)
    assert days_in("mg") is None
    assert days_in(None) is None
