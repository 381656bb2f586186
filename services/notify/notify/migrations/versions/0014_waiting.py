"""Wordings for what is suspended, resumed and planned."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v13 import WORDINGS

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
