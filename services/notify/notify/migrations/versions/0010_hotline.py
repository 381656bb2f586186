"""Wordings for what is handed to the city hotline, and for its replies."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v9 import WORDINGS

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
