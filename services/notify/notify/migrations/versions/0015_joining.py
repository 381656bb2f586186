"""Wordings for appeals that come together in a case and go apart again."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v14 import WORDINGS

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
