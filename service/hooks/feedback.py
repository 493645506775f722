"""What became of cards, as clients report it (CDS Hooks 2.0.1, feedback): typed, and nothing of it in free text.

Knows the specification's form and Epic's (`overrideReasons`, and an extension in place of a reason). Of a user's
comment only that there is one is kept, not its words: they may name a patient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from service.fhir.elements import Json, text
from service.hooks.request import Invalid, TooLarge

MOST = 1_000  # items of one post: clients report for many cards at once
_LONGEST = 255
_WHEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Answer:
    """A prescriber's answer to a card. `at` is UTC; `accepted` are uuids of suggestions; the reason is a Coding's."""

    card: str
    outcome: Literal["accepted", "overridden"]
    at: datetime
    accepted: tuple[str, ...] = ()
    reason_system: str | None = None
    reason_code: str | None = None
    commented: bool = False


def parse_feedback(value: Any) -> tuple[Answer, ...]:
    """The answers in a feedback body; raises Invalid that names the field at fault."""
    if not isinstance(value, dict):
        raise Invalid("the body must be a JSON object")
    listed = value.get("feedback")
    if not isinstance(listed, list) or not listed:
        raise Invalid("feedback must be a list of at least one item", "feedback")
    if len(listed) > MOST:
        raise TooLarge(f"more than {MOST} items in one post", "feedback")
    return tuple(_answer(item, f"feedback[{n}]") for n, item in enumerate(listed))


def _answer(item: Any, place: str) -> Answer:
    if not isinstance(item, dict):
        raise Invalid(f"{place} must be a JSON object", place)
    outcome = item.get("outcome")
    if outcome not in ("accepted", "overridden"):
        raise Invalid(f"{place}.outcome must be accepted or overridden", f"{place}.outcome")
    accepted = tuple(_accepted(item, place)) if outcome == "accepted" else ()
    reasoned = next((r for r in _reasons(item) if isinstance(r, dict) and r), {})
    coding = reasoned.get("reason") if isinstance(reasoned.get("reason"), dict) else {}
    return Answer(
        card=_name(item.get("card"), f"{place}.card"),
        outcome=outcome,
        at=_when(item.get("outcomeTimestamp"), f"{place}.outcomeTimestamp"),
        accepted=accepted,
        reason_system=text(coding, "system"),
        reason_code=text(coding, "code"),
        commented=bool(text(reasoned, "userComment")),
    )


def _reasons(item: Json) -> Iterator[Any]:
    for name in ("overrideReason", "overrideReasons"):
        found = item.get(name)
        yield from found if isinstance(found, list) else [found]


def _accepted(item: Json, place: str) -> Iterator[str]:
    """The suggestions accepted: required where a card was (CDS Hooks, N86)."""
    where, listed = f"{place}.acceptedSuggestions", item.get("acceptedSuggestions")
    if not isinstance(listed, list) or not listed or len(listed) > MOST:
        raise Invalid(f"{where} must list the suggestions accepted", where)
    for n, suggestion in enumerate(listed):
        named = suggestion.get("id") if isinstance(suggestion, dict) else None
        yield _name(named, f"{where}[{n}].id")


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST:
        raise Invalid(f"{place} must be a non-empty string", place)
    return value.strip()


def _when(value: Any, place: str) -> datetime:
    """A moment of RFC 3339, whatever its offset, in UTC. A leap second is the one before it."""
    if isinstance(value, str) and _WHEN.fullmatch(value):
        try:
            return datetime.fromisoformat(_plain(value.upper())).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Invalid(f"{place} must be an RFC 3339 date and time", place)


def _plain(value: str) -> str:
    cut = re.sub(r"(\.\d{6})\d+", r"\1", value)
    return cut[:17] + "59" + cut[19:] if cut[17:19] == "60" else cut
