"""Wordings for what is opened to somebody."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v16 import WORDINGS

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
