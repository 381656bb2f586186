"""Events are sent in two shards, in fewer and larger transactions."""

from alembic import op
from kit.migrations import gather_shards

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    gather_shards(op.get_bind())
