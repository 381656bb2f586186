"""Wordings for vacant posts, for who pressed in vain, and for reports that go with a case."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v11 import WORDINGS

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
