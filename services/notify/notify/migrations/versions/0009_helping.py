"""Wordings for joint handling."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v8 import WORDINGS

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
