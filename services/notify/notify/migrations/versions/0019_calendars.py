"""Wordings for what a calendar moves that was put right."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v18 import WORDINGS

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
