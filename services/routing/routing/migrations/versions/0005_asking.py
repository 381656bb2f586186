"""What holders ask of dispatchers, what is ruled, and what assignment follows from then on."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from kit.db import SCOPE_SLOTS
from kit.migrations import grant, protect, scope_policy

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PATH = sa.Text(collation="C")

REASONS = (
    ("return", "not_our_remit", "不属本岗位职责", "Not this post's remit"),
    ("return", "wrong_category", "分类有误", "The category is wrong"),
    ("return", "wrong_place", "地点有误", "The place is wrong"),
    ("return", "beyond_means", "超出本级能力", "Beyond what this tier can do"),
    ("extension", "complex", "情况复杂", "The matter is complex"),
    ("extension", "materials", "等待材料或配件", "Materials or parts are awaited"),
    ("extension", "weather", "天气或自然原因", "Weather or nature"),
    ("extension", "other_party", "需其他单位配合", "Another party has to take part"),
    ("decline", "in_court", "已进入诉讼程序", "Before a court already"),
    ("decline", "in_arbitration", "已进入仲裁程序", "In arbitration already"),
    ("decline", "in_review", "已进入行政复议程序", "In administrative review already"),
    ("decline", "in_petition", "已进入信访程序", "In the petition procedure already"),
    ("decline", "answered_finally", "此前已终结答复", "Answered finally before"),
    ("decline", "no_facts", "无具体事实", "No facts are named"),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("ask", sa.Text))
    op.add_column("cases", sa.Column("ask_reason", sa.Text))
    op.add_column("cases", sa.Column("asked_by", sa.Text))
    op.add_column("cases", sa.Column("asked_days", sa.Integer))
    op.add_column("cases", sa.Column("ruler_post_id", sa.Uuid))
    op.add_column("cases", sa.Column("ruler_place_id", sa.Uuid))
    op.add_column("cases", sa.Column("ruler_path", PATH))
    op.add_column("cases", sa.Column("returns", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("returned_place_id", sa.Uuid))
    op.add_column("cases", sa.Column("returned_path", PATH))
    op.add_column("cases", sa.Column("ruled_place_id", sa.Uuid))
    op.add_column("cases", sa.Column("ruled_path", PATH))
    op.add_column("cases", sa.Column("extended", sa.Boolean, nullable=False, server_default="false"))
    asked = sa.text("ask is not null")
    op.create_index("ix_cases_asked", "cases", ["ruler_post_id", "case_id"], postgresql_where=asked)
    op.create_index("ix_cases_asked_place", "cases", ["placed_path", "case_id"], postgresql_where=asked)
    for name in ("ruler_place_id", "returned_place_id", "ruled_place_id"):
        op.create_index(f"ix_cases_{name}", "cases", [name], postgresql_where=sa.text(f"{name} is not null"))
    _create_reason()
    _create_precedent()


def _create_reason() -> None:
    reason = op.create_table(
        "reason",
        sa.Column("ask", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("added_by", sa.Text),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ask", "code", name="pk_reason"),
    )
    now = datetime.now(UTC)
    names = ("ask", "code", "name_zh", "name_en")
    op.bulk_insert(reason, [dict(zip(names, row, strict=True)) | {"added_at": now} for row in REASONS])
    rights = {"api": {"reason": "select, insert"}, "auditor": {"reason": "select"}}
    grant(op.get_bind(), "routing", rights)


def _create_precedent() -> None:
    op.create_table(
        "precedent",
        sa.Column("precedent_id", sa.Uuid, primary_key=True),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("remit", sa.Text, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("path", PATH, nullable=False),
        sa.Column("post_id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("ruled_place_id", sa.Uuid, nullable=False),
        sa.Column("ruled_path", PATH, nullable=False),
        sa.Column("ruled_by", sa.Text, nullable=False),
        sa.Column("ruled_at", MOMENT, nullable=False),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoked_at", MOMENT),
    )
    holds = sa.text("revoked_at is null")
    op.create_index(
        "uq_precedent_category", "precedent", ["category", "remit", "path"], unique=True, postgresql_where=holds
    )
    op.create_index("ix_precedent_path", "precedent", ["path", "precedent_id"], postgresql_where=holds)
    protect(op.get_bind(), "precedent", scope_policy("path"))
    # It holds at its place and below, so whoever assigns below reads it.
    above = " or ".join(
        f"starts_with(current_setting('app.lo{slot}', true), path)" for slot in range(1, SCOPE_SLOTS + 1)
    )
    op.execute(f"create policy above on precedent for select using ({above})")
    rights = {
        "api": {"precedent": "select, insert, update"},
        "consumer": {"precedent": "select, update"},
        "auditor": {"precedent": "select"},
    }
    grant(op.get_bind(), "routing", rights)
