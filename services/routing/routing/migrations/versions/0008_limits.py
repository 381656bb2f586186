"""Deadlines beside the promise: several of a kind on one case, each about something of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deadline", sa.Column("about", sa.Uuid))
    # A process of the release before sets promises alone, which both indexes hold to one a case.
    op.create_index(
        "uq_deadline_limit",
        "deadline",
        ["case_id", "kind", "about"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("uq_deadline_open", "deadline")
