"""A call of a service: who calls, what is asked, what is decided, and what is kept of it. Knows HTTP and no policy."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from time import monotonic

from flask import Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from cards import Wanted, render
from service import metrics
from service.auth.gate import Verified
from service.consult import Consultation, Ehr, consult
from service.decide import Circumstances
from service.determination import Determination, NotEvaluated, Outcome, SafetyNotice
from service.ehr import code_of
from service.hooks.discovery import Service, service
from service.hooks.request import HookRequest, Invalid, decode, parse
from service.steps import step
from service.web.errors import answer, problem
from service.web.filings import Filed, filed, version_of
from service.web.issued import Issued, answers, hand_over, issued
from service.web.recollection import recalls, remember
from service.web.said import Said
from service.web.state import State, state
from service.wire import encode

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
LIMIT = 16 * 1024 * 1024  # bytes of a body: eight times a very large chart


def call(service_id: str) -> Response:
    """Answer a hook: cards, or an error in the one shape."""
    found = service(service_id)
    if found is None:
        return problem(404, "there is no such service")
    held = state()
    with step("verify"):
        caller = admitted(held, f"/cds-services/{found.id}")
    if not is_json():
        return problem(415, "the body must be application/json")
    body = read_body()
    with step("parse"):
        asked = parse(decode(body), found)
    g.ignored = Counter(asked.crd.ignored)
    consulted = _consulted(asked, caller, held)
    said = _said(held, found, caller, asked, consulted)
    with step("record"):
        kept = remember(held, found, caller, asked, consulted, said, hashlib.sha256(body).digest())
    if not kept and (said.forms or any(one.number for one in said.filed)):
        # What is on no record would not be honoured: no authorization is given, and no form that nobody could open.
        said = _said(held, found, caller, asked, consulted, kept=False)
    metrics.form("offered", len(said.forms))
    _count(consulted)
    return answer(encode(said.body()))


def _said(
    held: State,
    found: Service,
    caller: Verified | None,
    asked: HookRequest,
    consulted: Consultation,
    *,
    kept: bool = True,
) -> Said:
    """The answer: cards with their forms, and on order-sign what is filed."""
    url = held.config.public_url or own_url()
    with step("render"):
        forms = issued(held, asked, consulted, url) if kept else ()
        filings = filed(held, caller, asked, consulted.decided, url, grants=kept)
        seed = f"{found.id} {asked.instance} {asked.patient_id}"
        wanted = _wanted(held, asked, caller, filings, forms)
        cards = render(_offered(consulted, asked), service_url=url, seed=seed, wanted=wanted)
    listed = found.hook == "order-sign" and (asked.crd.client or bool(cards))
    return Said(tuple(cards), filings, forms, always=listed)


def _wanted(
    held: State, asked: HookRequest, caller: Verified | None, filings: tuple[Filed, ...], forms: tuple[Issued, ...]
) -> Wanted:
    reads = caller is not None and caller.client.reads_system_actions
    told = frozenset(one.order for one in filings) if reads else frozenset()
    return Wanted(
        links=asked.crd.guideline,
        warnings=asked.crd.contraindication,
        cards=asked.crd.max_cards if asked.crd.client else None,
        filed=told,
        version=version_of(held, caller, asked),
        forms={one.order: one.url for one in forms},
    )


def _offered(consulted: Consultation, asked: HookRequest) -> tuple[Outcome, ...]:
    """The outcomes, without suggestions of other drugs for a client that wants none."""
    if asked.crd.alt_drug:
        return consulted.outcomes
    return tuple(_of_the_same(outcome) for outcome in consulted.outcomes)


def _of_the_same(outcome: Outcome) -> Outcome:
    if isinstance(outcome, NotEvaluated):
        return outcome
    kept = tuple(one for one in outcome.suggestions if one.kind not in ("product", "generic"))
    return replace(outcome, suggestions=kept)


def _count(consulted: Consultation) -> None:
    """What the log and the metrics say of it: numbers by declared words."""
    metrics.decided(consulted.outcomes)
    g.determinations = Counter(_kind(outcome) for outcome in consulted.outcomes)
    g.unread = Counter(code_of(why) for why in consulted.failures.values())
    for code, times in g.unread.items():
        metrics.fetch_failed(g.client, code, times)


def _kind(outcome: Outcome) -> str:
    match outcome:
        case Determination():
            return outcome.status.value
        case SafetyNotice():
            return "safety-notice"
        case NotEvaluated():
            return "not-evaluated"


def _consulted(asked: HookRequest, caller: Verified | None, held: State) -> Consultation:
    """What is decided, within the time of a call: fetching ends first, so that what is known is still said."""
    start, config = monotonic(), held.config
    circumstances = Circumstances(
        today=held.config.day(),
        correlation=g.correlation,
        recall=recalls(held, caller, asked),
        late=lambda: monotonic() > start + config.call_seconds,
        unreadable=asked.unreadable,
    )
    own = None if caller is None else caller.client.fhir_servers
    with Ehr(asked, own, held.lines, start + config.fetch_seconds) as ehr:
        consulted = consult(asked, held.office, circumstances, ehr, answers(held, caller, asked))
        hand_over(held, caller, asked, consulted.decided, ehr)
        return consulted


def admitted(held: State, *paths: str) -> Verified | None:
    """The verified client of a call to one of these paths; None where the service is open. Raises Refused."""
    if held.gate is None:
        return None
    base = held.config.public_url or own_url() or ""
    g.client = "unknown"
    caller = held.gate.admit(request.headers.get("Authorization"), [f"{base}{path}" for path in (*paths, request.path)])
    g.client = caller.client.issuer
    return caller


def own_url() -> str | None:
    """The URL that the client called, where its Host header says one."""
    return request.host_url.rstrip("/") if _HOST.fullmatch(request.host) else None


def is_json() -> bool:
    return request.mimetype == "application/json" or request.mimetype.endswith("+json")


def read_body() -> bytes:
    """The body, whole; one that stops short or is beyond the limit is refused (a chunked one says no length first)."""
    try:
        body = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception:  # each server has its own for a body that stops short or is wrongly chunked
        raise Invalid("the body could not be read whole") from None
    if len(body) >= LIMIT:
        raise RequestEntityTooLarge
    return body
