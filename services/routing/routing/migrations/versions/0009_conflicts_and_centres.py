"""Who has declared an interest in a case and takes no part in it; what centres have in hand and is followed."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {"api": {"accompaniment": "select, insert, update"}, "auditor": {"accompaniment": "select"}}


def upgrade() -> None:
    op.add_column("cases", sa.Column("recused", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")))
    op.add_column("cases", sa.Column("followed_since", MOMENT))
    op.create_index(
        "ix_cases_followed",
        "cases",
        ["followed_since", "case_id", "placed_path"],
        postgresql_where=sa.text("followed_since is not null"),
    )
    _create_accompaniment()
    protect(op.get_bind(), "accompaniment", "exists (select 1 from cases c where c.case_id = accompaniment.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_accompaniment() -> None:
    op.create_table(
        "accompaniment",
        sa.Column("accompaniment_id", sa.Uuid, primary_key=True),
        sa.Column(
            "case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_accompaniment_case_id_cases"), nullable=False
        ),
        sa.Column("centre", sa.Text, nullable=False),
        sa.Column("centre_post_id", sa.Uuid),
        sa.Column("with_whom", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("reports", sa.Integer, nullable=False),
        sa.Column("reported_at", MOMENT),
        sa.Column("final_at", MOMENT),
    )
    op.create_index("ix_accompaniment_case", "accompaniment", ["case_id", "accompaniment_id"])
    still = sa.text("final_at is null")
    op.create_index("uq_accompaniment_open", "accompaniment", ["case_id"], unique=True, postgresql_where=still)
