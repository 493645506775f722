"""Chart text in markdown: shown, and without effect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.markdown import LONGEST, escape, nested, paragraphs, section
from cards.plain import one_line
from tests.cards.outcomes import HOSTILE, active, shown

PIECES = [*HOSTILE, *"\\`*_[]()|~#$<>&!-+=.:/@ \n", "www", "http:", "1.", "&lt;", "a"]
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Rheumatoid arthritis (M06.9), 2.5 mg/m² - weekly", "Rheumatoid arthritis (M06.9), 2.5 mg/m² - weekly"),
        ("<b onclick=x>", "&lt;b onclick=x&gt;"),
        ("&lt;", "&amp;lt;"),
        ("[x](javascript:y)", "\\[x\\]\\(javascript:y)"),
        ("a | b ` c", "a \\| b \\` c"),
        ("back\\slash", "back\\\\slash"),
        ("https://a.example/b.c", "https:/ /a .example/b .c"),
        ("WWW.a.example", "WWW .a .example"),
        ("www.", "www ."),
        ("dr@a.example", "dr@ a .example"),
        ("@everyone", "@ everyone"),
        ("15 mg @ bedtime", "15 mg @ bedtime"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("12) item", "12\\) item"),
        ("12.", "12\\."),
        ("2.5 mg", "2.5 mg"),
        ("+ item", "\\+ item"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_a_text_is_escaped_no_more_than_it_needs(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_has_no_effect(text: str) -> None:
    assert active(escape(text)) == []


@given(texts)
def test_no_text_has_any_effect(text: str) -> None:
    assert active(escape(text)) == active(f"- {escape(text)}") == active(f"said: {escape(text)}") == []


@given(texts)
def test_nothing_of_a_text_is_lost(text: str) -> None:
    assert shown(escape(text, limit=10_000)).replace(" ", "") == one_line(text).replace(" ", "")


@pytest.mark.parametrize("active_text", ["*a*", "<a>", "https://a", "www.a", "a@b.c", "- a", "1. a", "a\\", "&amp;x&"])
def test_unescaped_text_would_be_noticed(active_text: str) -> None:
    assert active(f"- {active_text}")


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert escape("x" * LONGEST) == "x" * LONGEST
    assert escape("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"


def test_a_cut_never_splits_an_escape() -> None:
    assert active(escape("*" * 500)) == []
    assert shown(escape("<" * 500)) == "<" * (LONGEST - 1) + "…"


def test_a_section_lists_its_items_and_counts_the_rest() -> None:
    assert section("Title", ["a", "b"], most=2) == "**Title**\n\n- a\n- b"
    assert section("Title", ["a", "b", "c"], most=2) == "**Title**\n\n- a\n- b\n- and 1 more"
    assert section("Title", []) == section("Title", [""]) == ""


def test_lists_nest_and_paragraphs_skip_what_is_empty() -> None:
    assert nested("lead", ["a", "b"]) == "lead\n  - a\n  - b"
    assert paragraphs(["a", "", "b"]) == "a\n\nb"
