"""A change to an order that was evaluated before it is offered: what it comes to, and what the changed order gets.

Resources are opaque JSON here; knows statuses and no policy, chart or card."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["weekly", "dose", "product", "indication", "generic"]


class Status(StrEnum):
    """The four statuses of a determination, best first except `refer`, which stands apart."""

    APPROVABLE = "approvable"
    DOCUMENTATION_NEEDED = "documentation-needed"
    NOT_MET = "not-met"
    REFER = "refer"


@dataclass(frozen=True, slots=True)
class Action:
    """A change to one resource (CDS Hooks 2.0.1, N75 to N78): `resource` whole for create and update, `resource_id`
    (`Type/id`) for delete."""

    type: Literal["create", "update", "delete"]
    resource: Json | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`says` is what the order comes to ("20 mg once a week"); `promised` the status that the changed order was found
    to have, None where the policy then asks nothing of it."""

    kind: Kind
    says: str
    actions: tuple[Action, ...]
    promised: Status | None
    recommended: bool = False
