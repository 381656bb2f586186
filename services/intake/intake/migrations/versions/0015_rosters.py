"""Who is on duty, in the copy of posts."""

from alembic import op
from network.migrations import add_rosters

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_rosters(op.get_bind())
