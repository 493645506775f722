"""The tables of the records. `migrations` makes them; a test holds the two together. Columns named for an id hold its
keyed hash (64 hex digits), except `card.uuid` and the ids of `call`, `determination` and `answers`, which the service
made itself. `answers` alone holds what people wrote: the responses to forms, without their patient and order."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
)


class Instant(TypeDecorator[datetime]):
    """A point in time, aware in Python, in UTC in every database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a point in time needs its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData()


def _hash(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(64), nullable=nullable)


def _under(table: str, *, nullable: bool = False) -> Column[object]:
    return Column(table, Uuid(), ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=nullable)


call = Table(
    "call",
    metadata,
    Column("id", Uuid(), primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("correlation", Text(), nullable=False),
    Column("client", Text()),
    Column("tenant", Text()),
    Column("service", Text(), nullable=False),
    Column("hook", Text(), nullable=False),
    _hash("instance"),
    _hash("server", nullable=True),
    _hash("patient"),
    _hash("body"),
    Column("took", JSON(), nullable=False),
    Column("unread", Integer(), nullable=False),
    Column("notices", Integer(), nullable=False),
    Column("not_evaluated", Integer(), nullable=False),
    Index("ix_call_at", "at", "id"),
    Index("ix_call_patient", "patient"),
)

determination = Table(
    "determination",
    metadata,
    Column("id", Uuid(), primary_key=True),
    _under("call"),
    Column("place", Integer(), nullable=False),
    _hash("order_id", nullable=True),
    Column("policy", Text(), nullable=False),
    Column("version", Text(), nullable=False),
    Column("digest", Text(), nullable=False),
    Column("evaluated_on", Date(), nullable=False),
    Column("product", Text()),
    Column("indication", Text()),
    Column("line", Text()),
    Column("status", Text(), nullable=False),
    Column("pathway", Text()),
    Column("criteria", JSON(), nullable=False),
    Column("missing", JSON(), nullable=False),
    Column("unmet", JSON(), nullable=False),
    Column("approval", JSON(), nullable=False),
    Column("approval_start", Date()),
    Column("approval_end", Date()),
    Column("referral", JSON(), nullable=False),
    Column("safety", JSON(), nullable=False),
    _hash("assertion", nullable=True),
    Column("authorization", Text()),
    Column("answerable", JSON()),
    Index("ix_determination_call", "call", "place", unique=True),
    Index("ix_determination_assertion", "assertion"),
)

card = Table(
    "card",
    metadata,
    Column("call", Uuid(), ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer(), primary_key=True, autoincrement=False),
    _under("determination", nullable=True),
    Column("uuid", Text(), nullable=False),
    _hash("mark"),
    Column("topic", Text(), nullable=False),
    Column("indicator", Text(), nullable=False),
    Index("ix_card_determination", "determination"),
    Index("ix_card_mark", "mark"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kept_at", Instant(), nullable=False),
    Column("client", Text()),
    Column("service", Text(), nullable=False),
    _hash("card"),
    Column("outcome", Text(), nullable=False),
    Column("at", Instant(), nullable=False),
    Column("accepted", JSON(), nullable=False),
    Column("reason_system", Text()),
    Column("reason_code", Text()),
    Column("reason_withheld", Boolean(), nullable=False),
    Column("commented", Boolean(), nullable=False),
    Index("ix_feedback_card", "card"),
    Index("ix_feedback_kept_at", "kept_at"),
)

form = Table(
    "form",
    metadata,
    Column("id", String(64), primary_key=True),
    _under("call"),
    Column("until", Instant(), nullable=False),
    _hash("patient"),
    _hash("order_id"),
    _hash("ordered"),
    Column("policy", Text(), nullable=False),
    Column("version", Text(), nullable=False),
    Column("name", Text(), nullable=False),
    Column("sealed", LargeBinary(), nullable=False),
    Index("ix_form_call", "call"),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Uuid(), primary_key=True),
    Column("at", Instant(), nullable=False),
    _hash("patient"),
    _hash("order_id"),
    _hash("ordered"),
    Column("policy", Text(), nullable=False),
    Column("version", Text(), nullable=False),
    Column("name", Text(), nullable=False),
    Column("place", Integer(), nullable=False),
    Column("written_by", Text(), nullable=False),
    Column("essence", JSON(), nullable=False),
    Column("response", Text(), nullable=False),
    Column("turn", Integer()),
    Index("ix_answers_place", "patient", "order_id", "name", "place", unique=True),
    Index("ix_answers_turn", "patient", "order_id", "turn", unique=True),
    Index("ix_answers_ordered", "patient", "ordered"),
    Index("ix_answers_at", "at"),
)

delivered = Table(
    "delivered",
    metadata,
    Column("id", Uuid(), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant(), nullable=False),
)

token_used = Table(
    "token_used",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("until", Instant(), nullable=False),
    Index("ix_token_used_until", "until"),
)

secret = Table(
    "secret",
    metadata,
    Column("id", Integer(), primary_key=True, autoincrement=False),
    Column("value", LargeBinary(), nullable=False),
)

pruned = Table(
    "pruned",
    metadata,
    Column("id", Uuid(), primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("before", Instant(), nullable=False),
)
