"""Amounts and rates of a text beside those of the structure."""

from decimal import Decimal
from fractions import Fraction

import pytest

from service.case import Product
from service.fhir.clash import amount_clashes, is_a_weeks, rate_clashes, spoken_amount, uncounted
from service.fhir.dose_and_rate import Said, read_dose_and_rate
from service.fhir.sig import read_sig
from service.fhir.timing import Rate

PEN = Product("brand", (), "Brand", (), strength_mg=Decimal(15), mg_per_ml=Fraction(75, 2))
SOLUTION = Product("brand", (), "Brand", (), mg_per_ml=Fraction(5, 2))


def said(value: str, unit: str = "mg", product: Product | None = None) -> Said:
    quantity = {"value": Decimal(value), "unit": unit}
    found = read_dose_and_rate({"doseAndRate": [{"doseQuantity": quantity}]}, product, None)
    assert isinstance(found, Said), found
    return found


def weekly(least: int, most: int | None = None) -> Rate:
    return Rate(Fraction(least), Fraction(most or least), "timing.repeat")


@pytest.mark.parametrize(
    ("text", "clashes"),
    [("weekly", False), ("3 times a week", False), ("4 times a week", True), ("as directed", False), ("hs", False)],
)
def test_a_rate_clashes_outside_the_structures_span(text: str, clashes: bool) -> None:
    assert rate_clashes(read_sig(text), weekly(1, 3)) is clashes


@pytest.mark.parametrize(("most", "clashes"), [(4, True), (5, False)])
def test_unsure_words_of_every_day_clash_with_a_rate_below_five(most: int, clashes: bool) -> None:
    assert rate_clashes(read_sig("daily as directed"), weekly(most)) is clashes


@pytest.mark.parametrize(("mg", "clashes"), [("16.5", False), ("16.49", True), ("17", False), ("17.01", True)])
def test_a_volume_of_a_solution_may_be_rounded_by_a_tenth_of_a_millilitre(mg: str, clashes: bool) -> None:
    assert amount_clashes(read_sig("6.7 mL weekly"), said(mg), SOLUTION) is clashes


def test_milligrams_beside_milligrams_and_a_device_are_not_rounded() -> None:
    assert amount_clashes(read_sig("16.7 mg weekly"), said("16.75"), SOLUTION)
    assert amount_clashes(read_sig("0.41 mL weekly"), said("15"), PEN)
    assert not amount_clashes(read_sig("0.4 mL weekly"), said("15"), PEN)


def test_milligrams_are_never_compared_with_milligrams_per_square_metre() -> None:
    assert not amount_clashes(read_sig("40 mg weekly"), said("10", "mg/m2"), None)
    assert amount_clashes(read_sig("40 mg/m2 weekly"), said("10", "mg/m2"), None)


def test_pieces_times_their_amount_may_be_the_dose() -> None:
    assert not amount_clashes(read_sig("6 tablets of 2.5 mg weekly"), said("15"), None)
    assert amount_clashes(read_sig("6 tablets of 2.5 mg weekly"), said("20"), None)


def test_the_larger_of_an_amount_in_two_units_counts() -> None:
    for text, mg in (("6.7 mL (16.8 mg) weekly", "16.8"), ("6.7 mL (16.7 mg) weekly", "16.75")):
        found = spoken_amount(read_sig(text), SOLUTION)
        assert found is not None
        assert found.mg == Fraction(mg)
    assert spoken_amount(read_sig("6.7 mL (17.1 mg) weekly"), SOLUTION) is None
    assert spoken_amount(read_sig("1 pen (20 mg) weekly"), PEN) is None


def test_a_weeks_total_is_the_structures_dose_times_its_rate() -> None:
    assert is_a_weeks(read_sig("20 mg/week"), said("10"), weekly(2), None)
    assert not is_a_weeks(read_sig("20 mg/week"), said("10"), weekly(1), None)
    assert not is_a_weeks(read_sig("20 mg weekly"), said("10"), weekly(2), None)


def test_several_pieces_of_no_known_strength_are_uncounted() -> None:
    assert uncounted(read_sig("2 pens weekly"), None)
    assert not uncounted(read_sig("2 pens weekly"), PEN)
    assert not uncounted(read_sig("1 pen weekly"), None)
