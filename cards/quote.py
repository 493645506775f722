"""How cards quote: a drug by name, an order, and evidence with its date and where it stands; all of it escaped.

Knows Evidence; knows no criterion and no alert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cards.markdown import escape
from cards.plain import capital, cut, one_line
from service.determination import Evidence

UNNAMED = "this order"
_QUOTED = 4  # pieces of evidence in one place; all of them are in the card's extension


def drug_name(drug: str, limit: int, product: str | None = None) -> str:
    """A drug in plain text, in at most `limit` code points; its product goes before it where the text that fits does
    not name it (RxNorm names end in the brand)."""
    whole = one_line(drug)
    short = cut(whole, limit)
    if not product or _spelled(product, short):
        return short or UNNAMED
    name = product_name(product, whole)
    return cut(f"{name}, {whole}" if whole else name, limit)


def product_name(product: str, drug: str) -> str:
    """A product's name: as the drug's text spells it, else its id with a capital letter."""
    return capital(_spelled(product, drug) or product.replace("-", " "))


def _spelled(product: str, text: str) -> str:
    found = re.search(rf"\b{re.escape(product)}\b", text, re.IGNORECASE)
    return found[0] if found else ""


def order_line(drug: str, order: str) -> str:
    """Which order a card is about (Da Vinci CRD: a card about some of the orders says which)."""
    named = escape(drug) or UNNAMED
    return f"Order: {named} ({escape(order)})" if one_line(order) else f"Order: {named}"


def cite(evidence: Sequence[Evidence]) -> str:
    """Evidence in one line, each piece as text (date, reference); empty without any."""
    distinct = list(dict.fromkeys(evidence))
    pieces = [piece for e in distinct[:_QUOTED] if (piece := _piece(e))]
    more = [f"and {len(distinct) - _QUOTED} more"] if len(distinct) > _QUOTED else []
    return "; ".join([*pieces, *more])


def _piece(evidence: Evidence) -> str:
    where = ", ".join(part for part in (escape(evidence.date or ""), escape(evidence.reference)) if part)
    text = escape(evidence.text)
    if text and where:
        return f"{text} ({where})"
    return text or where
