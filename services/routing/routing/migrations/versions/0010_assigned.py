"""What is assigned from above: their number and limit, and the reports back to them."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {"api": {"report_back": "select, insert, update"}, "auditor": {"report_back": "select"}}


def upgrade() -> None:
    op.add_column("cases", sa.Column("assigned_by", sa.Text))
    op.add_column("cases", sa.Column("assigned_number", sa.Text))
    op.add_column("cases", sa.Column("assigned_due", MOMENT))
    op.add_column("cases", sa.Column("report_back", sa.Text))
    _create_report_back()
    protect(op.get_bind(), "report_back", "exists (select 1 from cases c where c.case_id = report_back.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_report_back() -> None:
    of_case = sa.ForeignKey("cases.case_id", name="fk_report_back_case_id_cases")
    op.create_table(
        "report_back",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Uuid, of_case, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("accepted", sa.Boolean),
        sa.Column("reviewed_at", MOMENT),
    )
    op.create_index("ix_report_back_case_id", "report_back", ["case_id"])
