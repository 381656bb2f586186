"""A promise keeps whose hours it was counted by, and what its other rules promise, to be counted again by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    counted_path = sa.Column("counted_path", sa.Text(collation="C"), nullable=False, server_default="")
    op.add_column("deadline", counted_path)
    op.add_column("deadline", sa.Column("others", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")))
