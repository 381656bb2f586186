"""Wordings for limits that approach, and for what climbs tier by tier."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v17 import WORDINGS

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
