"""Which cases are linked: a row for each of the two."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {"api": {"case_link": "select, insert, update"}, "auditor": {"case_link": "select"}}


def upgrade() -> None:
    op.add_column("cases", sa.Column("linked", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "case_link",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_case_link_case_id_cases")),
        sa.Column("link_id", sa.Uuid),
        sa.Column("other_id", sa.Uuid, nullable=False),
        sa.Column("other_number", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.Text),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("case_id", "link_id", name="pk_case_link"),
    )
    stands = sa.text("ended_at is null")
    op.create_index("ix_case_link_id", "case_link", ["link_id"])
    op.create_index("uq_case_link_open", "case_link", ["case_id", "other_id"], unique=True, postgresql_where=stands)
    # Each row is its own case's: whoever sees that one sees the other's number, and no more of it.
    protect(op.get_bind(), "case_link", "exists (select 1 from cases c where c.case_id = case_link.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)
