"""Rule sets by document: drafted by one, put into force by another; those of narrower places tighten the city's."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0034"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NONE = sa.text("'{}'::integer[]")

RIGHTS = {
    "api": {"rule_set": "insert, update (effective_from, activated_by)", "rule": "insert"},
    "consumer": {"rule_set": "update (path)"},
}

#: Whoever drafts rules sees of last month's cases what a promise is counted from, and of none whose it is, where it is
#: or what it says; of what is sealed as little. Ids carry their time: the newest first, and never more than so many.
PAST = """
create function cases_promised(lo text, hi text, since uuid, seen int, most int)
returns table (category text, category_version int, urgent boolean, received_at timestamptz, start_at timestamptz,
    answered_at timestamptz, hours jsonb)
language sql stable security definer set search_path = public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    select c.category, c.category_version, c.urgent, c.received_at, d.start_at, c.answered_at, d.hours
    from (
        select * from (select * from cases where case_id >= since order by case_id desc limit seen) as newest
        where placed_path >= lo and placed_path < hi and accepted_at is not null and category is not null
        limit most
    ) c
    cross join lateral (
        select start_at, hours from deadline
        where case_id = c.case_id and kind = 'promise' order by deadline_id limit 1
    ) d
$$
"""


def upgrade() -> None:
    op.alter_column("rule_set", "effective_from", nullable=True)
    op.add_column("rule_set", sa.Column("path", sa.Text(collation="C"), nullable=False, server_default="/"))
    op.add_column("rule_set", sa.Column("place_id", sa.Uuid))
    op.add_column("rule_set", sa.Column("begins", sa.Date))
    op.add_column("rule_set", sa.Column("limits", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")))
    op.add_column("rule_set", sa.Column("based_on", ARRAY(sa.Integer), nullable=False, server_default=NONE))
    op.add_column("rule_set", sa.Column("drafted_by", sa.Text))
    op.add_column("rule_set", sa.Column("drafted_at", MOMENT))
    op.add_column("rule_set", sa.Column("activated_by", sa.Text))
    in_force = sa.text("effective_from is not null")
    op.create_index("ix_rule_set_path", "rule_set", ["path", "version"], postgresql_where=in_force)
    op.create_index("ix_rule_set_place_id", "rule_set", ["place_id"])
    op.add_column("rule", sa.Column("starts", sa.Text, nullable=False, server_default="accepted"))
    op.add_column("rule", sa.Column("line", sa.Integer))
    for table in ("cases", "deadline"):
        op.add_column(table, sa.Column("rule_layers", ARRAY(sa.Integer), nullable=False, server_default=NONE))
    op.add_column("cases", sa.Column("papers_awaited_until", MOMENT))
    grant(op.get_bind(), "routing", RIGHTS)
    op.execute(sa.text(PAST.replace(":", "\\:")))
    op.execute("revoke execute on function cases_promised from public")
    op.execute("grant execute on function cases_promised to routing_api")
