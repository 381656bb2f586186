"""What is assigned from above has a limit of theirs, and may owe them a report back.

Its office and number are the appeal's source and external number, which were there before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appeal", sa.Column("assigned_due_at", sa.DateTime(timezone=True)))
    op.add_column("appeal", sa.Column("report_owed", sa.Boolean, nullable=False, server_default=sa.false()))
