"""Pairs of cases of which somebody has said that they are two."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RIGHTS = {"api": {"dismissal": "select, insert"}, "auditor": {"dismissal": "select"}}


def upgrade() -> None:
    op.create_table(
        "dismissal",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_dismissal_case_id_cases")),
        sa.Column("other_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_dismissal_other_id_cases")),
        sa.Column("dismissed_by", sa.Text, nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "other_id", name="pk_dismissal"),
    )
    op.create_index("ix_dismissal_other_id", "dismissal", ["other_id"])
    seen = "exists (select 1 from cases c where c.case_id = dismissal.{column})"
    both = " and ".join(seen.format(column=column) for column in ("case_id", "other_id"))
    protect(op.get_bind(), "dismissal", both)
    grant(op.get_bind(), "routing", RIGHTS)
