"""What the progress page says of a case that is suspended or planned."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Beside progress_by_code, which counts the guesses: what that returns stays as the release before has it prepared.
WAITING_BY_CODE = """
create function waiting_by_code(p_codes bytea[])
returns table (suspended_until timestamptz, suspended_for jsonb, planned_for date, planned_who text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
set plan_cache_mode = force_generic_plan
as $$
    select p.suspended_until, p.suspended_for, p.planned_for, p.planned_who
    from appeal a join progress p on p.appeal_id = a.id where a.code_index = any (p_codes)
$$
"""


def upgrade() -> None:
    op.add_column("progress", sa.Column("suspended_until", sa.DateTime(timezone=True)))
    op.add_column("progress", sa.Column("suspended_for", JSONB))
    op.add_column("progress", sa.Column("planned_for", sa.Date))
    op.add_column("progress", sa.Column("planned_who", sa.Text))
    op.execute(WAITING_BY_CODE)
    op.execute("revoke execute on function waiting_by_code from public")
    op.execute("grant execute on function waiting_by_code to intake_api")
