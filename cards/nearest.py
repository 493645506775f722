"""The nearest way to yes in a line: how far away it is, and by what ("one chart note away: ...").

Says ways that were computed; orders none of them."""

from __future__ import annotations

from collections.abc import Sequence

from cards.links import Page
from cards.markdown import bold, escape
from service.determination import Determination, Step, Way

_SHOWN = 3  # steps
_COUNTS = ("no", "one", "two", "three", "four", "five", "six")


def nearest_way(told: Determination, page: Page) -> str:
    """The head of a detail that is not approvable; empty where nothing that one can do leads there."""
    way = told.nearest[0] if told.nearest else None
    if way is None or not way.steps or way.count("fact"):
        return ""
    return f"{bold(_away(way) + ':')} {_steps(way.steps, page)}{_by(way, told)}"


def _away(way: Way) -> str:
    if way.count("product"):
        return "Nearest, before what another product needs"
    documents, orders = way.count("document"), way.count("order")
    parts = [_counted(documents, "piece of documentation", "pieces of documentation")] if documents else []
    parts += [_counted(orders, "change of the order", "changes of the order")] if orders else []
    said = " and ".join(parts)
    return f"{said[:1].upper()}{said[1:]} away"


def _counted(count: int, one: str, more: str) -> str:
    named = _COUNTS[count] if count < len(_COUNTS) else str(count)
    return f"{named} {one if count == 1 else more}"


def _steps(steps: Sequence[Step], page: Page) -> str:
    listed = [_step(step, page) for step in steps[:_SHOWN]]
    more = [f"and {len(steps) - _SHOWN} more"] if len(steps) > _SHOWN else []
    return "; ".join([*listed, *more])


def _step(step: Step, page: Page) -> str:
    numbered = "." in step.criterion  # the diagnosis and the product are no clauses
    return f"{escape(step.change)} ({page.cite(step.criterion)})" if numbered else escape(step.change)


def _by(way: Way, told: Determination) -> str:
    """Which pathway it is, where it is not the determination's own."""
    return f" (by section {escape(way.pathway)})" if way.pathway and way.pathway != told.pathway else ""
