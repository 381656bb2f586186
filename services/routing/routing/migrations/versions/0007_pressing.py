"""How holders are pressed: nudges, supervision orders, instructions, and the reports that are owed on them."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {
    "api": {"pressing": "select, insert, update"},
    "consumer": {"pressing": "select, update"},
    "auditor": {"pressing": "select"},
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("pressings", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("reports_owed", sa.Integer, nullable=False, server_default="0"))
    owing = sa.text("reports_owed > 0")
    op.create_index("ix_cases_reports_owed", "cases", ["holder_post_id", "case_id"], postgresql_where=owing)
    _create_pressing()
    # Whoever sees a case sees how it is pressed, by place or by grant; wherever the case moves, that goes with it.
    protect(op.get_bind(), "pressing", "exists (select 1 from cases c where c.case_id = pressing.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_pressing() -> None:
    op.create_table(
        "pressing",
        sa.Column("pressing_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_pressing_case_id_cases"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("by_post_id", sa.Uuid, nullable=False),
        sa.Column("leader", sa.Text),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("comes_up_at", MOMENT, nullable=False),
        sa.Column("reported_at", MOMENT),
        sa.Column("reported_by", sa.Text),
        sa.Column("report", sa.Text),
        sa.Column("settled_at", MOMENT),
    )
    owed, numbered = sa.text("settled_at is null"), sa.text("kind <> 'nudge'")
    op.create_index("ix_pressing_case", "pressing", ["case_id", "pressing_id"])
    op.create_index("ix_pressing_owed", "pressing", ["by_post_id", "comes_up_at", "pressing_id"], postgresql_where=owed)
    op.create_index("uq_pressing_number", "pressing", ["number"], unique=True, postgresql_where=numbered)
