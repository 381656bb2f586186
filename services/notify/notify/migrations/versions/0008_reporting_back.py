"""Wordings for what is reported back to whoever assigned a case."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v7 import WORDINGS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
