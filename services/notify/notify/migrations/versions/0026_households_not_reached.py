"""A chief's task is written anew where more households turn out to be reached by no message."""

from alembic import op
from kit.migrations import grant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

RIGHTS = {"clock": {"inbox_item": "select (message_id), update (title, body, read_at)"}}


def upgrade() -> None:
    grant(op.get_bind(), "notify", RIGHTS)
