"""Safe access to FHIR JSON of any shape: an element that is not what it should be reads as absent, never raises."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

Json = dict[str, Any]

_MAGNITUDE = 18  # powers of ten beyond which a number is a mistake, and exact arithmetic a trap


class Coding(NamedTuple):
    """A coding with its white space stripped; absent members are empty text."""

    system: str
    code: str
    display: str


class Span(NamedTuple):
    """The days that a partial FHIR date can mean, both included."""

    first: date
    last: date


def child(value: Any, name: str) -> Json:
    """The object under `name`, or the first object of a list there; `{}` where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, dict):
        return found
    return next((x for x in found if isinstance(x, dict)), {}) if isinstance(found, list) else {}


def items(value: Any, name: str) -> list[Json]:
    """The objects under `name`: a list's, or a single one's (clients send both for both)."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, list):
        return [x for x in found if isinstance(x, dict)]
    return [found] if isinstance(found, dict) else []


def text(value: Any, name: str) -> str | None:
    """The non-blank text under `name`, stripped."""
    found = value.get(name) if isinstance(value, dict) else None
    return found.strip() or None if isinstance(found, str) else None


def texts(value: Any, name: str) -> list[str]:
    """The non-blank texts under `name`, of a list or a single one."""
    found = value.get(name) if isinstance(value, dict) else None
    listed = found if isinstance(found, list) else [found]
    return [x.strip() for x in listed if isinstance(x, str) and x.strip()]


def flag(value: Any, name: str) -> bool | None:
    """The boolean under `name`; text and numbers are no booleans."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, bool) else None


def number(value: Any, name: str) -> Fraction | None:
    """The finite number under `name`, exactly; text and booleans are no numbers, nor is what no chart can mean."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        return None
    if isinstance(found, Decimal) and not (found.is_finite() and abs(found.adjusted()) <= _MAGNITUDE):
        return None
    if isinstance(found, int) and abs(found) >= 10 ** (_MAGNITUDE + 1):
        return None
    return Fraction(found)


def codings(concept: Any) -> list[Coding]:
    """The codings of a CodeableConcept (or of a bare list of them), stripped of stray spaces."""
    return [_coding(coding.get) for coding in items(concept, "coding")]


def _coding(get: Callable[[str], Any]) -> Coding:
    system, code, display = get("system"), get("code"), get("display")
    return Coding(
        system.strip() if isinstance(system, str) else "",
        code.strip() if isinstance(code, str) else "",
        display.strip() if isinstance(display, str) else "",
    )


def code_of(concept: Any) -> str:
    """The first code of a CodeableConcept, or the text itself where a client sends a bare code."""
    if isinstance(concept, str):
        return concept.strip().lower()
    return next((c.code.lower() for c in codings(concept) if c.code), "")


_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?![\d])")


def span(value: Any) -> Span | None:
    """The days that a FHIR date or dateTime can mean: its first ten characters, no zone converted."""
    if not isinstance(value, str):
        return None
    if full := _full(value):
        return Span(full, full)
    match = _DATE.match(value)
    if not match:
        return None
    year, month, day = (int(g) if g else None for g in match.groups())
    try:
        assert year is not None
        first = date(year, month or 1, day or 1)
        last_month = month or 12
        last = date(year, last_month, day or calendar.monthrange(year, last_month)[1])
    except ValueError:
        return None
    return Span(first, last)


def _full(value: str) -> date | None:
    """The day that a text opens with, where it is a full date of the calendar; most are."""
    if value[4:5] != "-" or value[7:8] != "-" or value[10:11].isdecimal():
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def day(value: Any) -> date | None:
    """The day of a full FHIR date or dateTime; None for a partial or unreadable one."""
    found = span(value)
    return found.first if found and found.first == found.last else None


def label(concept: Any) -> str:
    """How people call a CodeableConcept: its text, else a display, else a code."""
    coded = codings(concept)
    named = text(concept, "text") or next((c.display for c in coded if c.display), None)
    code = next((c.code for c in coded if c.code), "")
    if named and code:
        return f"{named} ({code})"
    return named or code
