"""Outcomes said as CDS Hooks 2.0.1 cards. Wording lives in this room, decisions never do: it knows
`service.determination` and nothing else of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from cards import coverage, not_evaluated, safety
from cards.card import OVERRIDE, Body, Card, Topic, enclose
from cards.coverage import coverage_card
from cards.links import Page
from cards.not_evaluated import not_evaluated_card
from cards.safety import safety_cards, unchecked_card
from cards.wanted import Wanted
from service.determination import Determination, NotEvaluated, Outcome, SafetyNotice

__all__ = ["Wanted", "override_reasons", "render"]


def render(
    outcomes: Sequence[Outcome], *, service_url: str | None, seed: str, wanted: Wanted | None = None
) -> list[Card]:
    """The cards of a response: critical safety first, then coverage, then warnings, each in the orders' order.

    `service_url` is the absolute URL named as their source; `seed` is the request's, and makes their uuids its own;
    `wanted` is what the client asked for."""
    asked = wanted or Wanted()
    links = service_url if asked.links else None
    bodies = [body for outcome in outcomes for body in _bodies(outcome, links, asked) if asked.takes(body)]
    return enclose(asked.most(sorted(bodies, key=_rank)), service_url=service_url, seed=seed, version=asked.version)


def override_reasons() -> frozenset[tuple[str, str]]:
    """Every reason that a card offers, as system and code: what feedback can be counted by."""
    offered = (*coverage.REASONS, *not_evaluated.REASONS, *safety.REASONS)
    return frozenset((OVERRIDE, reason.code) for reason in offered)


def _bodies(outcome: Outcome, links: str | None, asked: Wanted) -> list[Body]:
    match outcome:
        case Determination():
            page, offered = Page.of(outcome.policy, links), outcome.suggestions
            alerts = safety_cards(outcome.order, outcome.drug, outcome.safety, page, offered)
            return [coverage_card(outcome, page, asked.forms.get(outcome.order)), *alerts]
        case SafetyNotice():
            page, offered = Page.of(outcome.policy, links), outcome.suggestions
            alerts = safety_cards(outcome.order, outcome.drug, outcome.safety, page, offered)
            return alerts or [unchecked_card(outcome.order, outcome.drug, outcome.unchecked)]
        case NotEvaluated():
            return [not_evaluated_card(outcome)]
    assert_never(outcome)


def _rank(body: Body) -> int:
    if body.indicator == "critical":
        return 0
    return 1 if body.topic is Topic.PRIOR_AUTHORIZATION else 2
