"""The card of an order that could not be evaluated: silence would read as "no authorization needed".

Knows why only in the words it is given."""

from __future__ import annotations

from cards.card import SUMMARY, Body, Reason, Topic
from cards.markdown import bold, escape, paragraphs
from cards.plain import cut, one_line
from cards.quote import UNNAMED, drug_name, order_line
from service.determination import NotEvaluated

REASONS = (
    Reason("authorization-checked-elsewhere", "Coverage was checked another way"),
    Reason("order-will-be-corrected", "The order will be corrected"),
    Reason("clinically-urgent", "The treatment is urgent"),
)


_CHECKED = "checked for safety by its dose and the allergies on record alone"


def not_evaluated_card(outcome: NotEvaluated) -> Body:
    """A warning: this is no all clear, why, and the correlation id to ask about where there is one."""
    lead = "Not evaluated, and not an all clear: prior authorization may be needed"
    named = drug_name(outcome.drug or outcome.order, 60)
    return Body(
        order=outcome.order,
        kind="not-evaluated",
        topic=Topic.NOT_EVALUATED,
        summary=cut(f"{lead} – {named}" if named != UNNAMED else lead, SUMMARY),
        detail=_detail(outcome),
        indicator="warning",
        reasons=REASONS,
    )


def _detail(outcome: NotEvaluated) -> str:
    correlation = one_line(outcome.correlation or "")
    return paragraphs(
        [
            f"{bold('This order could not be evaluated.')} This is not an all clear: prior authorization may still be "
            f"needed, and the order was {_CHECKED if outcome.looked else 'not checked for safety'}.",
            f"Why: {escape(outcome.why)}" if one_line(outcome.why) else "",
            f"Correlation id: {escape(correlation)}" if correlation else "",
            order_line(outcome.drug, outcome.order),
        ]
    )
