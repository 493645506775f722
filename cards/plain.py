"""Text that is safe to show as plain text: one line, of printable characters, no longer than it may be.

Knows no markdown and no card."""

from __future__ import annotations

from service.determination import Line

ELLIPSIS = "…"
LINES: dict[Line, str] = {"commercial": "commercial", "him": "Health Insurance Marketplace", "medicaid": "Medicaid"}


def one_line(text: str) -> str:
    """The text on one line: any run of white space is a single space; control and format characters (bidirectional
    overrides and isolates, zero-width ones) and lone surrogates are left out."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """The text in at most `limit` code points, the last an ellipsis where something is left out."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + ELLIPSIS


def capital(text: str) -> str:
    """The text with its first letter a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def line_name(line: str) -> str:
    """A line of business in words; one that is not known by name, as it is."""
    return next((name for known, name in LINES.items() if known == line), line)
