"""What a new installation begins with."""

import os
from datetime import UTC, datetime

from alembic import op
from routing.migrations import first_data

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_data.load(op.get_bind(), now=datetime.now(UTC), zone=os.environ.get("ROUTING_ZONE", "Asia/Shanghai"))
