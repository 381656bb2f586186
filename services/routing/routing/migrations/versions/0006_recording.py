"""What is worked on a case between its steps: letters, papers in custody, first contact."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {
    "api": dict.fromkeys(("letter", "paper"), "select, insert, update"),
    "auditor": dict.fromkeys(("letter", "paper"), "select"),
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("letters", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("papers_held", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("papers_named_at", MOMENT))
    op.add_column("cases", sa.Column("first_contact_at", MOMENT))
    _create_letter()
    _create_paper()
    for table in ("letter", "paper"):
        protect(op.get_bind(), table, f"exists (select 1 from cases c where c.case_id = {table}.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_letter() -> None:
    op.create_table(
        "letter",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_letter_case_id_cases"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("replied_at", MOMENT),
    )
    op.create_index("ix_letter_case_id", "letter", ["case_id"])


def _create_paper() -> None:
    op.create_table(
        "paper",
        sa.Column("paper_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_paper_case_id_cases"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("returned_by", sa.Text),
        sa.Column("returned_at", MOMENT),
    )
    op.create_index("ix_paper_case_id", "paper", ["case_id"])
