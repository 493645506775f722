"""The store: every call kept, every answer to a card kept, every token used once; safe across threads and processes.

Rows are added and never changed; only `prune` deletes. What a method acknowledges by returning is on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, Connection, Table, delete, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from service.store import rows, schema, tables
from service.store.database import Unkept, address, connect, guarded, writing
from service.store.entries import Call, Earlier, Feedback, Pruned, Subject
from service.store.forms import Forms, form_rows
from service.store.joined import approvals, missing_of, page
from service.store.keyed import Keyed

_BATCH = 500  # rows that one transaction of retention deletes, so that it holds nobody up
_SWEEP = timedelta(minutes=10)
_LEEWAY = timedelta(hours=1)  # clocks of machines differ; a token is forgotten only when it is surely dead


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store(Forms):
    """The records of one database (SQLite or PostgreSQL). `upgrade` comes first; every method raises Unkept where the
    database fails."""

    def __init__(self, url: str, *, now: Callable[[], datetime] = _utc_now) -> None:
        """Raises ValueError for an address that is none; connects to nothing yet."""
        self._address = address(url)
        self._now = now
        self._engine = connect(self._address)
        self._writer = writing(self._engine)
        self._inherited: list[object] = []
        self._lock = threading.Lock()
        self._keyed: Keyed | None = None
        self._swept: datetime | None = None

    def upgrade(self) -> None:
        """Bring the schema up to date; several processes may do so at once. Leaves no connection open."""
        schema.upgrade(self._address)

    def ready(self) -> bool:
        """Whether the database answers, with the schema of this version."""
        with suppress(Unkept), self._reading() as connection:
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found == schema.head()
        return False

    def forked(self) -> None:
        """In a child, after a fork: leave the parent's connections alone, and make new ones when needed."""
        self._inherited.append(self._engine.pool)  # kept from the collector, which would close them under the parent
        self._engine.dispose(close=False)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every connection; the store may be used again."""
        self._engine.dispose()

    def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        """Whether a client's token is seen for the first time, by any process on any machine; `until` (aware) it
        must be remembered."""
        row = {"id": rows.token_of(self._key(), issuer, jti), "until": until}
        with self._writing() as connection:
            added = _once(connection, tables.token_used).returning(tables.token_used.c.id)
            first = connection.scalar(added, row) is not None
        self._sweep()
        return first

    def authorization(self, subject: Subject, order: str, coverage: str) -> str:
        """The number of the authorization of a patient's order under a coverage: the same whenever it is asked for,
        another for any other, and not to be guessed."""
        patient = rows.patient_of(self._key(), subject)
        return f"CS-{self._key()('authorization', patient, order, coverage)[:20].upper()}"

    def asked_for(self, client: str | None, assertion: str) -> tuple[str, str, tuple[str, ...]] | None:
        """What the newest determination of an assertion id, of this client's calls, found missing and an answer would
        settle: policy, version and the criteria; None where no such id was filed."""
        with self._reading() as connection:
            row = connection.execute(missing_of(client, self._key()("assertion", assertion))).first()
        if row is None:
            return None
        return row.policy, row.version, tuple(row.missing if row.answerable is None else row.answerable)

    def keep(self, call: Call) -> None:
        """The record of one call with its determinations, cards and forms, in one transaction."""
        keyed = self._key()
        told = rows.determination_rows(keyed, call)
        cards = rows.card_rows(keyed, call, told)
        forms = form_rows(keyed, call)
        with self._writing() as connection:
            connection.execute(insert(tables.call), rows.call_row(keyed, call))
            if told:
                connection.execute(insert(tables.determination), told)
            if cards:
                connection.execute(insert(tables.card), cards)
            if forms:
                connection.execute(insert(tables.form), forms)

    def answer(self, feedback: Sequence[Feedback]) -> None:
        """Prescribers' answers to cards, all or none of them; one that is on record already is not added again. A card
        that is not known is no obstacle."""
        if added := rows.feedback_rows(self._key(), feedback, self._now()):
            with self._writing() as connection:
                connection.execute(_once(connection, tables.feedback), added)

    def earlier(self, subject: Subject, on: date, order: str | None) -> tuple[Earlier, ...]:
        """The approvals of order-sign for a patient that run on a day, the newest first (reading, section 11). An
        order's own never count, so without ids on both sides, or without a FHIR server, there are none. `order` is
        the id alone, without its type."""
        if subject.server is None or not order:
            return ()
        patient = rows.patient_of(self._key(), subject)
        with self._reading() as connection:
            found = connection.execute(approvals(patient, on, rows.order_of(self._key(), patient, order) or ""))
            return tuple(Earlier(*row) for row in found)

    def prune(self, before: date) -> Pruned:
        """Retention: delete the calls, the feedback and the answers kept before a day (UTC), and the tokens that ended
        before it.
        That it deletes is put on record first."""
        limit = _midnight(before)
        with self._writing() as connection:
            connection.execute(insert(tables.pruned), {"id": uuid4(), "at": self._now(), "before": limit})
        dead = min(limit, self._now() - _LEEWAY)
        return Pruned(
            calls=self._delete(tables.call, tables.call.c.at, limit),
            feedback=self._delete(tables.feedback, tables.feedback.c.kept_at, limit),
            answers=self._delete(tables.answers, tables.answers.c.at, limit),
            tokens=self._delete(tables.token_used, tables.token_used.c.until, dead),
        )

    def export(self, since: date | None = None, until: date | None = None) -> Iterator[dict[str, Any]]:
        """The determinations of calls from `since` on and before `until` (days, UTC), oldest first, each with its call,
        its cards and their feedback. Read in pages: neither memory nor a transaction grows with their number."""
        first = _midnight(since) if since else None
        last = _midnight(until) if until else None
        after = None
        while True:
            with self._reading() as connection:
                found, after = page(connection, first, last, after)
            yield from found
            if after is None:
                return

    def _key(self) -> Keyed:
        with self._lock:
            if self._keyed is None:
                with self._reading() as connection:
                    secret = connection.scalar(select(tables.secret.c.value))
                if not secret:
                    raise Unkept("NoSecret")
                self._keyed = Keyed(secret)
            return self._keyed

    def _sweep(self) -> None:
        """Forget dead tokens now and then; that it fails is no matter to the call at hand."""
        now = self._now()
        with self._lock:
            if self._swept is not None and now - self._swept < _SWEEP:
                return
            self._swept = now
        with suppress(Unkept):
            self._delete(tables.token_used, tables.token_used.c.until, now - _LEEWAY)

    def _delete(self, table: Table, column: Column[datetime], limit: datetime) -> int:
        old = select(table.c.id).where(column < limit).limit(_BATCH)
        count = 0
        while True:
            with self._writing() as connection:
                gone = connection.execute(delete(table).where(table.c.id.in_(old))).rowcount
            count += gone
            if gone < _BATCH:
                return count

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with guarded(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with guarded(), self._writer.begin() as connection:
            yield connection


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _once(connection: Connection, table: Table) -> Any:
    """An insert that leaves a row alone that is there already."""
    made = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing(index_elements=["id"])
