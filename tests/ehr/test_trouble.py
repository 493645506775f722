"""Reasons in fixed words, and the code of each."""

from __future__ import annotations

import re

import pytest

from service.ehr.trouble import Trouble, code_of, rest
from service.fhir.answers import read_answer


@pytest.mark.parametrize("trouble", Trouble)
def test_a_reason_has_a_code_whether_it_stands_for_the_whole_or_the_rest(trouble: Trouble) -> None:
    assert code_of(trouble.says) == code_of(rest(trouble)) == trouble.code
    assert re.fullmatch(r"[a-z-]{3,20}", trouble.code)
    assert len(rest(trouble)) < 140


def test_no_two_reasons_share_a_code_or_their_words() -> None:
    assert len({trouble.code for trouble in Trouble}) == len({trouble.says for trouble in Trouble}) == len(Trouble)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"resourceType": "OperationOutcome"}, "operation-outcome"),
        ("x", "not-fhir"),
        ({"resourceType": "Bundle", "entry": "x"}, "unreadable-entries"),
        ({"resourceType": "Bundle", "total": 1}, "not-whole"),
        ({"resourceType": "Bundle", "total": 2, "entry": [{"resource": {"resourceType": "Patient"}}]}, "not-whole"),
    ],
)
def test_what_is_said_of_an_answer_that_came_has_a_code_too(value: object, code: str) -> None:
    assert code_of(getattr(read_answer(value).answer, "why", "")) == code


def test_any_other_text_has_none_of_its_own() -> None:
    assert code_of("Peter Chalmers, born 1974") == code_of("") == "unnamed"
