"""What the progress page says of what was done so far, and what was said to who was helped on the spot."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Beside progress_by_code, which counts the guesses, as waiting_by_code is.
DONE_BY_CODE = """
create function done_by_code(p_codes bytea[])
returns table (steps jsonb, said text, said_in uuid, owner uuid, wrapped_key text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
set plan_cache_mode = force_generic_plan
as $$
    select p.steps, a.answer, a.id, coalesce(a.person_id, a.id), coalesce(w.wrapped_key, a.wrapped_key)
    from appeal a left join progress p on p.appeal_id = a.id left join person w on w.id = a.person_id
    where a.code_index = any (p_codes)
$$
"""


def upgrade() -> None:
    op.add_column("appeal", sa.Column("answer", sa.Text))
    op.add_column("progress", sa.Column("steps", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.execute(sa.text(DONE_BY_CODE.replace(":", "\\:")))
    op.execute("revoke execute on function done_by_code from public")
    op.execute("grant execute on function done_by_code to intake_api")
