"""Whom a matter complains of is not shown it, wherever it lies; it is for others to answer."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "create policy not_about_oneself on appeal as restrictive for select to intake_api"
        " using (coalesce(current_setting('app.subject', true), '') <> all (complained_of))"
    )
