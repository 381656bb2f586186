"""Opening hours and closures of stations, as a version of the calendar has them."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

READ = dict.fromkeys(("calendar_hours", "calendar_closure"), "select")
RIGHTS = {
    "api": {"calendar_hours": "select, insert", "calendar_closure": "select, insert"},
    **dict.fromkeys(("consumer", "clock", "auditor"), READ),
}


def _version(table: str) -> sa.Column[int]:
    of_calendar = sa.ForeignKey("calendar.version", name=f"fk_{table}_version_calendar")
    return sa.Column("version", sa.Integer, of_calendar, nullable=False)


def upgrade() -> None:
    op.create_table(
        "calendar_hours",
        _version("calendar_hours"),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("weekday", sa.SmallInteger),
        sa.Column("opens", sa.Time),
        sa.Column("closes", sa.Time),
        sa.UniqueConstraint(
            *("version", "place_id", "since", "weekday", "opens"),
            name="uq_calendar_hours_version",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "calendar_closure",
        sa.Column(
            "version", sa.Integer, sa.ForeignKey("calendar.version", name="fk_calendar_closure_version_calendar")
        ),
        sa.Column("place_id", sa.Uuid),
        sa.Column("date", sa.Date),
        sa.Column("closes", sa.Time),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", "place_id", "date", name="pk_calendar_closure"),
    )
    grant(op.get_bind(), "routing", RIGHTS)
