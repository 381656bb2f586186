"""What is sealed by a correction is so with what was handed to the hotline."""

from alembic import op
from kit.migrations import grant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

RIGHTS = {"consumer": {"hotline_handover": "select (case_id, batch), update (sealed)"}}


def upgrade() -> None:
    grant(op.get_bind(), "routing", RIGHTS)
