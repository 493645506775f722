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

from cards.links import Link
from cards.suggestions import said
from service.suggestion import Suggestion

Card = dict[str, object]
Indicator = Literal["info", "warning", "critical"]
Version = Literal["2.0", "2.2"]

LABEL = "Countersign"
SUMMARY = 139  # code points: fewer than 140
_OWN = "urn:countersign:topic"
# Da Vinci CRD's card types: its versions keep them in different code systems.
_TYPES: dict[str, str] = {
    "2.0": "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp",
    "2.2": "http://terminology.hl7.org/CodeSystem/cdshooks-card-type",
}
OVERRIDE = "urn:countersign:override-reason"
_ASSOCIATED = "davinci-crd.associated-resource"
_CARDS = UUID("6b0f5c1e-0d52-5a0e-9a3c-6d1f3f5a7c21")


_NO_TYPES: dict[str, str] = {}


class Topic(Enum):
    """What cards are about, by Da Vinci CRD's card types where one fits (resp-5). Codes never change: clients keep
    overrides by topic."""

    PRIOR_AUTHORIZATION = (_TYPES, "coverage-info", "Coverage Information")
    MEDICATION_SAFETY = (_TYPES, "contraindication", "Contraindication")
    NOT_EVALUATED = (_NO_TYPES, "not-evaluated", "Order not evaluated")


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
    suggestions: tuple[Suggestion, ...] = ()
    links: tuple[Link, ...] = ()


def enclose(bodies: Iterable[Body], *, service_url: str | None, seed: str, version: Version = "2.2") -> list[Card]:
    """The bodies as cards, in their order. `seed` and what a card says decide its uuid, not where it links to: a
    request repeated gets the same, and of two cards that say the same each has its own."""
    seen: dict[str, int] = {}
    cards: list[Card] = []
    for body in bodies:
        card = _card(body, service_url, version)
        name = _name(body, card, seed)
        seen[name] = seen.get(name, 0) + 1
        uuid = uuid5(_CARDS, f"{name} {seen[name]}")
        cards.append({"uuid": str(uuid), **card, **said(body.suggestions, uuid)})
    return cards


def _name(body: Body, card: Card, seed: str) -> str:
    says = {name: value for name, value in card.items() if name != "links"}
    content = json.dumps([says, [repr(one) for one in body.suggestions]], sort_keys=True)
    return json.dumps([seed, body.order, body.kind, sha256(content.encode()).hexdigest()])


def _card(body: Body, service_url: str | None, version: Version) -> Card:
    types, code, display = body.topic.value
    system = types.get(version, _OWN)
    source: dict[str, object] = {"label": LABEL}
    if service_url:
        source["url"] = service_url
    card: Card = {
        "summary": body.summary,
        "detail": body.detail,
        "indicator": body.indicator,
        "source": source | {"topic": {"system": system, "code": code, "display": display}},
        "overrideReasons": [{"system": OVERRIDE, "code": r.code, "display": r.display} for r in body.reasons],
    }
    if body.links:
        card["links"] = list(body.links)
    extension = (body.extension or {}) | _about(body.order)
    return card | {"extension": extension} if extension else card


def _about(order: str) -> dict[str, object]:
    """Which order a card is about (Da Vinci CRD 2.2.1, dev-25)."""
    return {_ASSOCIATED: [{"reference": order}]} if order.startswith("MedicationRequest/") else {}
