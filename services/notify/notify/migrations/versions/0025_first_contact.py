"""Wordings for the limit of first contact."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v24 import WORDINGS

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
