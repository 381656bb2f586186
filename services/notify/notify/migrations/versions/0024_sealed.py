"""What was told of a sealed case is seen by those alone whom the case is open to."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import OPEN_TO_ME
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("sealed", sa.Boolean, nullable=False, server_default="false"))
    none = sa.text("'{}'::text[]")
    op.add_column("message", sa.Column("seen_by", ARRAY(sa.Text), nullable=False, server_default=none))
    seen = f"not sealed or {OPEN_TO_ME}"
    op.execute(f"create policy sealed on message as restrictive for select to notify_api using ({seen})")
