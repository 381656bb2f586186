"""Rules say by when a resident is reached for the first time, what the law allows for an item, and
whom what is missed climbs to.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("rule_set", "rule"):
        op.add_column(table, sa.Column("contact_unit", sa.Text))
        op.add_column(table, sa.Column("contact_count", sa.Integer))
    op.add_column("rule", sa.Column("law_unit", sa.Text))
    op.add_column("rule", sa.Column("law_count", sa.Integer))
    op.add_column("rule", sa.Column("statute", sa.Text))
    nobody = sa.text("'{}'::text[]")
    op.add_column("rule", sa.Column("climbs_to", ARRAY(sa.Text), nullable=False, server_default=nobody))
