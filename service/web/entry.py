"""The page on which a form is filled in, for EHRs without an app for it: the page itself, the same for everyone, and
the form that a card's token opens. What is answered is kept; nothing that is kept is overwritten.

The token comes in a header, never in an address. Knows no card and decides nothing."""

from __future__ import annotations

import gzip
import hashlib
import logging
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from flask import Flask, Response, g, request

from service import metrics, wire
from service.faults import record
from service.fhir.elements import Json, text
from service.filled import Fault, essence, filled
from service.forms import canonical, questionnaire
from service.found import found_in
from service.hooks.request import Invalid, decode
from service.policy.form import Form, named
from service.sealed import unseal
from service.store import Answers, FormKept, Unkept
from service.web.calls import is_json, read_body
from service.web.errors import problem, problems
from service.web.state import State, state

_log = logging.getLogger("countersign.entry")
MOST = 20  # answers to one form of one order
LIMIT = 6 * 1024 * 1024  # bytes of a submission
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_TOKEN = re.compile(r"Bearer ([A-Za-z0-9_-]{20,200})")
_PERSON = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}")
_NAME = 200  # characters of who answers
_GUARDED = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def offer(app: Flask) -> None:
    """The routes of the page and of its entries."""

    @app.get("/forms/")
    def form_page() -> Response:
        return _file("form.html")

    @app.get("/forms/<path:name>")
    def form_file(name: str) -> Response:
        return _file(name) if _FILE.fullmatch(name) else problem(404, "there is no such file")

    @app.get("/forms/entry")
    def form_entry() -> Response:
        return _shown(state())

    @app.post("/forms/entry")
    def form_submitted() -> Response:
        return _submitted(state())

    @app.errorhandler(_Refused)
    def refused(error: _Refused) -> Response:
        return error.response


class _Refused(Exception):
    """A token that opens nothing (any more): the answer says why."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _shown(held: State) -> Response:
    """The form that a token opens, as the page shows it: with what was found, and whether it was answered."""
    try:
        kept, inside = _opened(held)
        last = held.store.answered(kept)
    except Unkept:
        return problem(503, "the form could not be read; please try again", retry_after=5)
    asked = questionnaire(_form(held, kept), inside["base"])
    told = {
        "questionnaire": found_in(asked, inside["found"]),
        "about": inside["about"],
        "expires": kept.until.isoformat(timespec="seconds"),
        "answered": _told(last) if last else None,
    }
    return _private(wire.encode(told))


def _submitted(held: State) -> Response:
    """Answers kept: 201, with their id."""
    if not is_json():
        return problem(415, "the body must be application/json")
    try:
        kept, inside = _opened(held)
        body = read_body()
        if len(body) > LIMIT:
            return problem(413, f"the answers with their files are more than {LIMIT // 1024 // 1024} MB")
        return _kept(held, kept, inside, decode(body))
    except Unkept as error:
        record(_log, "keeping answers", error, g.correlation)
        return problem(503, "the answers could not be kept; please send them again", retry_after=5)


def _kept(held: State, kept: FormKept, inside: Json, given: Any) -> Response:
    given = given if isinstance(given, dict) else {}
    by = text(given, "by")
    if by is None or len(by) > _NAME or not by.isprintable():
        raise Invalid("who answers must be said in words", "by")
    form = _form(held, kept)
    asked = questionnaire(form, inside["base"])
    author = _author(inside, by)
    items = filled(asked, given.get("response"), found=inside["found"], subject=inside["subject"], author=author)
    if isinstance(items, tuple):
        return _faulty(items)
    last = held.store.answered(kept)
    if given.get("replaces") != (str(last.id) if last else None):
        return _conflict(last)
    if last and last.place + 1 >= MOST:
        return problem(429, f"this form was answered {MOST} times: its answers stand")
    now = datetime.now(UTC)
    if last:
        now = max(now, last.at + timedelta(microseconds=1))  # the latest decides, and these are later
    authored = datetime.combine(held.config.today, now.time(), UTC) if held.config.today else now
    response: Json = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": canonical(form, inside["base"]),
        "status": "amended" if last else "completed",
        "authored": authored.isoformat(),
        "author": author,
        "item": items,
    }
    short = response | {"item": essence(items)}
    id = held.store.submit(kept, now, last.place + 1 if last else 0, by, short, wire.encode(response).decode())
    if id is None:
        return _conflict(held.store.answered(kept))
    metrics.form("replaced" if last else "answered")
    return _private(wire.encode({"id": str(id), "at": response["authored"]}), 201)


def _opened(held: State) -> tuple[FormKept, Json]:
    """The form that the caller's token opens, and what is sealed in it."""
    match = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
    kept = held.store.form(match[1]) if match else None
    if match is None or kept is None:
        raise _Refused(problem(401, "there is no form under this link"))
    if datetime.now(UTC) >= kept.until:
        raise _Refused(problem(410, "the link has expired"))
    inside: Json = unseal(match[1], kept.sealed)
    return kept, inside


def _form(held: State, kept: FormKept) -> Form:
    found = named((revision.policy for revision in held.office.library.revisions()), kept.name)
    if found is None:
        raise _Refused(problem(410, "the policy's revision that asked for it is not on file any more"))
    return found


def _author(inside: Json, by: str) -> Json:
    """Who answers: the name that was written, and the EHR's user for whom the card was made."""
    user = inside.get("user")
    return ({"reference": user} if isinstance(user, str) and _PERSON.fullmatch(user) else {}) | {"display": by}


def _told(last: Answers) -> Json:
    return {"id": str(last.id), "at": last.at.isoformat(timespec="seconds"), "by": last.written_by}


def _conflict(last: Answers | None) -> Response:
    by = f", by {last.written_by} at {last.at.isoformat(timespec='seconds')}" if last else ""
    return problem(409, f"other answers are on record{by}: they are replaced only where that is asked for", "replaces")


def _faulty(faults: tuple[Fault, ...]) -> Response:
    """The faults, each at its linkId."""
    return problems(422, [(fault.says, fault.link) for fault in faults])


def _private(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json", headers={**_GUARDED, "Cache-Control": "no-store"})


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page, as it is and compressed; its content's digest."""

    plain: bytes
    packed: bytes
    digest: str


def _file(name: str) -> Response:
    """A file of the page, which a browser may keep and asks about each time: its parts must be of one version."""
    found = _files().get(name)
    if found is None:
        return problem(404, "there is no such file")
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(found.packed if packed else found.plain, content_type=f"{kind}; charset=utf-8")
    response.headers.update({**_GUARDED, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"})
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{found.digest}{'-gzip' if packed else ''}")
    response.make_conditional(request)
    return response


@lru_cache(maxsize=1)
def _files() -> Mapping[str, _File]:
    """The page's files by name, read and compressed once."""
    root = files("service.web") / "static"
    found = {}
    for place in root.iterdir():
        inner = place.iterdir() if place.is_dir() else ()
        for one in (place, *inner):
            if one.is_file():
                body = one.read_bytes()
                name = one.name if one is place else f"{place.name}/{one.name}"
                found[name] = _File(body, gzip.compress(body, 6, mtime=0), hashlib.sha256(body).hexdigest()[:32])
    return found
