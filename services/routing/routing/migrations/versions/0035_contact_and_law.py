"""Rules say by when a resident is reached for the first time, and what the law allows for an item."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("rule_set", "rule"):
        op.add_column(table, sa.Column("contact_unit", sa.Text))
        op.add_column(table, sa.Column("contact_count", sa.Integer))
    op.add_column("rule", sa.Column("law_unit", sa.Text))
    op.add_column("rule", sa.Column("law_count", sa.Integer))
    op.add_column("rule", sa.Column("statute", sa.Text))
