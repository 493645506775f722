"""Suggestions in words: what a click does to the order, and what the changed order was found to get.

Says what was evaluated; proposes nothing of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID, uuid5

from cards.plain import cut, one_line
from service.suggestion import Action, Status, Suggestion

_LABEL = 160  # code points
_PROMISE = {
    Status.APPROVABLE: "approvable",
    Status.DOCUMENTATION_NEEDED: "documentation still needed",
    Status.NOT_MET: "criteria still not met",
    Status.REFER: "another policy decides",
}


def said(suggestions: Sequence[Suggestion], card: UUID) -> dict[str, object]:
    """The members of a card that offer suggestions, one of which may be taken; empty without any."""
    if not suggestions:
        return {}
    listed = [_said(one, str(uuid5(card, f"suggestion {n}"))) for n, one in enumerate(suggestions)]
    return {"suggestions": listed, "selectionBehavior": "at-most-one"}


def _said(one: Suggestion, uuid: str) -> dict[str, object]:
    told: dict[str, object] = {"label": label(one), "uuid": uuid}
    if one.recommended:
        told["isRecommended"] = True
    told["actions"] = [_action(action, one) for action in one.actions]
    return told | {"extension": {"promise": _promised(one)}}


def _promised(one: Suggestion) -> dict[str, object]:
    """For machines: what kind of change it is, and the status that the changed order was found to have (none where
    the policy asks nothing of it)."""
    kind: dict[str, object] = {"kind": one.kind}
    return kind | {"status": one.promised.value} if one.promised else kind


def label(one: Suggestion) -> str:
    """What is done, and what comes of it, in plain text."""
    return cut(f"{_does(one)} – {_promise(one)}", _LABEL)


def _does(one: Suggestion) -> str:
    what = one_line(one.says)
    match one.kind:
        case "weekly":
            return f"Change the frequency: {what}"
        case "dose":
            return f"Change the dose: {what}"
        case "product" | "generic":
            return f"Order instead: {what}"
        case "indication":
            return f"Name the indication on the order: {what}"
    assert_never(one.kind)


def _promise(one: Suggestion) -> str:
    return _PROMISE[one.promised] if one.promised else "no authorization by this policy"


def _action(action: Action, one: Suggestion) -> dict[str, object]:
    match action.type:
        case "update":
            return {"type": "update", "description": _does(one), "resource": action.resource}
        case "create":
            return {"type": "create", "description": _does(one), "resource": action.resource}
        case "delete":
            return {"type": "delete", "description": "Remove the draft order", "resourceId": action.resource_id}
    assert_never(action.type)
