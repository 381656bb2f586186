"""A case is found by the number of an appeal in it; sealed cases that nobody keeps are counted."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

#: The owner is bound by the scope of who asks, but by neither the seal nor what is not about oneself.
COUNT = """
create function count_unkept(lo text, hi text, at timestamptz) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select count(*) from cases c
    where c.seal is not null and c.state <> 'closed' and c.placed_path >= lo and c.placed_path < hi
        and coalesce(current_setting('app.subject', true), '') <> all (c.complained_of)
        and not exists (
            select 1 from holding_copy h
            where h.post_id = c.keeper_post_id and h.since <= at and (h.until is null or h.until > at)
        )
$$
"""


def upgrade() -> None:
    op.create_index("ix_case_appeal_number", "case_appeal", ["number"])
    op.execute(COUNT)
    op.execute("revoke execute on function count_unkept from public")
    op.execute("grant execute on function count_unkept to routing_api")
