"""Plain text for summaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.plain import capital, cut, line_name, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  two \n\t lines\r\n", "two lines"),
        ("a\u2028b\u2029c\u0085d\x0be", "a b c d e"),
        ("right\u202e to \u2066left\u2069", "right to left"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("bell\x07 escape\x1b[31m", "bell escape[31m"),
        pytest.param("lone \ud800surrogate", "lone surrogate", id="a lone surrogate"),
        ("\U000e0041tag", "tag"),
        ("10\u00a0mg", "10 mg"),
        ("Sézary, 20 mg/m², ≤ 5", "Sézary, 20 mg/m², ≤ 5"),
        ("\u200b\n", ""),
    ],
)
def test_a_text_is_one_line_of_printable_characters(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text())
def test_one_line_is_printable_and_settled(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert one_line(line) == line


@pytest.mark.parametrize(
    ("text", "shortened"),
    [("abcd", "abcd"), ("abcde", "abcde"), ("abcdef", "abcd…"), ("abc def", "abc…")],
)
def test_only_what_is_too_long_is_cut(text: str, shortened: str) -> None:
    assert cut(text, 5) == shortened


def test_a_capital_leaves_the_other_letters() -> None:
    assert capital("pJIA on record") == "PJIA on record"
    assert capital("") == ""


def test_a_line_of_business_has_a_name() -> None:
    assert line_name("him") == "Health Insurance Marketplace"
    assert line_name("other") == "other"
