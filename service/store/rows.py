"""Values to rows: every id hashed, every text that a client might have filled with a patient's name left behind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from service.store.entries import Call, Feedback, Subject, Told
from service.store.keyed import Keyed

Row = dict[str, Any]

# A code and an absolute URI, as terminologies write them: no blank, no sentence, no query.
_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SYSTEM = re.compile(r"(?:https?://|urn:)[A-Za-z0-9._~:/-]{1,180}")
_OUTCOMES = frozenset({"accepted", "overridden"})
_OTHER_OUTCOME = "other"


def patient_of(keyed: Keyed, subject: Subject) -> str:
    """The patient's hash: another client, tenant or FHIR server gives another, since ids are theirs."""
    return keyed("patient", subject.client, subject.tenant, _server(subject), subject.patient)


def order_of(keyed: Keyed, patient: str, order: str | None) -> str | None:
    """An order's hash within its patient; None for one without an id."""
    return keyed("order", patient, order) if order else None


def ordered_of(keyed: Keyed, patient: str, ordered: str) -> str:
    """The hash of what an order of a patient orders."""
    return keyed("ordered", patient, ordered)


def card_of(keyed: Keyed, client: str | None, uuid: str) -> str:
    """A card's hash within its client: feedback names it by what may be any text."""
    return keyed("card", client, uuid.strip().lower())


def token_of(keyed: Keyed, issuer: str, jti: str) -> str:
    """A client token's hash."""
    return keyed("token", issuer, jti)


def _server(subject: Subject) -> str | None:
    return subject.server.rstrip("/") if subject.server is not None else None


def call_row(keyed: Keyed, call: Call) -> Row:
    """The row of a call."""
    subject = call.subject
    server = _server(subject)
    return {
        "id": call.id,
        "at": call.at,
        "correlation": call.correlation,
        "client": subject.client,
        "tenant": subject.tenant,
        "service": call.service,
        "hook": call.hook,
        "instance": keyed("instance", subject.client, call.instance),
        "server": keyed("server", server) if server is not None else None,
        "patient": patient_of(keyed, subject),
        "body": keyed("body", call.body_sha256),
        "took": dict(call.took),
        "unread": call.unread,
        "notices": call.notices,
        "not_evaluated": call.not_evaluated,
    }


def determination_rows(keyed: Keyed, call: Call) -> list[Row]:
    """The rows of a call's determinations, in their places."""
    patient = patient_of(keyed, call.subject)
    return [
        {
            "id": uuid4(),
            "call": call.id,
            "place": place,
            "order_id": order_of(keyed, patient, told.order),
            "assertion": keyed("assertion", told.assertion) if told.assertion else None,
            **_told(told),
        }
        for place, told in enumerate(call.determinations)
    ]


def _told(told: Told) -> Row:
    return {
        "policy": told.policy,
        "version": told.version,
        "digest": told.digest,
        "evaluated_on": told.evaluated_on,
        "product": told.product,
        "indication": told.indication,
        "line": told.line,
        "status": told.status,
        "pathway": told.pathway,
        "criteria": [{"id": c.id, "result": c.result, "clause": c.clause} for c in told.criteria],
        "missing": list(told.missing),
        "answerable": list(told.answerable),
        "unmet": list(told.unmet),
        "approval": [
            {"line": t.line, "months": t.months, "start": t.start.isoformat(), "end": t.end.isoformat()}
            for t in told.approval
        ],
        "approval_start": max((t.start for t in told.approval), default=None),
        "approval_end": min((t.end for t in told.approval), default=None),
        "referral": [{"line": line, "policies": list(numbers)} for line, numbers in told.referral.items()],
        "safety": list(told.safety),
        "authorization": told.authorization,
    }


def card_rows(keyed: Keyed, call: Call, determinations: list[Row]) -> list[Row]:
    """The rows of a call's cards, in their places, each with its determination's id."""
    return [
        {
            "call": call.id,
            "place": place,
            "determination": determinations[card.told]["id"] if card.told is not None else None,
            "uuid": card.uuid,
            "mark": card_of(keyed, call.subject.client, card.uuid),
            "topic": card.topic,
            "indicator": card.indicator,
        }
        for place, card in enumerate(call.cards)
    ]


def feedback_rows(keyed: Keyed, items: Sequence[Feedback], now: datetime) -> list[Row]:
    """The rows of feedback, each once and in one order (two batches with the same items then never wait for each
    other in a circle). An item is the same where client, card, outcome, time, suggestions and reason are."""
    rows = {row["id"]: row for row in (_feedback_row(keyed, item, now) for item in items)}
    return [rows[key] for key in sorted(rows)]


def _feedback_row(keyed: Keyed, item: Feedback, now: datetime) -> Row:
    card = card_of(keyed, item.client, item.card)
    accepted = sorted({keyed("suggestion", item.client, uuid) for uuid in item.accepted})
    reason = (item.reason_system, item.reason_code)
    kept = _as_code(*reason)
    return {
        "id": keyed("feedback", item.client, card, item.outcome, _instant(item.at), *accepted, *reason),
        "kept_at": now,
        "client": item.client,
        "service": item.service,
        "card": card,
        "outcome": item.outcome if item.outcome in _OUTCOMES else _OTHER_OUTCOME,
        "at": item.at,
        "accepted": accepted,
        "reason_system": kept[0] if kept else None,
        "reason_code": kept[1] if kept else None,
        "reason_withheld": any(reason) and kept is None,
        "commented": item.commented,
    }


def _instant(at: datetime) -> str:
    """A moment in one way of writing, whatever zone it came in."""
    offset = at.utcoffset()
    return (at.replace(tzinfo=None) - offset).isoformat() if offset else at.replace(tzinfo=None).isoformat()


def _as_code(system: str | None, code: str | None) -> tuple[str, str] | None:
    """A reason that is written as codes are; prose in its place is not kept."""
    if system and code and _SYSTEM.fullmatch(system) and _CODE.fullmatch(code):
        return system, code
    return None


def day(text: str) -> date:
    """A date as rows keep it inside JSON."""
    return date.fromisoformat(text)
