"""A case is found by the number of an appeal in it."""

from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_appeal_number", "case_appeal", ["number"])
