"""The request around the FHIR: its members, its context, unresolved tokens, the EHR's server and the token lent.

Says every fault at once, where the service stops at the first; knows no resource."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from service.doctor.body import called
from service.doctor.given import Given
from service.doctor.report import Level, Note
from service.fhir.elements import Json, text
from service.hooks.discovery import KEYS, SERVICES

_HOOKS = " or ".join(s.hook for s in SERVICES)
_EARLY = frozenset({"medication-prescribe", "order-review"})
_PUBLISHED = _EARLY | {
    "patient-view",
    "encounter-start",
    "encounter-discharge",
    "appointment-book",
    "order-dispatch",
    "medication-refill",
    "allergyintolerance-create",
    "problem-list-item-create",
}
_KNOWN = frozenset({"hook", "hookInstance", "fhirServer", "fhirAuthorization", "context", "prefetch", "extension"})
_TOKEN = re.compile(r"\{\{|%7b%7b", re.IGNORECASE)
_LINKS = frozenset({"reference", "id", "url", "fullUrl"})
_PLACES = 3  # unresolved tokens told one by one
_STRIPPED = (
    "The hook's context came without its orders. Epic: register the service's URL exactly as it is called (scheme, "
    "host, path, no slash at the end), and give the client id the scopes for unsigned orders; else the hook fires "
    "stripped of data. CDS Hooks sandbox: a click on the open tab sends no orders; change the order instead."
)


def envelope(given: Given) -> Iterator[Note]:
    """The notes on a request's own members, in the order in which the standard lists them."""
    yield from _hook(given)
    yield from _instance(given.body)
    yield from _context(given)
    yield from _prefetch(given.body)
    yield from _tokens(given)
    yield from _server(given)
    yield from _authorization(given)
    yield from _strays(given)


def _hook(given: Given) -> Iterator[Note]:
    hook = given.body.get("hook")
    if not isinstance(hook, str) or not hook.strip():
        yield _missing("hook", hook, f"Send {_HOOKS}.")
    elif found := next((s for s in SERVICES if s.hook == hook.strip()), None):
        yield Note("fine", "hook", "hook", f"is {found.hook}: POST it to /cds-services/{found.id}")
    else:
        named = hook.strip() if hook.strip() in _PUBLISHED else given.quotes.code(hook)
        said = f"is {named}; this service answers {_HOOKS} alone"
        mend = "Call the service on the hook that its discovery names."
        if hook.strip() in _EARLY:
            mend = "The hook is of an early CDS Hooks: configure order-select (medication-prescribe) or order-sign."
        yield Note("wrong", "hook-unknown", "hook", said, mend)


def _missing(at: str, value: Any, mend: str, code: str = "member-missing") -> Note:
    blank = isinstance(value, str)
    said = "is missing" if value is None else "is blank" if blank else f"is {called(value)}, which it may not be"
    return Note("wrong", code, at, said, mend)


def _instance(body: Json) -> Iterator[Note]:
    found = text(body, "hookInstance")
    if found is None:
        yield _missing("hookInstance", body.get("hookInstance"), "Send a new UUID with every call.")
        return
    try:
        uuid.UUID(found)
    except ValueError:
        said = "is no UUID: the service takes it, the standard asks for a UUID that is new with every call"
        yield Note("fine", "instance-no-uuid", "hookInstance", said)


def _context(given: Given) -> Iterator[Note]:
    context = given.body.get("context")
    if not isinstance(context, dict):
        yield _missing("context", context, "Send the hook's context: patientId, userId and draftOrders.")
        return
    for name, mend in (
        ("patientId", "Send the Patient's bare id."),
        ("userId", "Send the signing user as Practitioner/<id> or PractitionerRole/<id>."),
    ):
        if text(context, name) is None:
            yield _missing(f"context.{name}", context.get(name), mend)
    if "/" in (text(context, "patientId") or ""):
        said = "is a reference, where the standard asks for a bare id; its last part was taken"
        yield Note("look", "patient-id-typed", "context.patientId", said, "Send the id without Patient/.")
    if (user := text(context, "userId")) and not user.startswith(("Practitioner/", "PractitionerRole/")):
        said = "names no Practitioner or PractitionerRole: no specialty is found by it"
        yield Note("look", "user-id", "context.userId", said, "Send Practitioner/<id> or PractitionerRole/<id>.")
    if "draftOrders" not in context:
        yield Note("wrong", "context-stripped", "context.draftOrders", "is missing", _STRIPPED)
    yield from _selections(given, context)


def _selections(given: Given, context: Json) -> Iterator[Note]:
    if text(given.body, "hook") != "order-select":
        return
    found = context.get("selections")
    if not isinstance(found, list) or not all(isinstance(s, str) for s in found):
        yield _missing("context.selections", found, "Send the selected drafts as a list of references (Type/id).")
    elif given.refused is None and not given.request.orders():
        said = f"selects no MedicationRequest of the drafts ({len(found)} selected): nothing is evaluated"
        mend = "Name the drafts as they stand in draftOrders: MedicationRequest/<id>."
        yield Note("look", "selections-none", "context.selections", said, mend)


def _prefetch(body: Json) -> Iterator[Note]:
    found = body.get("prefetch")
    if found is not None and not isinstance(found, dict):
        said = f"is {called(found)}, which it may not be"
        yield Note("wrong", "prefetch-type", "prefetch", said, "Send an object: key, and the answer to its query.")


def _tokens(given: Given) -> Iterator[Note]:
    """Tokens that the EHR left as they stood: a query with one finds nothing, and looks like an empty answer."""
    found = list(_unresolved(given.body))
    mend = (
        "The EHR resolves {{context.patientId}} before it asks its server. A search with the token left in finds "
        "nothing, and its empty Bundle reads as 'nothing there'. All templates of this service use that one token."
    )
    counts = tuple(f"prefetch.{KEYS[kind]}" for kind in given.office.library.resources())
    for place in found[:_PLACES]:
        level: Level = "wrong" if place.startswith(("context.", "fhirServer", *counts)) else "look"
        yield Note(
            level, "token-unresolved", given.quotes.place(place), "holds a prefetch token that was not resolved", mend
        )
    if len(found) > _PLACES:
        said = f"{len(found) - _PLACES} more prefetch tokens were not resolved"
        yield Note("look", "token-unresolved", "the request", said)


def _unresolved(body: Json) -> Iterator[str]:
    waiting: list[tuple[str, str, Any]] = [("", "", body)]
    while waiting:
        place, member, here = waiting.pop()
        if isinstance(here, dict):
            waiting.extend((f"{place}.{_named(k)}".lstrip("."), k, v) for k, v in reversed(here.items()))
        elif isinstance(here, list):
            waiting.extend((f"{place}[{n}]", member, v) for n, v in reversed(list(enumerate(here))))
        elif isinstance(here, str) and _TOKEN.search(here) and _matters(place, member):
            yield place


def _matters(place: str, member: str) -> bool:
    """Whether a text is one that the EHR resolves; a note may hold braces."""
    direct = place.count(".") == 1 and place.startswith(("prefetch.", "context."))
    return direct or member in _LINKS or place == "fhirServer" or place.startswith("context.selections")


def _named(member: str) -> str:
    return member if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", member) else "?"


def _server(given: Given) -> Iterator[Note]:
    server = given.body.get("fhirServer")
    if server is None:
        said = "is not given: what prefetch lacks cannot be asked for"
        yield Note("fine", "server-none", "fhirServer", said)
        return
    url = given.quotes.host(server)
    if not url.startswith("http"):
        mend = "Send the base URL of the FHIR R4 server, https://…"
        yield Note("wrong", "server-no-url", "fhirServer", "is no URL that can be asked", mend)
    elif url.startswith("http:"):
        local = (urlsplit(url).hostname or "") in ("localhost", "127.0.0.1", "::1")
        said = f"is {url}: {'http, which is called on loopback alone' if local else 'http, which is not called'}"
        mend = "" if local else "Production data goes over https (CDS Hooks, fhirServer)."
        yield Note("fine" if local else "look", "server-http", "fhirServer", said, mend)
    else:
        yield Note("fine", "server", "fhirServer", f"is {url}")


def _authorization(given: Given) -> Iterator[Note]:
    lent, at = given.body.get("fhirAuthorization"), "fhirAuthorization"
    if lent is None:
        return
    if given.body.get("fhirServer") is None:
        mend = "Send fhirServer with it (CDS Hooks, cds-r-1)."
        yield Note("wrong", "authorization-alone", at, "is given without fhirServer", mend)
    if not isinstance(lent, dict):
        yield Note("wrong", "authorization-type", at, f"is {called(lent)}", "Send an object, or leave it out.")
        return
    faults = list(_faults(lent))
    for member, says, mend in faults:
        yield Note("look", "authorization", f"{at}.{member}", says, mend)
    if not faults:
        says = f"has the shape of the standard; its token lives {lent['expires_in']} s"
        yield Note("fine", "authorization", at, says)


def _faults(lent: Json) -> Iterator[tuple[str, str, str]]:
    if text(lent, "access_token") is None:
        yield "access_token", "is missing: the server cannot be asked in the user's name", "Send the token as a text."
    elif not re.fullmatch(r"[!-~]+", str(lent["access_token"])):
        yield "access_token", "holds what no header can carry: it is not used", "Send the token alone, in ASCII."
    if str(lent.get("token_type", "")).lower() != "bearer":
        said = "is missing: Bearer is assumed" if "token_type" not in lent else "is not Bearer: the token is not used"
        yield "token_type", said, "Send Bearer."
    seconds = lent.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        yield "expires_in", "is no whole number of seconds", "Send the seconds that are left, as a number."
    elif seconds <= 0:
        yield "expires_in", "says that the token is spent", "Lend a token that outlives the call (some seconds)."
    for member in ("scope", "subject"):
        if text(lent, member) is None:
            yield member, "is missing", "The standard asks for it; the service does without."


def _strays(given: Given) -> Iterator[Note]:
    """Members that stand beside prefetch and hold what seems meant for it."""
    strays = [given.quotes.key(k) for k, v in given.body.items() if k not in _KNOWN and _holds_fhir(v)]
    if strays:
        said = f"{', '.join(strays)}: FHIR beside prefetch, which the service does not read"
        yield Note("look", "members-stray", "the request", said, "Put it under prefetch.")


def _holds_fhir(value: Any) -> bool:
    inner = value.get("resource", value) if isinstance(value, dict) else None
    return isinstance(inner, dict) and "resourceType" in inner
