"""What a client asked of the cards: how many, which kinds, and whether its system actions say the rest (Da Vinci CRD).

A critical safety alert is never left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cards.card import Body, Topic, Version


@dataclass(frozen=True, slots=True)
class Wanted:
    """`filed` are the orders whose system action says what a card would only repeat, for a client that reads it;
    `version` is CRD's, whose topics cards carry; `forms` are the addresses at which an order's form is filled in."""

    links: bool = True
    warnings: bool = True
    cards: int | None = None
    filed: frozenset[str] = frozenset()
    version: Version = "2.2"
    forms: Mapping[str, str] = field(default_factory=dict)

    def takes(self, body: Body) -> bool:
        if body.topic is Topic.MEDICATION_SAFETY:
            return self.warnings or body.indicator == "critical"
        repeats = body.topic is Topic.PRIOR_AUTHORIZATION and body.order in self.filed and not body.suggestions
        return not repeats

    def most(self, bodies: Sequence[Body]) -> list[Body]:
        """At most so many, in their order; the critical ones, which come first, all."""
        if self.cards is None:
            return list(bodies)
        critical = sum(body.indicator == "critical" for body in bodies)
        return list(bodies[: max(self.cards, critical)])
