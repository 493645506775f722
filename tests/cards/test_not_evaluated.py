"""The card of an order that could not be evaluated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.card import Topic
from cards.not_evaluated import not_evaluated_card
from service.determination import NotEvaluated
from tests.cards.outcomes import DRUG, HOSTILE, ORDER, active


def test_it_warns_that_this_is_no_all_clear_and_says_why() -> None:
    body = not_evaluated_card(NotEvaluated(ORDER, DRUG, "the order is of another patient", "c-1"))
    assert (body.indicator, body.topic, body.extension) == ("warning", Topic.NOT_EVALUATED, None)
    assert body.summary == f"Not evaluated, and not an all clear: prior authorization may be needed – {DRUG}"
    assert body.detail.split("\n\n") == [
        "**This order could not be evaluated.** This is not an all clear: prior authorization may still be needed, "
        "and the order was not checked for safety.",
        "Why: the order is of another patient",
        "Correlation id: c-1",
        f"Order: {DRUG} ({ORDER})",
    ]


def test_without_a_correlation_id_none_is_told() -> None:
    assert "Correlation" not in not_evaluated_card(NotEvaluated(ORDER, DRUG, "why")).detail


@pytest.mark.parametrize(("order", "ends"), [(ORDER, f" – {ORDER}"), ("", "may be needed")])
def test_without_a_drug_the_order_is_named_where_it_can_be(order: str, ends: str) -> None:
    assert not_evaluated_card(NotEvaluated(order, "", "why")).summary.endswith(ends)


@given(text=st.one_of(st.text(), st.sampled_from(HOSTILE)))
def test_no_chart_text_takes_effect(text: str) -> None:
    body = not_evaluated_card(NotEvaluated(text, text * 300, text, text))
    assert 0 < len(body.summary) <= 139
    assert body.summary.isprintable()
    assert [line for line in body.detail.split("\n") if active(line)] == []


def test_it_says_whether_dose_and_allergies_were_looked_at() -> None:
    looked, not_looked = (not_evaluated_card(NotEvaluated(ORDER, DRUG, "x", looked=yes)) for yes in (True, False))
    assert "was checked for safety by its dose and the allergies on record alone" in looked.detail
    assert "was not checked for safety" in not_looked.detail
