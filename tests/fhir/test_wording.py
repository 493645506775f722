"""Plain text, read conservatively."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.wording import fold, names_in, outside, plain, plainly_named, runs, signed, tokens


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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("r/o lymphoma", ("ro", "lymphoma")),
        ("R/O lymphoma", ("ro", "lymphoma")),
        ("relapse w/o", ("relapse", "without")),
        ("w/out, w / o", ("without", "without")),
        ("Sézary w/o stage", ("sezary", "without", "stage")),
        ("5 mg/oz, ar/o", ("5", "mg", "oz", "ar", "o")),
    ],
)
def test_a_denial_with_a_slash_is_a_word(text: str, wanted: tuple[str, ...]) -> None:
    assert tokens(text) == wanted


def test_a_denial_with_a_slash_keeps_its_case_and_plain_text_is_left_as_it_is() -> None:
    assert plain("RA W/O FLARE") == "RA WITHOUT FLARE"
    assert plain("Relapsed/refractory") == "Relapsed/refractory"


@pytest.mark.parametrize(
    "text", ["IB?", "≥ IB", "<IB", "relapse (-)", "relapse: -", "[ ] relapse", "( ) relapse", "Ø relapse"]
)
def test_a_sign_can_leave_a_text_in_doubt(text: str) -> None:
    assert signed(text)


@pytest.mark.parametrize("text", ["Stage IB (T2aN0M0B0)", "CD30+, 5%", "Sézary – IVA", "NK/T-cell [nasal]", "a: b; c."])
def test_plain_punctuation_leaves_no_doubt(text: str) -> None:
    assert not signed(text)


def test_what_stands_outside_a_phrase_is_what_is_left() -> None:
    words = tokens("severe plaque psoriasis of the scalp")
    assert outside(runs(("plaque", "psoriasis"), words), words) == ("severe", "of", "the", "scalp")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert plainly_named(["a"], text) <= names_in(["a"], text)
