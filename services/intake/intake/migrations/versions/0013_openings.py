"""Who has read the words of a sealed appeal is written down."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect, scope_policy
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RIGHTS = {"api": {"appeal_opening": "select, insert"}, "auditor": {"appeal_opening": "select"}}
ITS_APPEAL = "exists (select 1 from appeal a where a.id = appeal_opening.appeal_id)"
NOT_ABOUT_ME = "coalesce(current_setting('app.subject', true), '') <> all (complained_of)"


def upgrade() -> None:
    op.create_table(
        "appeal_opening",
        sa.Column("opening_id", sa.Uuid, primary_key=True),
        sa.Column(
            "appeal_id", sa.Uuid, sa.ForeignKey("appeal.id", name="fk_appeal_opening_appeal_id_appeal"), nullable=False
        ),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complained_of", ARRAY(sa.Text), nullable=False),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
    )
    op.create_index("ix_appeal_opening_appeal", "appeal_opening", ["appeal_id", "opening_id"])
    protect(op.get_bind(), "appeal_opening", scope_policy("placed_path", grant=ITS_APPEAL))
    op.execute(
        "create policy not_about_oneself on appeal_opening as restrictive for select to intake_api"
        f" using ({NOT_ABOUT_ME})"
    )
    grant(op.get_bind(), "intake", RIGHTS)
