"""Answers to one order take turns, whichever of its forms they answer: none goes unseen. Those of one patient are found
by what was ordered, too. Answers of before have no turn, and stand in nobody's way. Determinations say what of it an
answer settles; those of before say it by what was missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("determination", sa.Column("answerable", sa.JSON()))
    op.add_column("answers", sa.Column("turn", sa.Integer()))
    op.create_index("ix_answers_turn", "answers", ["patient", "order_id", "turn"], unique=True)
    op.create_index("ix_answers_ordered", "answers", ["patient", "ordered"])


def downgrade() -> None:
    raise NotImplementedError("records are not taken back")
