"""After the answer: what residents are asked and say of it, and who is called because no message reaches them."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {
    "api": {"call_back": "select, insert, update"},
    "consumer": {"call_back": "select, insert, update"},
    "clock": {"call_back": "select, update"},
    "auditor": {"call_back": "select"},
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("answered_by", sa.Text))
    op.add_column("cases", sa.Column("calls_owed", sa.Integer, nullable=False, server_default="0"))
    owing = sa.text("calls_owed > 0")
    op.create_index("ix_cases_calls_owed", "cases", ["placed_path", "case_id"], postgresql_where=owing)
    _create_call_back()
    protect(op.get_bind(), "call_back", "exists (select 1 from cases c where c.case_id = call_back.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_call_back() -> None:
    of_case = sa.ForeignKey("cases.case_id", name="fk_call_back_case_id_cases")
    op.create_table(
        "call_back",
        sa.Column("appeal_id", sa.Uuid, nullable=False),
        sa.Column("answer", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("case_id", sa.Uuid, of_case, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("rate_by", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("rated_at", MOMENT),
        sa.Column("rated_by", sa.Text),
        sa.Column("solved", sa.Boolean),
        sa.Column("rating", sa.SmallInteger),
        sa.Column("settled_at", MOMENT),
        sa.PrimaryKeyConstraint("appeal_id", "answer", name="pk_call_back"),
    )
    op.create_index("ix_call_back_case", "call_back", ["case_id", "appeal_id", "answer"])
