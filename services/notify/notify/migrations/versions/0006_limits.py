"""Wordings for limits that were missed beside the promise."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v5 import WORDINGS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
