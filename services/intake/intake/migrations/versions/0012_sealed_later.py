"""A correction to a sealed category seals the appeal with it."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant update (sealed, seen_by) on appeal to intake_api")
