"""Wordings for what is ready to be collected or is brought home."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v28 import WORDINGS

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
