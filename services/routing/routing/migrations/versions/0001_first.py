"""The first tables: categories, rules, calendars, cases with their history and deadlines."""

from datetime import date

import sqlalchemy as sa
from alembic import op
from kit.migrations import create_event_tables, create_http_tables, grant, protect, scope_policy
from network.migrations import create_tables as create_network_tables
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PATH = sa.Text(collation="C")
OPEN = "state <> 'closed'"
DOING = "state in ('accepted', 'assigned', 'in_progress')"

FIRST_MONTH, LAST_MONTH = date(2026, 11, 1), date(2029, 12, 1)

EVERYWHERE = "current_setting('app.lo1', true) = '/'"
MINE = "office_id::text = any(string_to_array(current_setting('app.offices', true), ','))"


def upgrade() -> None:
    connection = op.get_bind()
    create_event_tables(connection, "routing")
    create_http_tables(connection, "routing")
    create_network_tables(connection, "routing")
    _create_policy_tables()
    _create_cases()
    _create_case_appeal()
    _create_case_entry()
    _create_deadline()
    _create_case_grant()
    _protect(connection)
    grant(connection, "routing", RIGHTS)


READ_POLICY = dict.fromkeys(("category", "rule_set", "rule", "calendar", "calendar_year", "calendar_day"), "select")
CASE_TABLES = ("cases", "case_appeal", "case_entry", "deadline", "case_grant")

RIGHTS = {
    "api": {
        **READ_POLICY,
        "category": "select, insert",
        "cases": "select, update",
        "case_appeal": "select",
        "case_entry": "select, insert",
        "deadline": "select, insert, update",
        "case_grant": "select, insert",
    },
    "consumer": {
        **READ_POLICY,
        "cases": "select, insert, update",
        "case_appeal": "select, insert, update",
        "case_entry": "select, insert",
        "deadline": "select, insert, update",
        "case_grant": "select, insert",
    },
    "clock": {
        **READ_POLICY,
        "cases": "select, update",
        "case_appeal": "select",
        "case_entry": "select, insert",
        "deadline": "select, insert, update",
        "case_grant": "select",
    },
    "auditor": {**READ_POLICY, **dict.fromkeys(CASE_TABLES, "select")},
}


def _protect(connection: sa.Connection) -> None:
    granted = (
        "exists (select 1 from case_grant g where g.case_id = {table}.case_id"
        " and g.office_id::text = any(string_to_array(current_setting('app.offices', true), ',')))"
    )
    for table in ("cases", "deadline"):
        predicate = scope_policy("placed_path", "taken_path", grant=granted.format(table=table))
        protect(connection, table, predicate)
    for table in ("case_appeal", "case_entry"):
        protect(connection, table, f"exists (select 1 from cases c where c.case_id = {table}.case_id)")
    # A grant is made by whoever gives the case to the office, and read by the office.
    op.execute("alter table case_grant enable row level security")
    op.execute("alter table case_grant force row level security")
    op.execute(f"create policy mine on case_grant for select using ({MINE} or {EVERYWHERE})")
    op.execute("create policy given on case_grant for insert with check (true)")


def _create_policy_tables() -> None:
    op.create_table(
        "category",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("remit", sa.Text, nullable=False),
        sa.Column("words", ARRAY(sa.Text), nullable=False),
        sa.Column("line", ARRAY(sa.Text), nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.Text),
        sa.Column("effective_from", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name="pk_category"),
    )
    op.create_table(
        "rule_set",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("effective_from", MOMENT, nullable=False),
    )
    op.create_table(
        "rule",
        sa.Column(
            "version", sa.Integer, sa.ForeignKey("rule_set.version", name="fk_rule_version_rule_set"), nullable=False
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("remit", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("duty", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.UniqueConstraint(
            "version", "kind", "remit", "category", "urgent", name="uq_rule_version", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "calendar",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("effective_from", MOMENT, nullable=False),
    )
    op.create_table(
        "calendar_year",
        sa.Column("version", sa.Integer, sa.ForeignKey("calendar.version", name="fk_calendar_year_version_calendar")),
        sa.Column("year", sa.Integer),
        sa.Column("status", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", "year", name="pk_calendar_year"),
    )
    op.create_table(
        "calendar_day",
        sa.Column("version", sa.Integer),
        sa.Column("date", sa.Date),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("stands_for", sa.SmallInteger),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", "date", name="pk_calendar_day"),
        sa.ForeignKeyConstraint(
            ["version", "year"],
            ["calendar_year.version", "calendar_year.year"],
            name="fk_calendar_day_version_calendar_year",
        ),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("gist", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("silent", sa.Boolean, nullable=False),
        sa.Column("complained_of", ARRAY(sa.Text), nullable=False),
        sa.Column("place_id", sa.Uuid),
        sa.Column("taken_place_id", sa.Uuid),
        sa.Column("placed_path", PATH, nullable=False),
        sa.Column("taken_path", PATH, nullable=False),
        sa.Column("district", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("category_version", sa.Integer),
        sa.Column("kind", sa.Text),
        sa.Column("remit", sa.Text),
        sa.Column("rule_version", sa.Integer),
        sa.Column("holder_post_id", sa.Uuid),
        sa.Column("office_id", sa.Uuid),
        sa.Column("promise_due", MOMENT),
        sa.Column("promise_met", sa.Boolean),
        sa.Column("outcome", sa.Text),
        sa.Column("handover", sa.Text),
        sa.Column("closed_reason", sa.Text),
        sa.Column("undelivered", sa.Integer, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.UniqueConstraint("number", name="uq_cases_number"),
        sa.ForeignKeyConstraint(
            ["category", "category_version"], ["category.code", "category.version"], name="fk_cases_category_category"
        ),
    )
    held = ["holder_post_id", "promise_due", "case_id"]
    unheld = sa.text("queue is not null and holder_post_id is null")
    op.create_index("ix_cases_worklist", "cases", held, postgresql_where=sa.text(DOING))
    op.create_index("ix_cases_answered", "cases", held, postgresql_where=sa.text("state = 'answered'"))
    op.create_index(
        "ix_cases_queue", "cases", ["holder_post_id", "case_id"], postgresql_where=sa.text("queue is not null")
    )
    op.create_index("ix_cases_unheld", "cases", ["placed_path", "case_id"], postgresql_where=unheld)
    op.create_index("ix_cases_place", "cases", ["placed_path", "case_id"], postgresql_where=sa.text(OPEN))
    op.create_index("ix_cases_place_id", "cases", ["place_id"])
    op.create_index("ix_cases_taken_place_id", "cases", ["taken_place_id"])


def _create_case_appeal() -> None:
    op.create_table(
        "case_appeal",
        sa.Column("appeal_id", sa.Uuid, primary_key=True),
        sa.Column(
            "case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_case_appeal_case_id_cases"), nullable=False
        ),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("query_code", sa.Text),
        sa.Column("withdrawn_at", MOMENT),
    )
    op.create_index("ix_case_appeal_case_id", "case_appeal", ["case_id"])


def _create_case_entry() -> None:
    op.create_table(
        "case_entry",
        sa.Column("case_id", sa.Uuid),
        sa.Column("seq", sa.Integer),
        sa.Column("at", MOMENT),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("post_id", sa.Uuid),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("words", sa.Text),
        sa.Column("salt", sa.Text),
        sa.Column("commitment", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "seq", "at", name="pk_case_entry"),
        postgresql_partition_by="RANGE (at)",
    )
    op.execute("create table case_entry_default partition of case_entry default")
    month = FIRST_MONTH
    while month <= LAST_MONTH:
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        op.execute(
            f"create table case_entry_{month:%Y_%m} partition of case_entry"
            f" for values from ('{month} 00:00+00') to ('{following} 00:00+00')"
        )
        month = following


def _create_deadline() -> None:
    op.create_table(
        "deadline",
        sa.Column("deadline_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_deadline_case_id_cases"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("place_id", sa.Uuid),
        sa.Column("taken_place_id", sa.Uuid),
        sa.Column("placed_path", PATH, nullable=False),
        sa.Column("taken_path", PATH, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("hours", JSONB, nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("calendar_version", sa.Integer, nullable=False),
        sa.Column("forecast", sa.Boolean, nullable=False),
    )
    still = sa.text("state = 'open'")
    op.create_index("ix_deadline_due", "deadline", ["due_at", "deadline_id"], postgresql_where=still)
    op.create_index("ix_deadline_place", "deadline", ["placed_path", "deadline_id"], postgresql_where=still)
    op.create_index("uq_deadline_open", "deadline", ["case_id", "kind"], unique=True, postgresql_where=still)
    op.create_index("ix_deadline_case", "deadline", ["case_id"])
    op.create_index("ix_deadline_place_id", "deadline", ["place_id"])
    op.create_index("ix_deadline_taken_place_id", "deadline", ["taken_place_id"])


def _create_case_grant() -> None:
    op.create_table(
        "case_grant",
        sa.Column("case_id", sa.Uuid),
        sa.Column("office_id", sa.Uuid),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "office_id", name="pk_case_grant"),
    )
    op.create_index("ix_case_grant_office", "case_grant", ["office_id"])
