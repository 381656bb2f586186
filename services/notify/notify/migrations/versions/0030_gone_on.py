"""A wording for whoever had a case that went to another."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v27 import WORDINGS

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
