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


@pytest.mark.parametrize(("named", "listed"), [("31.1", False), ("31.2", True), ("31.3", True), ("31.4", False)])
def test_a_concentration_is_the_tables_within_its_rounding_to_a_tenth(named: str, listed: bool) -> None:
    found = read(f"0.4 ML methotrexate {named} MG/ML Auto-Injector", "otrexup")
    assert (found.listed, found.mg) == (listed, Decimal("12.5") if listed else None)
    assert found.per_ml == (Fraction(125, 4) if listed else Fraction(named))


def test_a_concentration_that_only_one_device_has_names_no_whole_unit() -> None:
    found = read("Otrexup 31.3 mg/mL", "otrexup")
    assert (found.mg, found.per_ml, found.listed) == (None, Fraction(125, 4), True)


@pytest.mark.parametrize(
    ("product", "text"),
    [
        ("rasuvo", "Rasuvo 10 mg/0.2 mL, 15 mg/0.3 mL"),
        ("otrexup", "Otrexup 15 mg/0.4 mL, 25 mg/mL"),
        (None, "10 mg/0.2 mL, 15 mg/0.3 mL"),
        (None, "10 mg/0.4 mL, 10 mg/0.2 mL"),
        (None, "methotrexate 2.5 mg, 10 mg tablet"),
        (None, "25 mg/mL, 50 mg/mL"),
    ],
)
def test_amounts_or_concentrations_that_disagree_alone_give_none(product: str | None, text: str) -> None:
    found = read(text, *([product] if product else []))
    assert (found.disagree, found.mg, found.per_ml) == (True, None, None)


@pytest.mark.parametrize(
    ("product", "text", "says"),
    [
        ("otrexup", "0.4 ML methotrexate 31.3 MG/ML Auto-Injector [Otrexup]", "0.4 mL of 31.3 mg/mL"),
        ("otrexup", "Otrexup 15 mg/0.4 mL", "15 mg/0.4 mL"),
        (None, "methotrexate 2.5 mg, 10 mg tablet", "2.5 mg, 10 mg"),
        (None, "methotrexate 2.5 mg tablet", "2.5 mg"),
        (None, "methotrexate tablet", None),
    ],
)
def test_a_strength_is_said_as_it_was_named(product: str | None, text: str, says: str | None) -> None:
    assert read(text, *([product] if product else [])).says == says


def test_names_that_agree_do_not_disagree() -> None:
    generic = read("10 mg/0.4 mL (25 mg/mL)")
    assert (generic.disagree, generic.mg, generic.per_ml) == (False, 10, 25)
    assert read("Otrexup 15 mg/0.4 mL (37.5 mg/mL)", "otrexup").disagree is False


@pytest.mark.parametrize(
    ("text", "mg", "per_ml"),
    [
        ("0 mg/0.4 mL", None, None),
        ("0 mg tablet", None, None),
        ("0 mg/mL", None, None),
        ("1 mg tablet", 1, None),
        ("1 mg/mL", None, 1),
        ("take 2 mL of 25 mg/mL", None, 25),
    ],
)
def test_nothing_is_no_strength_and_one_is(text: str, mg: int | None, per_ml: int | None) -> None:
    found = read(text)
    assert (found.mg, found.per_ml) == (mg, per_ml)


def test_a_concentration_is_said_as_it_was_named() -> None:
    assert read("Methotrexate 25 mg/mL").says == "25 mg/mL"


def test_the_same_amount_in_another_volume_is_not_listed() -> None:
    assert [read(text, "otrexup").listed for text in ("15 mg/0.4 mL", "15 mg/0.3 mL")] == [True, False]


def test_candidates_share_only_what_is_the_same_for_all() -> None:
    both = read("7.5 mg/0.15 mL", "rasuvo", "otrexup")
    assert (both.mg, both.listed, both.says) == (Decimal("7.5"), False, "7.5 mg/0.15 mL")
    apart = read("15 mg auto-injector", "otrexup", "xatmep")
    assert (apart.mg, apart.per_ml, apart.says) == (None, None, None)


def test_a_solution_of_another_concentration_disagrees() -> None:
    assert [read(text, "jylamvo").disagree for text in ("Jylamvo 2 mg/mL", "Jylamvo 2.5 mg/mL")] == [False, True]
