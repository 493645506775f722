"""Rows: hashed where an id stood, empty where a client's words stood."""

from datetime import timedelta, timezone

import pytest

from service.store.keyed import Keyed
from service.store.rows import feedback_rows
from tests.store.made import AT, feedback

KEYED = Keyed(b"k" * 32)
OURS = "urn:countersign:override-reason"


def _reason(system: str | None, code: str | None) -> tuple[str | None, str | None, bool]:
    (row,) = feedback_rows(KEYED, [feedback(reason_system=system, reason_code=code)], AT)
    return row["reason_system"], row["reason_code"], row["reason_withheld"]


@pytest.mark.parametrize(
    ("system", "code"),
    [(OURS, "patient-stable"), ("https://terminology.example.org/why", "A.1_b-2"), ("urn:oid:1.2.3", "x" * 64)],
)
def test_a_reason_that_is_a_code_is_kept(system: str, code: str) -> None:
    assert _reason(system, code) == (system, code, False)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (OURS, "Jane Roe said no"),
        ("https://terminology.example.org/why", "x" * 65),
        ("https://terminology.example.org/why?name=roe", "A1"),
        ("https://terminology.example.org/" + "x" * 200, "A1"),
        ("Jane Roe", "A1"),
        (None, "A1"),
        (OURS, None),
        (OURS, ""),
        (OURS, "A1\n"),
    ],
)
def test_a_reason_that_is_no_code_is_withheld_and_said_to_be(system: str | None, code: str | None) -> None:
    assert _reason(system, code) == (None, None, True)


def test_no_reason_is_none_withheld() -> None:
    assert _reason(None, None) == (None, None, False)


def test_an_item_twice_in_a_batch_is_one_row() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=2)))
    same = [feedback(), feedback(at=elsewhere), feedback(service="prior-auth-order-select", commented=True)]
    assert len(feedback_rows(KEYED, same, AT)) == 1


@pytest.mark.parametrize(
    "differs",
    [
        {"client": None},
        {"card": "another"},
        {"outcome": "overridden"},
        {"at": AT + timedelta(microseconds=1)},
        {"accepted": ()},
        {"accepted": ("suggestion-1", "suggestion-2")},
        {"reason_system": OURS},
        {"reason_code": "patient-stable"},
    ],
    ids=lambda differs: next(iter(differs)),
)
def test_items_that_differ_in_what_identifies_them_are_two_rows(differs: dict[str, object]) -> None:
    assert len(feedback_rows(KEYED, [feedback(), feedback(**differs)], AT)) == 2


def test_the_rows_of_a_batch_are_in_one_order_whatever_the_order_they_came_in() -> None:
    items = [feedback(card=str(number)) for number in range(20)]
    assert feedback_rows(KEYED, items, AT) == feedback_rows(KEYED, items[::-1], AT)


def test_a_word_that_is_no_outcome_is_not_kept() -> None:
    (row,) = feedback_rows(KEYED, [feedback(outcome="Jane Roe went home")], AT)
    assert row["outcome"] == "other"
