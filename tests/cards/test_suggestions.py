"""Suggestions in words: what a click does, what comes of it, and the shape that CDS Hooks gives them."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from cards.suggestions import label, said
from service.suggestion import Action, Kind, Status, Suggestion
from tests.cards.outcomes import HOSTILE, empties

CARD = UUID("5f0c6c1e-7d52-4a0e-9a3c-6d1f3f5a7c21")
ORDER: dict[str, Any] = {"resourceType": "MedicationRequest", "id": "m"}
LOWER = Suggestion("dose", "20 mg once weekly", (Action("update", ORDER),), Status.APPROVABLE, True)
ANEW = Suggestion(
    "generic",
    "methotrexate injection 25 mg/mL, 15 mg once weekly",
    (Action("delete", resource_id="MedicationRequest/m"), Action("create", {"resourceType": "MedicationRequest"})),
    None,
)


def told(*suggestions: Suggestion, card: UUID = CARD) -> list[Any]:
    found: Any = said(suggestions, card)
    assert found["selectionBehavior"] == "at-most-one"
    listed: list[Any] = found["suggestions"]
    return listed


@pytest.mark.parametrize(
    ("kind", "does"),
    [
        ("weekly", "Change the frequency: x"),
        ("dose", "Change the dose: x"),
        ("product", "Order instead: x"),
        ("generic", "Order instead: x"),
        ("indication", "Name the indication on the order: x"),
    ],
)
def test_each_kind_says_what_a_click_does(kind: Kind, does: str) -> None:
    one = replace(LOWER, kind=kind, says="x")
    assert label(one) == f"{does} – approvable"
    assert told(one)[0]["actions"][0]["description"] == does


@pytest.mark.parametrize(
    ("promised", "said_"),
    [
        (Status.APPROVABLE, "approvable"),
        (Status.DOCUMENTATION_NEEDED, "documentation still needed"),
        (Status.NOT_MET, "criteria still not met"),
        (Status.REFER, "another policy decides"),
        (None, "no authorization by this policy"),
    ],
)
def test_each_promise_is_said_and_told_to_machines(promised: Status | None, said_: str) -> None:
    (one,) = told(replace(LOWER, promised=promised))
    assert one["label"] == f"Change the dose: 20 mg once weekly – {said_}"
    kind = {"kind": "dose"}
    assert one["extension"] == {"promise": kind | {"status": promised.value} if promised else kind}


def test_nothing_offered_is_no_member() -> None:
    assert said((), CARD) == {}


def test_an_update_carries_the_whole_order() -> None:
    (one,) = told(LOWER)
    (action,) = one["actions"]
    assert action == {"type": "update", "description": "Change the dose: 20 mg once weekly", "resource": ORDER}


def test_another_order_is_created_once_the_draft_is_removed() -> None:
    (one,) = told(ANEW)
    assert one["actions"] == [
        {"type": "delete", "description": "Remove the draft order", "resourceId": "MedicationRequest/m"},
        {
            "type": "create",
            "description": "Order instead: methotrexate injection 25 mg/mL, 15 mg once weekly",
            "resource": {"resourceType": "MedicationRequest"},
        },
    ]


def test_only_what_is_recommended_says_so() -> None:
    first, second = told(LOWER, ANEW)
    assert first["isRecommended"] is True
    assert "isRecommended" not in second


def test_uuids_are_the_cards_own_and_one_for_each() -> None:
    found = [one["uuid"] for one in told(LOWER, LOWER, ANEW)]
    assert len(set(found)) == 3
    assert all(str(UUID(uuid)) == uuid for uuid in found)
    assert found == [one["uuid"] for one in told(LOWER, LOWER, ANEW)]
    assert not set(found) & {one["uuid"] for one in told(LOWER, LOWER, ANEW, card=uuid4())}


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_label_is_at_most_160_characters_and_shows_where_it_is_cut(over: int) -> None:
    room = 160 - len("Change the dose:  – approvable")
    found = label(replace(LOWER, says="x" * (room + over)))
    assert len(found) == min(160, 160 + over)
    assert found.endswith("…" if over == 1 else "approvable")


@pytest.mark.parametrize("text", HOSTILE)
def test_labels_and_descriptions_are_one_line_that_can_be_read(text: str) -> None:
    (one,) = told(replace(LOWER, says=text))
    for shown in (one["label"], one["actions"][0]["description"]):
        assert shown.isprintable()
        assert "  " not in shown


def test_no_member_is_empty() -> None:
    assert list(empties(said((LOWER, ANEW, replace(LOWER, promised=None)), CARD))) == []
