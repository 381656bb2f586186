"""Figures that are counted again lie in a table of their own while they are compared: a city's are too many to hold."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

DIMENSIONS = ("category", "channel", "office", "post")


def upgrade() -> None:
    op.create_table(
        "figure_recounted",
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text(collation="C")) for name in DIMENSIONS),
        prefixes=["unlogged"],
    )
    grant(op.get_bind(), "routing", {"clock": {"figure_recounted": "select, insert, delete"}})
