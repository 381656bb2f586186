"""A wording for what is urgent since somebody asked about it again."""

from alembic import op

from notify.migrations import wordings
from notify.migrations.wordings_v24 import WORDINGS

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
