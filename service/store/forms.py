"""Forms that cards link to and the answers to them: sent with a call, opened by a token, answered one after the other.

Answers are added and never changed: the newest of an order's counts where two say otherwise, and both stay."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, or_, select
from sqlalchemy.exc import IntegrityError

from service import wire
from service.sealed import mark
from service.store import rows
from service.store.entries import Answers, Call, FormKept, OrderKey, Subject
from service.store.keyed import Keyed
from service.store.tables import answers, delivered, form

_COLUMNS = ("id", "at", "policy", "version", "name", "place", "written_by", "ordered", "essence")


def form_rows(keyed: Keyed, call: Call) -> list[rows.Row]:
    """The rows of the forms that a call's cards link to."""
    patient = rows.patient_of(keyed, call.subject)
    return [
        {
            "id": mark(sent.token),
            "call": call.id,
            "until": sent.until,
            "patient": patient,
            "order_id": rows.order_of(keyed, patient, sent.order.order),
            "ordered": rows.ordered_of(keyed, patient, sent.order.ordered),
            "policy": sent.policy,
            "version": sent.version,
            "name": sent.name,
            "sealed": sent.sealed,
        }
        for sent in call.forms
    ]


class Forms:
    """The records' part about forms. Every method raises Unkept where the database fails."""

    def form(self, token: str) -> FormKept | None:
        """The form that a token opens, expired or not; None for a token of none."""
        told = form.c
        named = (
            told.patient,
            told.order_id,
            told.ordered,
            told.until,
            told.policy,
            told.version,
            told.name,
            told.sealed,
        )
        with self._reading() as connection:
            row = connection.execute(select(*named).where(told.id == mark(token))).first()
        return FormKept((row.patient, row.order_id), *row[2:]) if row else None

    def answers_to(self, kept: FormKept) -> tuple[Answers, ...]:
        """What was answered for a form's order, whichever of its forms was, the newest first."""
        patient, order = kept.thread
        given = (answers.c.patient == patient, answers.c.order_id == order)
        with self._reading() as connection:
            return tuple(Answers(*row) for row in connection.execute(_newest().where(*given)))

    def response(self, id: UUID) -> str | None:
        """The whole response (JSON) of answers."""
        with self._reading() as connection:
            return connection.scalar(select(answers.c.response).where(answers.c.id == id))

    def submit(
        self, kept: FormKept, at: datetime, place: int, written_by: str, essence: Mapping[str, Any], response: str
    ) -> UUID | None:
        """The id that answers are kept under, as the `place`-th to their order; None where others are there already:
        nothing is overwritten, and nobody's answers go unseen."""
        patient, order = kept.thread
        row = {
            "id": uuid4(),
            "at": at,
            "patient": patient,
            "order_id": order,
            "ordered": kept.ordered,
            "policy": kept.policy,
            "version": kept.version,
            "name": kept.name,
            "place": place,
            "turn": place,
            "written_by": written_by,
            "essence": dict(essence),
            "response": response,
        }
        with self._writing() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(answers), row)
            except IntegrityError:
                return None
        return UUID(str(row["id"]))

    def answers_of(self, subject: Subject, orders: Sequence[OrderKey]) -> tuple[Answers, ...]:
        """What was answered for these orders of a patient, the newest first: under what they are known by, or where
        the same was ordered (an EHR may give a draft another id in every call)."""
        given = self._given_for(subject, orders)
        with self._reading() as connection:
            return tuple(Answers(*row) for row in connection.execute(_newest().where(given)))

    def undelivered(
        self, subject: Subject, orders: Sequence[OrderKey], since: datetime, most: int
    ) -> tuple[Answers, ...]:
        """What was answered for these orders from an instant on and no EHR has yet, the oldest `most` of it."""
        waiting = (answers.c.at >= since, answers.c.id.not_in(select(delivered.c.id)))
        with self._reading() as connection:
            oldest = _given().where(self._given_for(subject, orders), *waiting).order_by(answers.c.at).limit(most)
            return tuple(Answers(*row) for row in connection.execute(oldest))

    def export_answers(self, since: date | None = None, until: date | None = None) -> Iterator[dict[str, Any]]:
        """The answers kept from `since` on and before `until` (days, UTC), oldest first, each with its whole response.
        Read one by one: a response may hold documents of some megabytes."""
        chosen = select(answers.c.id).order_by(answers.c.at, answers.c.id)
        if since is not None:
            chosen = chosen.where(answers.c.at >= datetime.combine(since, time(), UTC))
        if until is not None:
            chosen = chosen.where(answers.c.at < datetime.combine(until, time(), UTC))
        with self._reading() as connection:
            ids = list(connection.scalars(chosen))
        for id in ids:
            with self._reading() as connection:
                row = connection.execute(
                    select(answers, delivered.c.at.label("handed")).select_from(_delivered).where(answers.c.id == id)
                ).first()
            if row is not None:  # else it was pruned meanwhile
                yield _told(row)

    def deliver(self, id: UUID, at: datetime) -> None:
        """Put on record that an EHR has these answers; once is enough."""
        with self._writing() as connection, suppress(IntegrityError), connection.begin_nested():
            connection.execute(insert(delivered), {"id": id, "at": at})

    def _given_for(self, subject: Subject, orders: Sequence[OrderKey]) -> ColumnElement[bool]:
        keyed = self._key()
        patient = rows.patient_of(keyed, subject)
        known = [hashed for one in orders if (hashed := rows.order_of(keyed, patient, one.order))]
        same = [rows.ordered_of(keyed, patient, one.ordered) for one in orders]
        return and_(answers.c.patient == patient, or_(answers.c.order_id.in_(known), answers.c.ordered.in_(same)))

    @abstractmethod
    def _key(self) -> Keyed: ...

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]: ...


_delivered = answers.outerjoin(delivered, answers.c.id == delivered.c.id)


def _told(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": row.at,
        "patient": row.patient,
        "order": row.order_id,
        "policy": row.policy,
        "version": row.version,
        "form": row.name,
        "place": row.place,
        "writtenBy": row.written_by,
        "deliveredAt": row.handed,
        "response": wire.decode(row.response.encode()),
    }


def _given() -> Select[Any]:
    return select(*(answers.c[name] for name in _COLUMNS))


def _newest() -> Select[Any]:
    return _given().order_by(answers.c.at.desc(), answers.c.place.desc())
