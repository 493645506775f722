"""The envelope of a card: its identity, source, topic and the reasons to override it (CDS Hooks 2.0.1, 2.8).

Knows nothing of what a card says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid5

Card = dict[str, object]
Indicator = Literal["info", "warning", "critical"]

LABEL = "Countersign"
SUMMARY = 139  # code points: fewer than 140
_TOPIC = "urn:countersign:topic"
OVERRIDE = "urn:countersign:override-reason"
_CARDS = UUID("6b0f5c1e-0d52-5a0e-9a3c-6d1f3f5a7c21")


class Topic(Enum):
    """What cards are about. Codes never change: clients keep overrides by topic."""

    PRIOR_AUTHORIZATION = ("prior-authorization", "Prior authorization")
    MEDICATION_SAFETY = ("medication-safety", "Medication safety")
    NOT_EVALUATED = ("not-evaluated", "Order not evaluated")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to override a card. A code keeps its meaning for ever: feedback is counted by it."""

    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Body:
    """What one card says of one order. `kind` tells an order's cards apart; `extension` is JSON."""

    order: str
    kind: str
    topic: Topic
    summary: str
    detail: str
    indicator: Indicator
    reasons: tuple[Reason, ...]
    extension: dict[str, object] | None = None


def enclose(bodies: Iterable[Body], *, service_url: str | None, seed: str) -> list[Card]:
    """The bodies as cards, in their order. `seed` and a card's content decide its uuid: a request repeated gets the
    same, and of two cards that say the same each has its own."""
    seen: dict[str, int] = {}
    cards: list[Card] = []
    for body in bodies:
        card = _card(body, service_url)
        name = _name(body, card, seed)
        seen[name] = seen.get(name, 0) + 1
        cards.append({"uuid": str(uuid5(_CARDS, f"{name} {seen[name]}")), **card})
    return cards


def _name(body: Body, card: Card, seed: str) -> str:
    digest = sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    return json.dumps([seed, body.order, body.kind, digest])


def _card(body: Body, service_url: str | None) -> Card:
    code, display = body.topic.value
    source: dict[str, object] = {"label": LABEL}
    if service_url:
        source["url"] = service_url
    card: Card = {
        "summary": body.summary,
        "detail": body.detail,
        "indicator": body.indicator,
        "source": source | {"topic": {"system": _TOPIC, "code": code, "display": display}},
        "overrideReasons": [{"system": OVERRIDE, "code": r.code, "display": r.display} for r in body.reasons],
    }
    return card | {"extension": body.extension} if body.extension else card
