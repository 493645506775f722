"""GitHub-Flavored Markdown from text that must not take effect in it: escaping, and the few shapes a card is made of.

Every text that is not written in this room goes through `escape`; it knows nothing of what the text says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cards.plain import cut, one_line

LONGEST = 240  # code points of one text: a chart's note is quoted, not copied
# What nothing needs to be done for: words on one line that no rule below looks at.
_QUIET = re.compile(
    r"""(?:[A-Za-z]|[0-9]{4}-)(?:[A-Za-z0-9,;:%()'"+=!?-]++|/(?!/)|\.(?<![wW]{3}\.)|\ (?!\ |\Z))*+""", re.VERBOSE
)
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ACTIVE = re.compile(r"[\\`*_\[\]|~#$]|(?<=\])\(")
_OPENING = re.compile(r"^(?:[-+=]|\d{1,9}(?=[.)](?: |$)))")
_LINKED = re.compile(r"//|www\.|@\S", re.IGNORECASE)
_JOINTS = re.compile(r"(?<=/)(?=/)|(?<=@)(?=\S)|(?<=www)(?=\.)|(?<=\S)(?=\.\w)", re.IGNORECASE)


def escape(text: str, limit: int = LONGEST) -> str:
    """The text for one place within a line: shown as written, with no effect as markdown or HTML (GFM 6.1 to 6.14).

    HTML's characters become entities, so that a client that renders raw HTML shows them too; others get a backslash.
    A text that opens like a list item or a rule is kept from being one. At most `limit` code points are quoted."""
    if len(text) <= limit and _QUIET.fullmatch(text):
        return text
    quoted = cut(one_line(text), limit)
    apart = " ".join(map(_apart, quoted.split(" "))) if _LINKED.search(quoted) else quoted
    quiet = _ACTIVE.sub(r"\\\g<0>", apart.translate(_ENTITIES))
    return _OPENING.sub(lambda found: _quiet_opening(found[0]), quiet)


def _apart(word: str) -> str:
    """A web or mail address, or a mention, with spaces at its joints: renderers look for these in the finished text
    (GFM 6.9), where a backslash no longer helps."""
    return _JOINTS.sub(" ", word) if _LINKED.search(word) else word


def _quiet_opening(opening: str) -> str:
    return f"{opening}\\" if opening.isdigit() else f"\\{opening}"


def bold(escaped: str) -> str:
    return f"**{escaped}**"


def section(title: str, items: Iterable[str], most: int | None = None) -> str:
    """A title over a list, with no more than `most` items and the number of those left out; empty without items,
    and empty items are none."""
    listed = [item for item in items if item]
    if not listed:
        return ""
    shown = listed if most is None or len(listed) <= most else listed[:most]
    left = len(listed) - len(shown)
    more = [f"- and {left} more"] if left else []
    return "\n".join([bold(title), "", *(f"- {item}" for item in shown), *more])


def nested(lead: str, items: Iterable[str]) -> str:
    """A list item with a list of its own."""
    return "\n".join([lead, *(f"  - {item}" for item in items)])


def paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)
