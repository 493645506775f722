"""Drugs, orders and evidence as cards quote them."""

from dataclasses import replace

import pytest

from cards.quote import cite, drug_name, order_line, product_name
from service.determination import Evidence
from tests.cards.outcomes import HOSTILE, RA, active


@pytest.mark.parametrize(
    ("drug", "product", "name"),
    [
        ("Jylamvo 2 mg/mL", "jylamvo", "Jylamvo 2 mg/mL"),
        ("methotrexate 2 mg/mL", "jylamvo", "Jylamvo, methotrexate 2 mg/mL"),
        ("methotrexate sodium 2 mg/mL oral solution [JYLAMVO]", "jylamvo", "JYLAMVO, methotrexate sodium 2 mg/mL or…"),
        ("methotrexate", None, "methotrexate"),
        ("", "jylamvo", "Jylamvo"),
        ("\u200b", None, "this order"),
    ],
)
def test_a_drug_is_named_with_its_product(drug: str, product: str | None, name: str) -> None:
    assert drug_name(drug, 40, product) == name


def test_a_product_is_spelled_as_the_order_spells_it() -> None:
    assert product_name("reditrex", "RediTrex 15 mg/0.6 mL") == "RediTrex"
    assert product_name("reditrex", "methotrexate syringe") == "Reditrex"


def test_an_order_is_named_by_drug_and_reference() -> None:
    assert order_line("Jylamvo", "MedicationRequest/a_1") == "Order: Jylamvo (MedicationRequest/a\\_1)"
    assert order_line("", "") == "Order: this order"


def test_evidence_is_cited_with_date_and_reference() -> None:
    assert cite([RA]) == "Rheumatoid arthritis (M06.9) (2025-11-02, Condition/ra)"
    assert cite([replace(RA, date=None)]) == "Rheumatoid arthritis (M06.9) (Condition/ra)"
    assert cite([replace(RA, text="")]) == "2025-11-02, Condition/ra"
    assert cite([Evidence("", "", "said so")]) == "said so"
    assert cite([]) == cite([Evidence("", "", "")]) == ""


def test_evidence_beyond_the_fourth_is_counted_and_repeats_are_not() -> None:
    pieces = [Evidence("", "", f"seen {n}") for n in range(5)]
    assert cite(pieces[:4]) == "seen 0; seen 1; seen 2; seen 3"
    assert cite(pieces) == "seen 0; seen 1; seen 2; seen 3; and 1 more"
    assert cite(pieces[:1] * 5) == "seen 0"


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_takes_no_effect(text: str) -> None:
    assert active(f"- {cite([Evidence(text, text, text, text)])}") == []
