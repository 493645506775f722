"""Plain text, read conservatively."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.wording import fold, names_in, outside, plainly_named, runs, tokens


@pytest.mark.parametrize("text", ["OTREXUP 15 mg", "Otrexup® pen", "methotrexate (otrexup)", "Otrexup-15"])
def test_a_name_is_found_as_a_whole_word_in_whatever_case(text: str) -> None:
    assert names_in(["otrexup"], text)


@pytest.mark.parametrize("text", ["otrexupine", "neotrexup", "anti-otrexup serum", "otrexup-like", "trexup", ""])
def test_a_name_inside_another_word_is_not_found(text: str) -> None:
    assert not names_in(["otrexup"], text)


def test_a_name_of_two_words_is_found_across_a_hyphen_or_a_space() -> None:
    assert names_in(["brentuximab vedotin"], "Brentuximab-vedotin 50 mg")


@pytest.mark.parametrize(
    "text", ["methotrexate 2.5 mg", "Generic methotrexate", "allergy to methotrexate", "inj. methotrexate 25 mg/mL"]
)
def test_a_medicine_that_is_meant_is_plainly_named(text: str) -> None:
    assert plainly_named(["methotrexate"], text)


@pytest.mark.parametrize(
    "text",
    [
        "not methotrexate",
        "switch from methotrexate",
        "folic acid, take while on methotrexate",
        "leucovorin after high dose methotrexate",
        "instead of methotrexate",
        "no known allergy to methotrexate",
        "methotrexate equivalent",
        "methotrexate is not available",
        "methotrexate?",
        "folic acid",
    ],
)
def test_a_medicine_denied_compared_or_taken_beside_is_not_plainly_named(text: str) -> None:
    assert not plainly_named(["methotrexate"], text)


def test_accents_possessives_and_dashes_are_folded() -> None:
    assert fold("Sézary’s") == "sezary"
    assert tokens("T–cell, CD30+") == ("t", "cell", "cd30")


def test_what_stands_outside_a_phrase_is_what_is_left() -> None:
    words = tokens("severe plaque psoriasis of the scalp")
    assert outside(runs(("plaque", "psoriasis"), words), words) == ("severe", "of", "the", "scalp")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert plainly_named(["a"], text) <= names_in(["a"], text)
