"""The form that a card's token opens, for EHRs without an app for it: shown to the page, and taken back answered. What
is answered is kept; nothing that is kept is overwritten.

The token comes in a header, never in an address. Knows no card and decides nothing."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Response, g, request

from service import metrics, wire
from service.faults import record
from service.fhir.attestations import INDICATION, LINKED, ORDERED, PRODUCT
from service.fhir.elements import Json
from service.filled import Fault, essence, filled
from service.forms import canonical, questionnaire
from service.found import found_in
from service.hooks.request import Invalid, decode
from service.policy.form import Form, named, questions
from service.sealed import unseal
from service.store import Answers, FormKept, Unkept
from service.web.calls import is_json, read_body
from service.web.errors import problem, problems
from service.web.page import GUARDED
from service.web.state import State, state

_log = logging.getLogger("countersign.entry")
MOST = 20  # answers to the forms of one order
LIMIT = 6 * 1024 * 1024  # bytes of a submission
_TOKEN = re.compile(r"Bearer ([A-Za-z0-9_-]{20,200})")
_PERSON = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}")
_TICK = timedelta(microseconds=1)
_NAME = 200  # characters of who answers
_JOINERS = "\u200c\u200d"  # without them names in Persian or Hindi are written wrong


def offer(app: Flask) -> None:
    """The routes of the page's entries."""

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
    """The form that a token opens, as the page shows it: with what was found, and whether it was answered; `draft` is
    what the page keeps half-filled answers under, the same for every link to the same form of the same order."""
    try:
        kept, inside = _opened(held)
        form = _form(held, kept)
        last = _last(kept, form, held.store.answers_to(kept))
    except Unkept:
        return problem(503, "the form could not be read; please try again", retry_after=5)
    asked = questionnaire(form, inside["base"])
    told = {
        "questionnaire": found_in(asked, inside["found"]),
        "about": inside["about"],
        "draft": hashlib.sha256("\x1f".join((*kept.thread, kept.name)).encode()).hexdigest(),
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
    if not isinstance(given, dict):
        raise Invalid("the body must be a JSON object")
    by = _name(given.get("by"))
    if by is None:
        return _faulty((Fault("by", "Who answers must be said in words"),))
    form = _form(held, kept)
    asked, author = questionnaire(form, inside["base"]), {"display": by}
    items = filled(asked, given.get("response"), found=inside["found"], subject=inside["subject"], author=author)
    if isinstance(items, tuple):
        return _faulty(items)
    earlier = held.store.answers_to(kept)
    last = _last(kept, form, earlier)
    if given.get("replaces") != (str(last.id) if last else None):
        return _same(held, last, by, items) or _conflict(last)
    if len(earlier) >= MOST:
        return problem(403, f"this order's forms were answered {MOST} times: the answers stand")
    now = datetime.now(UTC)
    authored = datetime.combine(held.config.today, now.time(), UTC) if held.config.today else now
    if earlier:  # the latest decides, and these are later
        now = max(now, earlier[0].at + _TICK)
        authored = max(authored, *(datetime.fromisoformat(one.essence["authored"]) + _TICK for one in earlier))
    response: Json = {
        "resourceType": "QuestionnaireResponse",
        "extension": _told_beside(inside),
        "questionnaire": canonical(form, inside["base"]),
        "status": "amended" if last else "completed",
        "authored": authored.isoformat(),
        "author": author,
        "item": items,
    }
    short = response | {"item": essence(items)}
    id = held.store.submit(kept, now, len(earlier), by, short, wire.encode(response).decode())
    if id is None:
        return _conflict(_last(kept, form, held.store.answers_to(kept)))
    metrics.form("replaced" if last else "answered")
    return _private(wire.encode({"id": str(id), "at": response["authored"]}), 201)


def _name(given: Any) -> str | None:
    """A name as it is put on record: blanks made single, marks that are not seen left out but for what joins letters;
    None for what is no name."""
    if not isinstance(given, str) or len(given) > 4 * _NAME:
        return None
    seen = "".join(c for c in given if unicodedata.category(c) != "Cf" or c in _JOINERS)
    name = " ".join(seen.split())
    fine = (
        any(c.isalnum() for c in name)
        and len(name) <= _NAME
        and not any(unicodedata.category(c)[0] == "C" for c in name if c not in _JOINERS)
    )
    return name if fine else None


def _told_beside(inside: Json) -> list[Json]:
    """What is put on record beside the answers: what was ordered, of which product and for what; and who was given the
    link."""
    user = inside["user"]
    told = {ORDERED: inside["ordered"], PRODUCT: inside["product"], INDICATION: inside["indication"]}
    told |= {LINKED: user} if isinstance(user, str) and _PERSON.fullmatch(user) else {}
    return [{"url": url, "valueString": said} for url, said in told.items() if said]


def _last(kept: FormKept, form: Form, earlier: Iterable[Answers]) -> Answers | None:
    """The newest of these answers that a form's would go over: to one of its questions, and about the dose only where
    the same was ordered."""
    asked = {one.ref for one in questions(form.parts)}
    dose = {clause.ref for clause in form.policy.document.clause if clause.about_dose}
    for one in earlier:
        over = asked & _links(one.essence) - (set() if one.ordered == kept.ordered else dose)
        if over and (one.policy, one.version) == (kept.policy, kept.version):
            return one
    return None


def _links(response: Mapping[str, Any]) -> set[str]:
    """The linkIds of the items that are answered."""
    found: set[str] = set()
    waiting = [*response["item"]]
    while waiting:
        item = waiting.pop()
        waiting += item.get("item", ())
        found |= {item["linkId"]} if item.get("answer") else set()
    return found


def _same(held: State, last: Answers | None, by: str, items: list[Json]) -> Response | None:
    """What is on record already, where these are the same answers by the same: the reply to them was lost."""
    whole = held.store.response(last.id) if last and last.written_by == by else None
    if last is None or whole is None:
        return None
    response = wire.decode(whole.encode())
    if response["item"] != wire.decode(wire.encode(items)):
        return None
    return _private(wire.encode({"id": str(last.id), "at": response["authored"]}))


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


def _told(last: Answers) -> Json:
    return {"id": str(last.id), "at": last.at.isoformat(timespec="seconds"), "by": last.written_by}


def _conflict(last: Answers | None) -> Response:
    if last is None:
        return problem(409, "there are no such answers to replace", "replaces")
    by = f"by {last.written_by} at {last.at.isoformat(timespec='seconds')}"
    return problem(
        409, f"other answers are on record, {by}: they are replaced only where that is asked for", "replaces"
    )


def _faulty(faults: tuple[Fault, ...]) -> Response:
    """The faults, each at its linkId."""
    return problems(422, [(fault.says, fault.link) for fault in faults])


def _private(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json", headers={**GUARDED, "Cache-Control": "no-store"})
