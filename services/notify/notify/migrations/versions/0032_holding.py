"""Wordings for the limit of whoever was given a case."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v29 import WORDINGS

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
