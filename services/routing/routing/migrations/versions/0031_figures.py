"""Figures: what steps count is added row by row, and summed behind them; months can be frozen."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect, scope_policy
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TEXT_C = sa.Text(collation="C")

DIMENSIONS = ("category", "channel", "office", "post")
#: A later figure is a column of its own migration.
FIGURES = (
    *("received", "repeats", "accepted", "to_contact", "contacted", "kept", "missed", "overdue", "answered", "redone"),
    *("dispatched", "at_first", "solved", "not_solved", "satisfied", "dissatisfied", "unrated", "returns"),
    *("suspensions", "extensions", "planned", "plans_open", "plans_kept", "plans_moved", "plans_missed", "closed"),
    *("withdrawn", "declined", "merged", "of_community", "in_community", "of_district", "in_district"),
    *("excluded_contacted", "excluded_on_time", "excluded_solved", "excluded_satisfied"),
)

RIGHTS = {
    "api": {
        "figure_increment": "select, insert",
        "figure_kept": "select",
        "figure_freeze": "select",
        "figure_frozen": "select",
        "figure_correction": "select",
    },
    "consumer": {
        "figure_increment": "select, insert, update (path)",
        "figure_kept": "select (place_id), update (path)",
        "figure_frozen": "select (place_id), update (path)",
        "figure_correction": "select (place_id), update (path)",
    },
    # The clock adds up; the command that counts again and freezes works as it.
    "clock": {
        "figure_increment": "select, insert, delete",
        "figure_kept": "select, insert, update",
        "figure_freeze": "select, insert",
        "figure_frozen": "select, insert",
        "figure_correction": "select, insert",
    },
    "auditor": {
        "figure_increment": "select",
        "figure_kept": "select",
        "figure_freeze": "select",
        "figure_frozen": "select",
        "figure_correction": "select",
    },
}

ITS_CASE = "exists (select 1 from cases c where c.case_id = figure_increment.case_id)"


def upgrade() -> None:
    op.add_column("cases", sa.Column("excluding", sa.Text))
    op.add_column("cases", sa.Column("excluding_by", sa.Text))
    op.add_column("cases", sa.Column("tally", JSONB))
    asked, uncounted = sa.text("excluding is not null"), sa.text("tally is null")
    op.create_index("ix_cases_excluding", "cases", ["placed_path", "case_id"], postgresql_where=asked)
    op.create_index("ix_cases_uncounted", "cases", ["case_id"], postgresql_where=uncounted)
    _create_increments()
    _create_kept()
    _create_frozen()
    grant(op.get_bind(), "routing", RIGHTS)


def _create_increments() -> None:
    op.create_table(
        "figure_increment",
        sa.Column("increment_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *_counted(),
    )
    op.create_index("ix_figure_increment_path", "figure_increment", ["path", "day"])
    # Whoever takes a step counts for a place above most who do, but for a case that they see and no other.
    scope = scope_policy("path")
    op.execute("alter table figure_increment enable row level security")
    op.execute("alter table figure_increment force row level security")
    op.execute(sa.text(f"create policy counts on figure_increment for insert with check ({ITS_CASE})"))
    op.execute(sa.text(f"create policy reads on figure_increment for select using ({scope})"))
    op.execute(sa.text(f"create policy moves on figure_increment for update using ({scope}) with check ({scope})"))
    op.execute(sa.text(f"create policy adds_up on figure_increment for delete using ({scope})"))


def _create_kept() -> None:
    op.create_table(
        "figure_kept",
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("dimension", sa.Text, nullable=False),
        sa.Column("value", TEXT_C, nullable=False),
        sa.Column("grain", sa.Text, nullable=False),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("path", TEXT_C, nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("place_id", "dimension", "value", "grain", "first", name="pk_figure_kept"),
    )
    op.create_index("ix_figure_kept_first", "figure_kept", ["dimension", "grain", "first", "path"])
    op.create_index("ix_figure_kept_value", "figure_kept", ["dimension", "value", "grain", "first", "path"])
    protect(op.get_bind(), "figure_kept", scope_policy("path"))


def _create_frozen() -> None:
    """The months themselves are public within the city; what they say is seen where it is counted."""
    op.create_table(
        "figure_freeze",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("frozen_at", MOMENT, nullable=False),
        sa.Column("frozen_by", sa.Text, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("digest", "before", "seal", "signature")),
        sa.UniqueConstraint("nth", name="uq_figure_freeze_nth"),
    )
    frozen = sa.ForeignKey("figure_freeze.month", name="fk_figure_frozen_month_figure_freeze")
    op.create_table(
        "figure_frozen",
        sa.Column("month", sa.Date, frozen, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("dimension", sa.Text, nullable=False),
        sa.Column("value", TEXT_C, nullable=False),
        sa.Column("path", TEXT_C, nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("month", "place_id", "dimension", "value", name="pk_figure_frozen"),
    )
    op.create_index("ix_figure_frozen_path", "figure_frozen", ["month", "dimension", "path"])
    op.create_index("ix_figure_frozen_place", "figure_frozen", ["place_id"])
    corrects = sa.ForeignKey("figure_freeze.month", name="fk_figure_correction_month_figure_freeze")
    op.create_table(
        "figure_correction",
        sa.Column("correction_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("month", sa.Date, corrects, nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("case_id", sa.Uuid),
        sa.Column("seq", sa.Integer),
        *_counted(),
    )
    op.create_index("ix_figure_correction_month", "figure_correction", ["month", "path", "correction_id"])
    op.create_index("ix_figure_correction_place", "figure_correction", ["place_id"])
    for table in ("figure_frozen", "figure_correction"):
        protect(op.get_bind(), table, scope_policy("path"))


def _sums() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in FIGURES]


def _counted() -> list[sa.Column[Any]]:
    return [
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("path", TEXT_C, nullable=False),
        *(sa.Column(name, TEXT_C) for name in DIMENSIONS),
    ]
