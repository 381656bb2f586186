"""A wording for a helper who has an interest in the case."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v23 import WORDINGS

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
