"""Wordings for what is asked of dispatchers and ruled, and for what is declined."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v2 import WORDINGS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
