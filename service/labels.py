"""The words that logs, metrics and traces may say of a call: closed sets, declared by the edge from what is configured
and from what the policies hold. Whatever is in none of them is said as "other", so nothing of a request can be said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from service.determination import Status

Kind = Literal[
    "step",  # of one call
    "service",  # the ids of the services
    "client",  # issuers as configured; "open" where tokens are not asked for, "unknown" where none was verified
    "status",  # of a determination
    "code",  # why something could not be read
    "option",  # of a client's configuration (Da Vinci CRD)
    "refusal",  # why a token was refused
    "outcome",  # what a prescriber did with a card
    "form",  # what became of a form
    "revision",  # a policy's revision, as the names of its forms begin
    "severity",  # of an issue that a client reported (FHIR R4, issue-severity)
    "issue",  # its kind (FHIR R4, issue-type)
    "reason",  # why: the system and the code of a reason that a card offered, "system|code"
]

OTHER = "other"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_known: dict[Kind, frozenset[str]] = {
    "step": frozenset(("verify", "parse", "gather", "fetch", "decide", "deliver", "offer", "render", "record")),
    "client": frozenset(("open", "unknown")),
    "status": frozenset((*Status, "not-evaluated", "safety-notice")),
    "outcome": frozenset(("accepted", "overridden")),
    "severity": frozenset(("fatal", "error", "warning", "information")),
    "issue": frozenset(
        (
            *("invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired"),
            *("forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found"),
            *("deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule", "conflict"),
            *("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"),
            "informational",
        )
    ),
    "form": frozenset(("offered", "answered", "replaced", "delivered", "undelivered")),
}


def declare(kind: Kind, words: Iterable[str]) -> None:
    """These words may be said, beside those declared before."""
    _known[kind] = _known.get(kind, frozenset()) | frozenset(words)


def word(kind: Kind, said: object) -> str:
    """What was said if it is declared, or "other"."""
    return said if isinstance(said, str) and said in _known.get(kind, ()) else OTHER


def correlation_id(said: object) -> str:
    """What was said if it has the form of an id that the service makes for a call, or "other"."""
    return said if isinstance(said, str) and _UUID.fullmatch(said) else OTHER
