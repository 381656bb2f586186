"""What was told about a case is found by its number too."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_message_case_number", "message", ["case_number"])
