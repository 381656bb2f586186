"""Appeals go from one case to another: split off, joined, merged."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

RIGHTS = {"api": {"cases": "insert", "case_appeal": "update"}}


def upgrade() -> None:
    op.add_column("cases", sa.Column("repeats", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("merged_into", sa.Uuid))
    op.add_column("case_appeal", sa.Column("moves", sa.Integer, nullable=False, server_default="0"))
    grant(op.get_bind(), "routing", RIGHTS)
