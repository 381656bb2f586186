"""Figures of all that is below a place, summed; and a table for what is counted again while it is compared."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect, scope_policy

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TEXT_C = sa.Text(collation="C")

DIMENSIONS = ("category", "channel", "office", "post")
FIGURES = (
    *("received", "repeats", "accepted", "to_contact", "contacted", "kept", "missed", "overdue", "answered", "redone"),
    *("dispatched", "at_first", "solved", "not_solved", "satisfied", "dissatisfied", "unrated", "returns"),
    *("suspensions", "extensions", "planned", "plans_open", "plans_kept", "plans_moved", "plans_missed", "closed"),
    *("withdrawn", "declined", "merged", "of_community", "in_community", "of_district", "in_district"),
    *("excluded_contacted", "excluded_on_time", "excluded_solved", "excluded_satisfied"),
)

RIGHTS = {
    "api": {"figure_above": "select"},
    # Whose place moves takes its sums along.
    "consumer": {"figure_above": "select, insert, update", "figure_kept": "select"},
    "clock": {"figure_above": "select, insert, update", "figure_recounted": "select, insert, delete"},
    "auditor": {"figure_above": "select"},
}


def upgrade() -> None:
    op.create_table(
        "figure_above",
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("dimension", sa.Text, nullable=False),
        sa.Column("value", TEXT_C, nullable=False),
        sa.Column("grain", sa.Text, nullable=False),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("path", TEXT_C, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in FIGURES),
        sa.PrimaryKeyConstraint("place_id", "dimension", "value", "grain", "first", name="pk_figure_above"),
    )
    op.create_index("ix_figure_above_first", "figure_above", ["dimension", "grain", "first", "path"])
    op.create_index("ix_figure_above_value", "figure_above", ["dimension", "value", "grain", "first", "path"])
    protect(op.get_bind(), "figure_above", scope_policy("path"))
    op.create_table(
        "figure_recounted",
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        *(sa.Column(name, TEXT_C) for name in DIMENSIONS),
        prefixes=["unlogged"],
    )
    grant(op.get_bind(), "routing", RIGHTS)
