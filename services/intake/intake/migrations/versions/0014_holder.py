"""Whose post a case lies with, so that who holds it does not end it for the resident."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("progress", sa.Column("holder_post_id", sa.Uuid()))
