"""Who is on duty, in the copy of posts; and by what a promise is counted again: whose hours, and what else it was."""

import sqlalchemy as sa
from alembic import op
from network.migrations import add_rosters
from sqlalchemy.dialects.postgresql import JSONB

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_rosters(op.get_bind())
    counted_path = sa.Column("counted_path", sa.Text(collation="C"), nullable=False, server_default="")
    op.add_column("deadline", counted_path)
    op.add_column("deadline", sa.Column("others", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")))
