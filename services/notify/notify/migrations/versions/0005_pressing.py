"""Wordings for how holders are pressed, and for the reports on it."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v4 import WORDINGS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
