"""What was filed of a determination: the assertion id (its keyed hash) and the authorization number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("determination", sa.Column("assertion", sa.String(64)))
    op.add_column("determination", sa.Column("authorization", sa.Text()))
    op.create_index("ix_determination_assertion", "determination", ["assertion"])


def downgrade() -> None:
    raise NotImplementedError("records are not taken back")
