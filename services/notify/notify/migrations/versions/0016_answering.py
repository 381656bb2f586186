"""Wordings for what an answer rests on, corrections, reviews and looks on site."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v15 import WORDINGS

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
