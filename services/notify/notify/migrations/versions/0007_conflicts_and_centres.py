"""Wordings for conflicts of interest, and for what is handed over to a centre."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v6 import WORDINGS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
