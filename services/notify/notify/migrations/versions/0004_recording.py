"""Wordings for interim words and missing papers."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v3 import WORDINGS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
