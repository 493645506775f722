"""What a FHIR server's answer to a question means: had, nothing there, or could not be asked. Opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from service import wire
from service.case import CouldNotAsk, Had, NothingThere
from service.ehr.trouble import Trouble
from service.fhir.answers import Answered, read_answer
from service.fhir.elements import Json, items, text

_QUESTION = re.compile(r"(?P<kind>[A-Z][A-Za-z]{1,63})(?:/(?P<id>[A-Za-z0-9._-]{1,64})(?:\?[!-~]*)?|\?[!-~]*)")


@dataclass(frozen=True, slots=True)
class Question:
    """A search of a type (`id` is null), or the read of one resource."""

    kind: str
    id: str | None
    query: str


def question(query: str) -> Question | None:
    """A query relative to the server's base; None for what could lead out of it."""
    match = _QUESTION.fullmatch(query)
    if not match or "#" in query or "\\" in query or set(match["id"] or "x") == {"."} or match["id"] == "..":
        return None
    return Question(match["kind"], match["id"], query)


def resource(body: bytes) -> Json | Trouble:
    """The JSON object that a body holds; a byte order mark is no fault."""
    try:
        found = wire.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return Trouble.NOT_JSON
    return found if isinstance(found, dict) else Trouble.OTHER


def could_not(trouble: Trouble) -> Answered:
    return Answered(CouldNotAsk(trouble.says))


def refused(asked: Question, trouble: Trouble) -> Answered:
    """A resource that is not there is an answer; a type that is not known is none (FHIR R4, http.html, read)."""
    return Answered(NothingThere()) if trouble is Trouble.MISSING and asked.id is not None else could_not(trouble)


def was_read(asked: Question, found: Json) -> Answered:
    """The answer to a read: the resource asked for by type and id, and no other (another may be another patient's)."""
    if found.get("resourceType") in (asked.kind, "OperationOutcome"):
        given = read_answer(found)
        return given if not isinstance(given.answer, Had) or found.get("id") == asked.id else could_not(Trouble.OTHER)
    return could_not(Trouble.OTHER) if isinstance(found.get("resourceType"), str) else read_answer(found)


def was_searched(kind: str | None, found: Json) -> Answered:
    """The answer to a search of a type (null: of whatever), as one Bundle. Matches of other types make it not whole,
    and where there is nothing else it was no answer."""
    if found.get("resourceType") not in ("Bundle", "OperationOutcome"):
        return could_not(Trouble.OTHER) if isinstance(found.get("resourceType"), str) else read_answer(found)
    given = read_answer(found)
    kinds = _matched(found)
    if kind is None or not isinstance(given.answer, Had) or kinds <= {kind}:
        return given
    if kind not in kinds:
        return Answered(CouldNotAsk(Trouble.OTHER.says), given.entries)
    return Answered(Had(complete=False, why=given.answer.why or Trouble.OTHER.says), given.entries)


def _matched(bundle: Json) -> set[Any]:
    """The types of a Bundle's matches: what is not marked as included beside them, or as an outcome."""
    matches = [e for e in items(bundle, "entry") if text(e.get("search"), "mode") not in ("include", "outcome")]
    kinds = {text(entry.get("resource"), "resourceType") for entry in matches}
    return kinds - {"OperationOutcome", None}
