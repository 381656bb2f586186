"""Households: where they live, and what all households of the buildings of an incident are told."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect, scope_policy
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from notify.migrations import wordings
from notify.migrations.wordings_v12 import WORDINGS

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PATH = sa.Text(collation="C")

RIGHTS = {
    "api": {"telling": "select", "telling_household": "select, update (visited_at, visited_by)"},
    "consumer": {"telling": "select, insert, update", "telling_household": "select, insert, update"},
    "clock": {
        "telling": "select, update",
        "telling_household": "select, update",
        "template": "select",
        "message": "insert",
        "inbox_item": "insert",
    },
    "auditor": {
        "telling": "select (case_id, telling, version, place_id, placed_path, begun_at, finished_at)",
        "telling_household": "select",
        "contact": "select (place_id)",
    },
}

#: Who sees the case's place sees all of it; who answers for a building only, sees its own households in it.
ITS_HOUSEHOLDS = (
    "exists (select 1 from telling_household h where h.case_id = telling.case_id and h.telling = telling.telling)"
)


def upgrade() -> None:
    op.add_column("contact", sa.Column("place_id", sa.Uuid, comment="Of a household: where it lives."))
    op.add_column("contact", sa.Column("room", sa.Text, comment="Of a household: its door."))
    op.create_index("ix_contact_place", "contact", ["place_id"], postgresql_where=sa.text("place_id is not null"))
    _create_telling()
    _create_telling_household()
    protect(op.get_bind(), "telling_household", scope_policy("placed_path"))
    protect(op.get_bind(), "telling", scope_policy("placed_path", grant=ITS_HOUSEHOLDS))
    grant(op.get_bind(), "notify", RIGHTS)
    wordings.add(op.get_bind(), WORDINGS)


def _create_telling() -> None:
    op.create_table(
        "telling",
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("telling", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("place_id", sa.Uuid),
        sa.Column("placed_path", PATH, nullable=False),
        sa.Column("gist", sa.Text, nullable=False),
        sa.Column("words", sa.Text),
        sa.Column("handler", JSONB),
        sa.Column("persons", ARRAY(sa.Uuid), nullable=False),
        sa.Column("barred", ARRAY(sa.Text), nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("case_id", "telling", name="pk_telling"),
    )
    unfinished = sa.text("finished_at is null")
    op.create_index("ix_telling_open", "telling", ["begun_at", "case_id"], postgresql_where=unfinished)
    op.create_index("ix_telling_place", "telling", ["place_id"])


def _create_telling_household() -> None:
    op.create_table(
        "telling_household",
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("telling", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("household_id", sa.Uuid, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("placed_path", PATH, nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("way", sa.Text),
        sa.Column("message_id", sa.Uuid),
        sa.Column("visited_by", sa.Text),
        sa.Column("visited_at", MOMENT),
        sa.PrimaryKeyConstraint("case_id", "telling", "household_id", name="pk_telling_household"),
        sa.CheckConstraint("way in ('message', 'appeal', 'visit')", name="ck_telling_household_way_known"),
        sa.CheckConstraint(
            "(visited_at is null) = (visited_by is null)", name="ck_telling_household_visited_by_somebody"
        ),
    )
    owed = ["case_id", "telling", "household_id"]
    op.create_index("ix_telling_household_owed", "telling_household", owed, postgresql_where=sa.text("way is null"))
    op.create_index("ix_telling_household_place", "telling_household", ["place_id"])
