"""What a call remembers of earlier ones, and what it leaves behind: ids are hashed by the store, no chart is kept."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from flask import g

from service.auth.gate import Verified
from service.consult import Consultation
from service.decide import Earlier, Recall
from service.determination import Determination, Evidence, NotEvaluated, SafetyNotice
from service.faults import record
from service.fhir.elements import Json, text
from service.hooks.discovery import Service
from service.hooks.request import HookRequest
from service.policy.fingerprint import Use
from service.store import Unkept
from service.store.entries import Call, CardSent, Subject, Told
from service.store.entries import Earlier as Kept
from service.web.filings import Filed, subject_of
from service.web.said import Said
from service.web.state import State

_log = logging.getLogger("countersign.records")
_NOT_READ = "Whether an earlier determination still runs could not be looked up"


def recalls(held: State, caller: Verified | None, asked: HookRequest) -> Recall:
    """How an order's earlier approvals are looked up: once for each order and day of a call."""
    subject = subject_of(caller, asked)
    found: dict[tuple[str | None, date], Earlier] = {}

    def recall(order: Json, on: date) -> Earlier:
        key = (text(order, "id"), on)
        if key not in found:
            found[key] = _recalled(held, subject, key[0], on)
        return found[key]

    return recall


def _recalled(held: State, subject: Subject, order: str | None, on: date) -> Earlier:
    if order is None or subject.server is None:
        return Earlier()
    try:
        kept = held.store.earlier(subject, on, order)
    except Unkept as error:
        record(_log, "looking up earlier determinations", error, g.correlation)
        return Earlier(why=_NOT_READ)
    return Earlier(tuple((k.product, k.indication, _evidence(k)) for k in kept if k.product and k.indication))


def _evidence(kept: Kept) -> Evidence:
    said = f"Approvable by {kept.policy} {kept.version}, from {kept.start.isoformat()} to {kept.end.isoformat()}"
    return Evidence(f"urn:uuid:{kept.id}", "determination.status", said, kept.evaluated_on.isoformat())


def remember(
    held: State,
    found: Service,
    caller: Verified | None,
    asked: HookRequest,
    consulted: Consultation,
    said: Said,
    body_sha256: bytes,
) -> bool:
    """Keep the call; whether it is kept. One that cannot be kept is answered all the same, and the failure is on
    record."""
    decided = [o for o in consulted.outcomes if isinstance(o, Determination)]
    call = Call(
        id=uuid.uuid4(),
        at=datetime.now(UTC),
        correlation=g.correlation,
        service=found.id,
        hook=found.hook,
        instance=asked.instance,
        subject=subject_of(caller, asked),
        body_sha256=body_sha256,
        determinations=tuple(_told(held, o, said.filed) for o in decided),
        cards=tuple(_sent(card, decided) for card in said.cards),
        forms=tuple(one.sent for one in said.forms),
        took=dict(g.steps),
        unread=len(consulted.failures),
        notices=sum(isinstance(o, SafetyNotice) for o in consulted.outcomes),
        not_evaluated=sum(isinstance(o, NotEvaluated) for o in consulted.outcomes),
    )
    try:
        held.store.keep(call)
    except Unkept as error:
        record(_log, "keeping a call", error, g.correlation)
        return False
    return True


def _told(held: State, determination: Determination, filings: Sequence[Filed]) -> Told:
    policy = held.office.library.revision(determination.policy.id, determination.policy.version).policy
    use = Use(determination.product, determination.indication, determination.line, determination.evaluated_on)
    means = held.meanings(determination.policy, use, tuple(f.id for f in determination.findings))
    told = Told.of(determination, policy.digest, means)
    own = next((one for one in filings if one.order == determination.order), None)
    return replace(told, assertion=own.assertion, authorization=own.number) if own else told


def _sent(card: Mapping[str, object], decided: Sequence[Determination]) -> CardSent:
    """A card by what feedback will name it; the determination's own card by the determination that it carries."""
    match card:
        case {"uuid": str() as uid, "indicator": str() as indicator, "source": {"topic": {"code": str() as topic}}}:
            return CardSent(uid, topic, indicator, _place(card, decided))
    raise ValueError("a card without uuid, indicator or topic")


def _place(card: Mapping[str, object], decided: Sequence[Determination]) -> int | None:
    match card.get("extension"):
        case {"determination": {"order": order}} | {"safety": {"order": order}}:
            return next((n for n, one in enumerate(decided) if one.order == order), None)
    return None
