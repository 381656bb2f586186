"""What is suspended, planned or transferred: what a case says of it, and the lists of the last two."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

REASONS = (
    ("testing", "检测", "Testing"),
    ("appraisal", "鉴定、评估", "Appraisal"),
    ("public_notice", "公示、公告", "Public notice"),
    ("other_authority", "等待有权机关裁决或认定", "Another authority's ruling is awaited"),
    ("agreed_date", "与诉求人约定日后办理", "A later date was agreed with whoever appealed"),
    ("awaiting_resident", "多次联系诉求人未果，等待联系", "Whoever appealed could not be reached, and is waited for"),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("asked_until", sa.Date))
    op.add_column("cases", sa.Column("suspended_until", MOMENT))
    op.add_column("cases", sa.Column("suspension_reason", sa.Text))
    op.add_column("cases", sa.Column("planned_for", sa.Date))
    op.add_column("cases", sa.Column("planned_due", MOMENT))
    op.add_column("cases", sa.Column("planned_who", sa.Text))
    op.add_column("cases", sa.Column("first_holder_post_id", sa.Uuid))
    planned = sa.text("planned_due is not null")
    op.create_index("ix_cases_planned", "cases", ["holder_post_id", "planned_due", "case_id"], postgresql_where=planned)
    op.create_index("ix_cases_planned_place", "cases", ["placed_path", "case_id"], postgresql_where=planned)
    op.create_index(
        "ix_cases_transferred",
        "cases",
        ["first_holder_post_id", "promise_due", "case_id"],
        postgresql_where=sa.text("first_holder_post_id is not null and state <> 'closed'"),
    )
    _add_reasons()


def _add_reasons() -> None:
    names = ("code", "name_zh", "name_en")
    reason = sa.table("reason", *(sa.column(name) for name in ("ask", *names)), sa.column("added_at", MOMENT))
    common = {"ask": "suspension", "added_at": datetime.now(UTC)}
    op.bulk_insert(reason, [dict(zip(names, row, strict=True)) | common for row in REASONS])
