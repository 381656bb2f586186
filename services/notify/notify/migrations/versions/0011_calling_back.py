"""Wordings for what residents are asked of an answer, and for what is done again."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v10 import WORDINGS

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
