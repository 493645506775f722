"""Strengths in text, and beside a product's own table."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.strength import Reading, named_in, read_strength
from service.policy.library import load

PRODUCTS = {p.id: p for p in load().revision("CP.PHAR.134").questions.products}


def read(text: str, *products: str) -> Reading:
    return read_strength(named_in(text), [PRODUCTS[p] for p in products])


@pytest.mark.parametrize(
    ("product", "text", "mg", "per_ml"),
    [
        ("otrexup", "Otrexup 15 mg/0.4 mL", "15", Fraction(75, 2)),
        ("otrexup", "Otrexup 15 mg auto-injector", "15", Fraction(75, 2)),
        ("otrexup", "0.4 ML methotrexate 31.3 MG/ML Auto-Injector [Otrexup]", "12.5", Fraction(125, 4)),
        ("otrexup", "0.4 ML methotrexate 56.3 MG/ML Auto-Injector [Otrexup]", "22.5", Fraction(225, 4)),
        ("otrexup", "Otrexup 15 mg/0.4 mL (37.5 mg/mL)", "15", Fraction(75, 2)),
        ("rasuvo", "Rasuvo 7.5 mg per 0.15 mL", "7.5", Fraction(50)),
        ("reditrex", "RediTrex 20 mg in 0.8 mL", "20", Fraction(25)),
    ],
)
def test_a_device_strength_is_that_of_the_products_table(product: str, text: str, mg: str, per_ml: Fraction) -> None:
    found = read(text, product)
    assert (found.mg, found.per_ml, found.listed) == (Decimal(mg), per_ml, True)


@pytest.mark.parametrize(("product", "text"), [("rasuvo", "Rasuvo 50 mg/mL"), ("reditrex", "RediTrex 25 mg/mL")])
def test_a_concentration_alone_names_no_whole_unit(product: str, text: str) -> None:
    found = read(text, product)
    assert (found.mg, found.listed) == (None, True)
    assert found.per_ml == Fraction(50 if product == "rasuvo" else 25)


@pytest.mark.parametrize(
    ("product", "text"),
    [
        ("otrexup", "Otrexup 7.5 mg/0.4 mL"),
        ("otrexup", "Otrexup 10 mg/0.2 mL"),
        ("otrexup", "0.4 ML methotrexate 18.8 MG/ML Auto-Injector"),
        ("reditrex", "RediTrex 10 mg"),
        ("rasuvo", "Rasuvo 32.5 mg"),
        ("jylamvo", "Jylamvo 2.5 mg/mL"),
        ("xatmep", "Xatmep 2 mg/mL"),
    ],
)
def test_a_strength_that_the_product_is_not_made_in_is_not_listed(product: str, text: str) -> None:
    assert read(text, product).listed is False


@pytest.mark.parametrize("text", ["Otrexup, inject 30 mg weekly", "Otrexup 30 mg once a week", "Otrexup", "10 mg/m2"])
def test_a_dose_is_no_strength(text: str) -> None:
    assert read(text, "otrexup") == Reading()


def test_strengths_that_disagree_give_none() -> None:
    found = read("Otrexup 15 mg/0.4 mL, 20 mg/0.4 mL", "otrexup")
    assert found.disagree
    assert (found.mg, found.per_ml) == (None, None)


def test_a_solution_has_its_products_concentration_unless_another_is_named() -> None:
    assert read("Jylamvo", "jylamvo").per_ml == 2
    assert read("Xatmep 300 mg/120 mL", "xatmep") == Reading(per_ml=Fraction(5, 2), listed=True, says="300 mg/120 mL")
    assert read("Jylamvo 2.5 mg/mL", "jylamvo").per_ml is None


def test_several_candidates_give_what_they_share() -> None:
    assert read("20 mg/0.4 mL", "otrexup", "rasuvo").mg == 20
    assert read("7.5 mg/0.15 mL", "otrexup", "rasuvo").listed is False
    assert read("oral solution", "xatmep", "jylamvo").per_ml is None


def test_a_generic_has_the_strength_that_its_text_names() -> None:
    assert read("methotrexate 2.5 mg oral tablet").mg == Decimal("2.5")
    vial = read("Methotrexate 25 mg/mL injectable solution")
    assert (vial.mg, vial.per_ml, vial.listed) == (None, 25, None)


@given(st.text() | st.from_regex(r"[\d., ]{0,9} ?(mg|mL)( ?/ ?[\d.]{0,4} ?m[lg])?"))
def test_any_text_is_read(text: str) -> None:
    for product in PRODUCTS:
        assert read(text, product).listed in (None, True, False)
