"""Calendars by version: drafted by one, put into force by another; what they move is counted again."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

RIGHTS = {
    "api": {
        "calendar": "insert, update (effective_from, activated_by)",
        "calendar_year": "insert",
        "calendar_day": "insert",
    },
    # Which handover is seen, its batch says too.
    "clock": {"hotline_handover": "select, update (reply_due)", "hotline_batch": "select"},
}

#: Promises and limits that days are counted for.
COUNTED = "unit not in ('clock_hours', 'given')"

#: Not by coalesce, which is not leakproof: under the policies the index would not be used.
COUNTED_BY = "greatest(calendar_version, recounted_by)"

#: A calendar is the whole city's: whoever drafts one sees what it moves by number and instant alone, whatever their
#: places, and of what is sealed too.
TOUCHED = """
create function deadlines_touched(since timestamptz, after_due timestamptz, after_id uuid, most int)
returns table (case_number text, touched jsonb)
language sql stable security definer set search_path = public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    select c.number, to_jsonb(d) from deadline d join cases c on c.case_id = d.case_id
    where d.state = 'open' and d.unit not in ('clock_hours', 'given')
        and d.due_at > since and (d.due_at, d.deadline_id) > (after_due, after_id)
    order by d.due_at, d.deadline_id limit most
$$
"""

#: What these deadlines go on from, and those from others, in whichever case they were made.
GONE_ON_FROM = """
create function deadlines_gone_on_from(ids uuid[]) returns table (gone jsonb)
language sql stable security definer set search_path = public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    with recursive before as (
        select d.deadline_id, d.goes_on_from from deadline d where d.deadline_id = any(ids)
        union
        select d.deadline_id, d.goes_on_from from before b join deadline d on d.deadline_id = b.goes_on_from
    )
    select to_jsonb(d) from deadline d where d.deadline_id in (select goes_on_from from before)
$$
"""

FUNCTIONS = (
    (TOUCHED, "deadlines_touched", ("api",)),
    (GONE_ON_FROM, "deadlines_gone_on_from", ("api", "clock")),
)


def upgrade() -> None:
    op.alter_column("calendar", "effective_from", nullable=True)
    op.add_column("calendar", sa.Column("year", sa.Integer))
    op.add_column("calendar", sa.Column("own", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("calendar", sa.Column("based_on", sa.Integer))
    op.add_column("calendar", sa.Column("drafted_by", sa.Text))
    op.add_column("calendar", sa.Column("drafted_at", MOMENT))
    op.add_column("calendar", sa.Column("activated_by", sa.Text))
    op.add_column("calendar_day", sa.Column("own", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("deadline", sa.Column("goes_on_from", sa.Uuid))
    op.add_column("deadline", sa.Column("recounted_by", sa.Integer))
    op.create_index(
        "ix_deadline_recount",
        "deadline",
        [sa.text(COUNTED_BY), "due_at"],
        postgresql_where=sa.text(f"state in ('open', 'breached') and {COUNTED}"),
    )
    running = sa.text("settled_at is null and lapsed_at is null")
    op.create_index("ix_supervision_recount", "supervision", ["calendar_version", "due_at"], postgresql_where=running)
    grant(op.get_bind(), "routing", RIGHTS)
    for statement, name, roles in FUNCTIONS:
        op.execute(sa.text(statement.replace(":", "\\:")))
        op.execute(f"revoke execute on function {name} from public")
        for role in roles:
            op.execute(f"grant execute on function {name} to routing_{role}")
