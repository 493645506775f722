"""Forms that cards link to, the answers given to them, and which of these an EHR has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None

_REFUSED = "the records are append-only"
# What a deletion needs, by table: retention's own record, or that what it belongs to is gone.
_DELETABLE = {
    "form": "NOT EXISTS (SELECT 1 FROM call WHERE id = OLD.call)",
    "answers": "EXISTS (SELECT 1 FROM pruned WHERE before > OLD.at)",
    "delivered": "NOT EXISTS (SELECT 1 FROM answers WHERE id = OLD.id)",
}


def upgrade() -> None:
    op.create_table(
        "form",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("call", sa.Uuid(), sa.ForeignKey("call.id", ondelete="CASCADE"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("patient", sa.String(64), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("ordered", sa.String(64), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_form_call", "form", ["call"])
    op.create_table(
        "answers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("patient", sa.String(64), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("ordered", sa.String(64), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("essence", sa.JSON(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
    )
    op.create_index("ix_answers_place", "answers", ["patient", "order_id", "name", "place"], unique=True)
    op.create_index("ix_answers_at", "answers", ["at"])
    op.create_table(
        "delivered",
        sa.Column("id", sa.Uuid(), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    guard = _postgres if op.get_context().dialect.name == "postgresql" else _sqlite
    for table, fits in _DELETABLE.items():
        guard(table, fits)


def _sqlite(table: str, fits: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    op.execute(f'CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON "{table}" {refuse}')
    op.execute(f'CREATE TRIGGER {table}_retained BEFORE DELETE ON "{table}" WHEN NOT ({fits}) {refuse}')


def _postgres(table: str, fits: str) -> None:
    refuse = f"RAISE EXCEPTION '{_REFUSED}';"
    op.execute(
        f"CREATE FUNCTION countersign_retain_{table}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {fits} THEN RETURN OLD; END IF; {refuse} END $$"
    )
    op.execute(
        f'CREATE TRIGGER {table}_retained BEFORE DELETE ON "{table}" '
        f"FOR EACH ROW EXECUTE FUNCTION countersign_retain_{table}()"
    )
    op.execute(
        f'CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION countersign_refuse()"
    )


def downgrade() -> None:
    raise NotImplementedError("records are not taken back")
