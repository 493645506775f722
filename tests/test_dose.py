"""Dose arithmetic: exact, in both units, capped, summed over what runs together."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dose import Dose, Part, Unit, say

POSITIVE = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000)
AREAS = st.fractions(min_value=Fraction(1, 5), max_value=Fraction(7, 2), max_denominator=100)


def mg(amount: int | Fraction, per_week: int | Fraction = 1) -> Part:
    return Part(Fraction(amount), None, Fraction(per_week))


def per_m2(amount: int | Fraction, per_week: int | Fraction = 1) -> Part:
    return Part(None, Fraction(amount), Fraction(per_week))


def dose(*parts: Part) -> Dose:
    return Dose((parts,))


def test_a_step_is_summed_and_the_highest_step_counts() -> None:
    stepped = Dose(((mg(10), mg(5, 2)), (mg(15),)))
    assert stepped.weekly("mg") == 20
    assert stepped.largest_single("mg") == 15
    assert stepped.doses_per_week() == 3


def test_a_dose_without_steps_is_not_known() -> None:
    empty = Dose(unknown="no dosage instruction")
    assert (empty.weekly("mg"), empty.largest_single("mg"), empty.doses_per_week()) == (None, None, None)
    assert empty.units() == frozenset()


def test_the_other_unit_needs_the_body_surface() -> None:
    assert dose(per_m2(20)).weekly("mg") is None
    assert dose(per_m2(20)).weekly("mg", Fraction("1.5")) == 30
    assert dose(mg(30)).weekly("mg/m2") is None
    assert dose(mg(30)).weekly("mg/m2", Fraction("1.5")) == 20


def test_one_part_that_is_not_known_in_a_unit_leaves_the_sum_unknown() -> None:
    mixed = dose(mg(10), per_m2(10))
    assert mixed.weekly("mg") is None
    assert mixed.weekly("mg", Fraction(1)) == 20
    assert mixed.units() == frozenset()


def test_a_dose_said_both_ways_is_known_in_both_units_without_a_body_surface() -> None:
    both = dose(Part(Fraction(15), Fraction(10), Fraction(1)))
    assert (both.weekly("mg"), both.weekly("mg/m2")) == (15, 10)
    assert both.units() == frozenset({"mg", "mg/m2"})


@pytest.mark.parametrize(("cap", "weekly"), [("29.9", "29.9"), ("30", "30"), ("30.1", "30")])
def test_a_cap_bounds_its_own_part(cap: str, weekly: str) -> None:
    capped = replace(mg(15, 2), cap_mg=Fraction(cap))
    assert dose(capped).weekly("mg") == Fraction(weekly)
    assert dose(capped, mg(15)).weekly("mg") == Fraction(weekly) + 15


def test_a_cap_in_the_other_unit_is_brought_over_and_never_dropped() -> None:
    capped = replace(mg(15, 2), cap_per_m2=Fraction(10))
    assert dose(capped).weekly("mg", Fraction(2)) == 20
    assert dose(capped).weekly("mg") is None


@given(POSITIVE, POSITIVE, AREAS)
def test_units_convert_both_ways(amount: Fraction, per_week: Fraction, area: Fraction) -> None:
    weekly = dose(per_m2(amount, per_week)).weekly("mg", area)
    assert weekly is not None
    assert dose(mg(weekly)).weekly("mg/m2", area) == amount * per_week


@given(POSITIVE, st.lists(st.integers(1, 50), min_size=1, max_size=8), st.sampled_from(["mg", "mg/m2"]), AREAS)
def test_splitting_a_weekly_dose_into_parts_never_changes_it(
    weekly: Fraction, weights: list[int], unit: Unit, area: Fraction
) -> None:
    shares = [weekly * weight / sum(weights) for weight in weights]
    assert dose(*[mg(share) for share in shares]).weekly(unit, area) == dose(mg(weekly)).weekly(unit, area)


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=5), POSITIVE, POSITIVE, AREAS)
def test_a_part_more_never_lowers_the_weekly_dose(
    pairs: list[tuple[Fraction, Fraction]], amount: Fraction, cap: Fraction, area: Fraction
) -> None:
    parts = [mg(one, often) for one, often in pairs]
    longer = dose(*parts, replace(per_m2(amount), cap_mg=cap)).weekly("mg", area)
    shorter = dose(*parts).weekly("mg", area)
    assert longer is not None
    assert shorter is not None
    assert longer > shorter


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("30.10", "30.1"),
        ("7", "7"),
        ("0.000001", "0.000001"),
        ("0.0000001", "about 0.00"),
        ("100", "100"),
        ("7/3", "about 2.33"),
    ],
)
def test_a_number_is_said_exactly_or_as_about(value: str, said: str) -> None:
    assert say(Fraction(value)) == said


def test_a_step_of_no_parts_is_no_dose() -> None:
    empty = Dose(((),))
    assert (empty.weekly("mg"), empty.doses_per_week(), empty.largest_single("mg")) == (0, 0, None)


def test_one_step_that_is_not_known_leaves_the_highest_unknown() -> None:
    stepped = Dose(((mg(10),), (per_m2(10),)))
    assert (stepped.weekly("mg"), stepped.largest_single("mg"), stepped.doses_per_week()) == (None, None, 1)
    assert (stepped.weekly("mg", Fraction(2)), stepped.largest_single("mg", Fraction(2))) == (20, 20)
