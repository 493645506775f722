"""What is read back: approvals that still run, and the determinations with their calls, cards and feedback."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, and_, or_, select

from service.store.rows import day
from service.store.tables import call, card, determination, feedback

_PAGE = 200  # calls
_SIGNED = "order-sign"  # a considered order (order-select) is no approval
_APPROVED = "approvable"

Mark = tuple[datetime, UUID]
Found = Row[Any]


def approvals(patient: str, on: date, order: str) -> Select[Any]:
    """The approvals of a patient (hash) that run on a day, but for those of one order (hash) and of calls about it:
    Earlier's members."""
    told, other = determination.c, determination.alias()
    return (
        select(
            told.id,
            told.policy,
            told.version,
            told.product,
            told.indication,
            told.evaluated_on,
            told.approval_start,
            told.approval_end,
        )
        .join(call, told.call == call.c.id)
        .where(
            call.c.patient == patient,
            call.c.hook == _SIGNED,
            told.status == _APPROVED,
            told.approval_start <= on,
            told.approval_end >= on,
            told.order_id.is_not(None),
            told.order_id != order,
            told.call.not_in(select(other.c.call).where(other.c.order_id == order)),
        )
        .order_by(call.c.at.desc(), call.c.id, told.place)
    )


def missing_of(client: str | None, assertion: str) -> Select[Any]:
    """What the newest determination with an assertion id (hash) of a client's found missing, and what of it an answer
    settles (null in records of before that was kept)."""
    told = determination.c
    return (
        select(told.policy, told.version, told.missing, told.answerable)
        .join(call, told.call == call.c.id)
        .where(told.assertion == assertion, call.c.client.is_not_distinct_from(client))
        .order_by(call.c.at.desc(), call.c.id, told.place)
        .limit(1)
    )


def page(
    connection: Connection, first: datetime | None, last: datetime | None, after: Mark | None
) -> tuple[list[dict[str, Any]], Mark | None]:
    """One page of the export: its rows, and the place after which the next begins (None after the last)."""
    calls = connection.execute(_calls(first, last, after)).all()
    if not calls:
        return [], None
    ids = [row.id for row in calls]
    told = connection.execute(
        select(determination).where(determination.c.call.in_(ids)).order_by(determination.c.place)
    ).all()
    cards = connection.execute(select(card).where(card.c.call.in_(ids)).order_by(card.c.place)).all()
    answers = connection.execute(_answers(ids)).all()
    return _rows(calls, told, cards, answers), (calls[-1].at, ids[-1]) if len(calls) == _PAGE else None


def _calls(first: datetime | None, last: datetime | None, after: Mark | None) -> Select[Any]:
    chosen = select(call).order_by(call.c.at, call.c.id).limit(_PAGE)
    if first is not None:
        chosen = chosen.where(call.c.at >= first)
    if last is not None:
        chosen = chosen.where(call.c.at < last)
    if after is not None:
        at, key = after
        chosen = chosen.where(or_(call.c.at > at, and_(call.c.at == at, call.c.id > key)))
    return chosen


def _answers(ids: Sequence[UUID]) -> Select[Any]:
    marks = select(card.c.mark).where(card.c.call.in_(ids))
    return select(feedback).where(feedback.c.card.in_(marks)).order_by(feedback.c.at, feedback.c.id)


def _rows(
    calls: Iterable[Found], told: Iterable[Found], cards: Iterable[Found], answers: Iterable[Found]
) -> list[dict[str, Any]]:
    by_call: dict[UUID, list[Found]] = defaultdict(list)
    for row in told:
        by_call[row.call].append(row)
    by_mark: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in answers:
        by_mark[row.card].append(_answer(row))
    by_determination: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in cards:
        by_determination[row.determination].append(_card(row, by_mark[row.mark]))
    return [
        {**_told(row), **_call(asked), "cards": by_determination[row.id]}
        for asked in calls
        for row in by_call[asked.id]
    ]


def _told(row: Found) -> dict[str, Any]:
    return {
        "id": row.id,
        "order": row.order_id,
        "policy": row.policy,
        "version": row.version,
        "digest": row.digest,
        "evaluatedOn": row.evaluated_on,
        "product": row.product,
        "indication": row.indication,
        "lineOfBusiness": row.line,
        "status": row.status,
        "pathway": row.pathway,
        "criteria": row.criteria,
        "missing": row.missing,
        "unmet": row.unmet,
        "approval": [{**term, "start": day(term["start"]), "end": day(term["end"])} for term in row.approval],
        "referral": row.referral,
        "safety": row.safety,
        "assertion": row.assertion,
        "authorization": row.authorization,
    }


def _call(row: Found) -> dict[str, Any]:
    return {
        "call": row.id,
        "at": row.at,
        "correlation": row.correlation,
        "client": row.client,
        "tenant": row.tenant,
        "service": row.service,
        "hook": row.hook,
        "instance": row.instance,
        "server": row.server,
        "patient": row.patient,
        "body": row.body,
        "took": row.took,
        "unread": row.unread,
        "notices": row.notices,
        "notEvaluated": row.not_evaluated,
    }


def _card(row: Found, answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"uuid": row.uuid, "topic": row.topic, "indicator": row.indicator, "feedback": answers}


def _answer(row: Found) -> dict[str, Any]:
    return {
        "outcome": row.outcome,
        "at": row.at,
        "keptAt": row.kept_at,
        "accepted": row.accepted,
        "reasonSystem": row.reason_system,
        "reasonCode": row.reason_code,
        "reasonWithheld": row.reason_withheld,
        "commented": row.commented,
    }
