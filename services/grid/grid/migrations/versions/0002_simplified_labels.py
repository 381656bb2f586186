"""The first tiers' labels in simplified characters, as all else that residents and staff read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LABELS = {"區": "区", "鄉鎮": "乡镇", "社區": "社区", "樓": "楼"}


def upgrade() -> None:
    tier = sa.table("tier", sa.column("label_zh"))
    for written, label in LABELS.items():
        op.execute(sa.update(tier).where(tier.c.label_zh == written).values(label_zh=label))
