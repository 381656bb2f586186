"""Rows of the exchange with the city hotline go with a place that moves: found by it, not by reading all of them."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("hotline_batch", "hotline_reply"):
        op.create_index(f"ix_{table}_place_id", table, ["place_id"])
