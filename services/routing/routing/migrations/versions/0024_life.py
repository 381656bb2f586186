"""Whom no message reaches, what runs by the clock, and no link to what is sealed for whoever that is not open to."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

#: Wherever the case lies, which is often not in the scope of who asks.
IS_SEALED = """
create function is_sealed(one uuid) returns boolean
language sql stable security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    select exists (select from cases c where c.case_id = one and c.seal is not null)
$$
"""

#: What is sealed is named to those alone who see it; of what is not, the number stays to be read by whoever sees one.
UNLESS_SEALED = """
create policy sealed on case_link as restrictive for select to routing_api
using (exists (select from cases c where c.case_id = case_link.other_id) or not is_sealed(other_id))
"""


def upgrade() -> None:
    op.add_column("case_appeal", sa.Column("reached_by_message", sa.Boolean, nullable=False, server_default="true"))
    op.add_column("cases", sa.Column("by_the_clock", sa.Boolean, nullable=False, server_default="false"))
    op.execute(IS_SEALED)
    op.execute("revoke execute on function is_sealed from public")
    op.execute("grant execute on function is_sealed to routing_api")
    op.execute(UNLESS_SEALED)
