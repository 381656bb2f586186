"""Joint handling: who was called in to help with a case, and what became of each part."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {
    "api": {"helper": "select, insert, update"},
    "consumer": {"helper": "select, update"},
    "clock": {"helper": "select, update"},
    "auditor": {"helper": "select"},
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("helpers", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("helper_post_ids", ARRAY(sa.Uuid), nullable=False, server_default="{}"))
    _create_helper()
    # Whoever sees a case sees who helps with it, by place or by grant.
    protect(op.get_bind(), "helper", "exists (select 1 from cases c where c.case_id = helper.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_helper() -> None:
    op.create_table(
        "helper",
        sa.Column("helper_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_helper_case_id_cases"), nullable=False),
        sa.Column("post_id", sa.Uuid, nullable=False),
        sa.Column("office_id", sa.Uuid),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("called_by", sa.Text, nullable=False),
        sa.Column("called_by_post_id", sa.Uuid, nullable=False),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.Column("missed_at", MOMENT),
        sa.Column("settled_by", sa.Text),
        sa.Column("settled_at", MOMENT),
    )
    is_open = sa.text("state = 'asked'")
    op.create_index("ix_helper_case", "helper", ["case_id", "helper_id"])
    op.create_index("ix_helper_owed", "helper", ["post_id", "due_at", "helper_id"], postgresql_where=is_open)
    op.create_index("uq_helper_open", "helper", ["case_id", "post_id"], unique=True, postgresql_where=is_open)
