"""Wordings for what is corrected while it is worked on, and for what comes out of a plan."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v19 import WORDINGS

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
