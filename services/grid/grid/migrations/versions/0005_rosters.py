"""Duty rosters: each version of a place's, and the turns of the last as terms in its posts."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEPT = "As they were imported; those of the last version are terms too."
RIGHTS = {"api": {"roster": "select, insert"}, "auditor": {"roster": "select"}}


def upgrade() -> None:
    op.add_column("holding", sa.Column("on_duty", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.create_table(
        "roster",
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("turns", JSONB, nullable=False, comment=KEPT),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_roster_place_id_place")),
        sa.PrimaryKeyConstraint("place_id", "version", name=op.f("pk_roster")),
    )
    grant(op.get_bind(), "grid", RIGHTS)
