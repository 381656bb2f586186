"""A wording for a promise that waits for missing papers."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v22 import WORDINGS

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
