"""The records: calls, determinations, cards, feedback; tokens used; the secret of the keyed hashes; retention's log.

Append-only: no row is changed, and none is deleted before retention has put on record that it deletes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_UNCHANGED = ("call", "determination", "card", "feedback", "token_used", "secret", "pruned")
_FOR_EVER = ("secret", "pruned")
_REFUSED = "the records are append-only"
# What a deletion needs, by table: retention's own record, or that the call it belongs to is gone.
_DELETABLE = {
    "call": "EXISTS (SELECT 1 FROM pruned WHERE before > OLD.at)",
    "determination": "NOT EXISTS (SELECT 1 FROM call WHERE id = OLD.call)",
    "card": "NOT EXISTS (SELECT 1 FROM call WHERE id = OLD.call)",
    "feedback": "EXISTS (SELECT 1 FROM pruned WHERE before > OLD.kept_at)",
}


def upgrade() -> None:
    _calls()
    _answers()
    _own()
    statements = _postgres() if op.get_context().dialect.name == "postgresql" else _sqlite()
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("records are not taken back")


def _calls() -> None:
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("client", sa.Text()),
        sa.Column("tenant", sa.Text()),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("instance", sa.String(64), nullable=False),
        sa.Column("server", sa.String(64)),
        sa.Column("patient", sa.String(64), nullable=False),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("took", sa.JSON(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("not_evaluated", sa.Integer(), nullable=False),
    )
    op.create_index("ix_call_at", "call", ["at", "id"])
    op.create_index("ix_call_patient", "call", ["patient"])
    op.create_table(
        "determination",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("call", sa.Uuid(), sa.ForeignKey("call.id", ondelete="CASCADE"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(64)),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("policy", "version", "digest")),
        sa.Column("evaluated_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("product", "indication", "line")),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pathway", sa.Text()),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("criteria", "missing", "unmet", "approval")),
        sa.Column("approval_start", sa.Date()),
        sa.Column("approval_end", sa.Date()),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("referral", "safety")),
    )
    op.create_index("ix_determination_call", "determination", ["call", "place"], unique=True)


def _answers() -> None:
    op.create_table(
        "card",
        sa.Column("call", sa.Uuid(), sa.ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("determination", sa.Uuid(), sa.ForeignKey("determination.id", ondelete="CASCADE")),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
    )
    op.create_index("ix_card_determination", "card", ["determination"])
    op.create_index("ix_card_mark", "card", ["mark"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kept_at", _INSTANT, nullable=False),
        sa.Column("client", sa.Text()),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("accepted", sa.JSON(), nullable=False),
        sa.Column("reason_system", sa.Text()),
        sa.Column("reason_code", sa.Text()),
        sa.Column("reason_withheld", sa.Boolean(), nullable=False),
        sa.Column("commented", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_index("ix_feedback_kept_at", "feedback", ["kept_at"])


def _own() -> None:
    """The service's own: tokens seen, the secret (32 random bytes, made here and never again), retention's log."""
    op.create_table(
        "token_used",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("until", _INSTANT, nullable=False),
    )
    op.create_index("ix_token_used_until", "token_used", ["until"])
    secret = op.create_table(
        "secret",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
    )
    op.bulk_insert(secret, [{"id": 1, "value": secrets.token_bytes(32)}])
    op.create_table(
        "pruned",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("before", _INSTANT, nullable=False),
    )


def _sqlite() -> Iterator[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    for table in _UNCHANGED:
        yield f'CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON "{table}" {refuse}'
    for table in _FOR_EVER:
        yield f'CREATE TRIGGER {table}_for_ever BEFORE DELETE ON "{table}" {refuse}'
    for table, fits in _DELETABLE.items():
        yield f'CREATE TRIGGER {table}_retained BEFORE DELETE ON "{table}" WHEN NOT ({fits}) {refuse}'


def _postgres() -> Iterator[str]:
    yield _function("countersign_refuse", f"RAISE EXCEPTION '{_REFUSED}';")
    for table in _UNCHANGED:
        yield _trigger(f"{table}_unchanged", "UPDATE OR TRUNCATE", table, "STATEMENT", "countersign_refuse")
    for table in _FOR_EVER:
        yield _trigger(f"{table}_for_ever", "DELETE", table, "STATEMENT", "countersign_refuse")
    for table, fits in _DELETABLE.items():
        name = f"countersign_retain_{table}"
        yield _function(name, f"IF {fits} THEN RETURN OLD; END IF; RAISE EXCEPTION '{_REFUSED}';")
        yield _trigger(f"{table}_retained", "DELETE", table, "ROW", name)


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _trigger(name: str, of: str, table: str, each: str, function: str) -> str:
    return f'CREATE TRIGGER {name} BEFORE {of} ON "{table}" FOR EACH {each} EXECUTE FUNCTION {function}()'
