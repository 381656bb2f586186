"""Wordings for helpers who step aside and for what is urgent by a repeat; and a chief's task is written anew where more
households turn out to be reached by no message.
"""

from alembic import op
from kit.migrations import grant

from notify.migrations import wordings
from notify.migrations.wordings_v25 import WORDINGS

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

RIGHTS = {"clock": {"inbox_item": "select (message_id), update (title, body, read_at)"}}


def upgrade() -> None:
    wordings.add(op.get_bind(), WORDINGS)
    grant(op.get_bind(), "notify", RIGHTS)
