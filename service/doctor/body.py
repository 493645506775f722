"""What a body is that is no hook request: other bytes, another JSON document, a capture that wraps the request."""

from __future__ import annotations

from typing import Any

from service import wire
from service.doctor.report import Note
from service.fhir.elements import Json

_OPENINGS = (
    (b"", "is empty", "Send the hook request as the body of the POST."),
    (b"\x1f\x8b", "is compressed (gzip)", "Unpack it first; the service takes no Content-Encoding."),
    (b"\xff\xfe", "is in UTF-16", "Send UTF-8."),
    (b"\xfe\xff", "is in UTF-16", "Send UTF-8."),
    (b"\xef\xbb\xbf", "opens with a byte order mark", "Send UTF-8 without a byte order mark."),
    (b"<", "is XML or HTML", "Send FHIR as JSON (application/json); an HTML page may be a proxy's or a login's."),
)
_JSON = "Send one JSON object in UTF-8: no comments, no trailing commas, no NaN."


def open_body(body: bytes) -> tuple[Json | None, tuple[Note, ...]]:
    """The JSON object of a body, or None, and what is to be said of a body that is none or wraps another."""
    try:
        value = wire.decode(body)
    except ValueError:
        return None, (_no_json(body),)
    return _unwrapped(value)


def _no_json(body: bytes) -> Note:
    start = body.lstrip()
    for opening, says, mend in _OPENINGS:
        if start.startswith(opening) if opening else not start:
            return Note("wrong", "no-json", "the body", says, mend)
    lines = [line for line in start.splitlines() if line.strip()]
    if len(lines) > 1 and all(_object(line) for line in lines[:2]):
        return Note("wrong", "no-json", "the body", "is several JSON documents, one a line", "Give one of them.")
    if start[:1] not in (b"{", b"["):
        return Note("wrong", "no-json", "the body", "does not begin as JSON does", _JSON)
    return Note("wrong", "no-json", "the body", "is not JSON, is cut short, or nests beyond any chart", _JSON)


def _object(line: bytes) -> bool:
    try:
        return isinstance(wire.decode(line), dict)
    except ValueError:
        return False


def _unwrapped(value: Any) -> tuple[Json | None, tuple[Note, ...]]:
    if isinstance(value, str) and _object(value.encode("utf-8", "replace")):
        said = "is a JSON text that holds the request: it was encoded twice"
        return wire.decode(value.encode("utf-8", "replace")), (
            Note("wrong", "encoded-twice", "the body", said, "Encode it once."),
        )
    if not isinstance(value, dict):
        return None, (Note("wrong", "no-object", "the body", f"is {called(value)}, no JSON object", _JSON),)
    if "hook" not in value and "context" not in value:
        return _another(value)
    return value, ()


def _another(value: Json) -> tuple[Json | None, tuple[Note, ...]]:
    """A JSON object that is no request: a capture of one is opened, anything else is named."""
    for member in _WRAPPERS:
        inner = value.get(member)
        if isinstance(inner, str) and _object(inner.encode("utf-8", "replace")):
            inner = wire.decode(inner.encode("utf-8", "replace"))
        if isinstance(inner, dict) and not _MEMBERS.isdisjoint(inner):
            said = f"wraps the request in its member {member}; what follows is about that"
            return inner, (Note("look", "wrapped", "the body", said, f"Send the value of {member} alone."),)
        if isinstance(inner, dict) and (named := _document(inner)):
            return None, (named,)
    if named := _document(value):
        return None, (named,)
    if _MEMBERS.isdisjoint(value):
        said, mend = "has no member of a hook request", "Send hook, hookInstance and context (CDS Hooks 2.0)."
        return None, (Note("wrong", "no-request", "the body", said, mend),)
    return value, ()


def _document(value: Json) -> Note | None:
    """The note on a JSON object that is known for something else."""
    found = ((says, mend) for member, says, mend in _DOCUMENTS if member in value)
    return next((Note("wrong", "no-request", "the body", says, mend) for says, mend in found), None)


_MEMBERS = frozenset({"hook", "context", "hookInstance", "prefetch"})
_WRAPPERS = ("body", "request", "payload", "b")
_DOCUMENTS = (
    ("cards", "is an answer of a service, not a request", "Give the request that it answers."),
    ("services", "is a discovery answer, not a request", "Give a request of one of the hooks."),
    ("feedback", "is feedback, not a request of a hook", "Post it to /cds-services/{id}/feedback."),
    ("resourceType", "is a FHIR resource, not a request", "Put it into prefetch, or into context.draftOrders."),
)


def called(value: Any) -> str:
    """The type of a JSON value, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"
