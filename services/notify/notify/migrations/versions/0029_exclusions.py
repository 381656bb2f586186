"""Wordings for what was ruled on an exclusion."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v26 import WORDINGS

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
