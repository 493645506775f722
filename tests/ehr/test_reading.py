"""What an answer means, of whatever shape: read by the question that was asked."""

from __future__ import annotations

from typing import Any

import pytest

from service.case import CouldNotAsk, Had
from service.ehr.reading import Question, question, was_searched
from service.ehr.trouble import Trouble
from tests.ehr.servers import WARNING, bundle, condition

OTHER = {"resourceType": "Observation", "id": "o"}


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("Condition?patient=p1", Question("Condition", None, "Condition?patient=p1")),
        ("Medication/m.1-2_3", Question("Medication", "m.1-2_3", "Medication/m.1-2_3")),
        ("Medication/...", None),
        ("Medication/" + "x" * 64, Question("Medication", "x" * 64, "Medication/" + "x" * 64)),
        ("Medication/" + "x" * 65, None),
        ("Medication/m/_history/1", None),
        ("Patient/p1/$everything", None),
        ("medication/m", None),
    ],
)
def test_a_question_is_a_search_or_a_read(query: str, asked: Question | None) -> None:
    assert question(query) == asked


def test_matches_of_another_type_alone_are_no_answer() -> None:
    found = was_searched("Condition", bundle(OTHER))
    assert found.answer == CouldNotAsk(Trouble.OTHER.says)
    assert [entry.resource for entry in found.entries] == [OTHER]


def test_matches_of_another_type_beside_those_asked_for_make_a_list_not_whole() -> None:
    found = was_searched("Condition", bundle(condition("a"), OTHER))
    assert found.answer == Had(complete=False, why=Trouble.OTHER.says)
    assert len(found.entries) == 2


@pytest.mark.parametrize("mode", ["include", "outcome"])
def test_what_stands_beside_the_matches_does_not(mode: str) -> None:
    listed = bundle(condition("a"), OTHER, total=1)
    listed["entry"][1]["search"] = {"mode": mode}
    assert was_searched("Condition", listed).answer == Had()


def test_a_warning_beside_the_matches_does_not_either() -> None:
    assert was_searched("Condition", bundle(condition("a"), WARNING)).answer == Had()


@pytest.mark.parametrize("value", [condition("a"), {"resourceType": "Parameters"}])
def test_a_search_is_answered_by_a_bundle_alone(value: Any) -> None:
    assert was_searched("Condition", value).answer == CouldNotAsk(Trouble.OTHER.says)


def test_a_bundle_of_whatever_was_asked_for_elsewhere_is_read_as_it_is() -> None:
    assert was_searched(None, bundle(condition("a"), OTHER)).answer == Had()
