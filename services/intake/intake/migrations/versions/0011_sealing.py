"""Sealed appeals are read by those alone whom routing opens their case to; until it says so, by who took them."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import OPEN_TO_ME
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NONE = sa.text("'{}'::text[]")

#: As before, and whether it is sealed.
APPEAL_BY_CODE = """
create function appeal_by_code(p_codes bytea[], p_client bytea, p_window timestamptz, p_limit int)
returns table (outcome text, appeal_id uuid, sealed boolean)
language sql security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    select p.outcome, a.id, a.sealed
    from progress_by_code(p_codes, p_client, p_window, p_limit) p
    left join appeal a on a.code_index = any (p_codes)
$$
"""


def upgrade() -> None:
    op.add_column("category_copy", sa.Column("sealed", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("appeal", sa.Column("sealed", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("appeal", sa.Column("seen_by", ARRAY(sa.Text), nullable=False, server_default=NONE))
    seen = f"not sealed or {OPEN_TO_ME} or id::text = current_setting('app.opened', true)"
    op.execute(f"create policy sealed on appeal as restrictive for select to intake_api using ({seen})")
    op.execute(f"create policy opened on appeal for select to intake_api using (sealed and {OPEN_TO_ME})")
    op.execute("grant select (sealed, seen_by), update (sealed, seen_by) on appeal to intake_consumer")
    op.execute("grant select (sealed) on appeal to intake_auditor")
    op.execute("drop function appeal_by_code")
    op.execute(APPEAL_BY_CODE)
    op.execute("revoke execute on function appeal_by_code from public")
    op.execute("grant execute on function appeal_by_code to intake_api")
