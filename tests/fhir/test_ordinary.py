"""What may stand beside a plain amount and rate, and what may not."""

import pytest

from service.fhir.ordinary import PHRASES, only_ordinary


@pytest.mark.parametrize(
    "rest", ["", "take ||||| by mouth |||||||.", "inject || under the skin", "(||) = ||", "total; oral"]
)
def test_ordinary_words_change_nothing(rest: str) -> None:
    assert only_ordinary(rest, frozenset())


@pytest.mark.parametrize(
    "rest", ["|| twice", "|| bi-", "||?", "|| + ||", "|| x bsa", "2 ||", "|| and ||", "|| m", "|| µ"]
)
def test_any_other_word_number_or_sign_is_not_ordinary(rest: str) -> None:
    assert not only_ordinary(rest, frozenset())


def test_the_medicine_may_be_called_by_its_name() -> None:
    assert only_ordinary("brand: take ||", frozenset({"brand"}))
    assert not only_ordinary("brand: take ||", frozenset({"other"}))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("with or without food", True),
        ("do not drink alcohol", True),
        ("do not use if pregnant", True),
        ("do not use", False),
        ("same", False),
    ],
)
def test_some_phrases_are_harmless_as_a_whole_alone(text: str, whole: bool) -> None:
    assert (PHRASES.fullmatch(text) is not None) is whole
