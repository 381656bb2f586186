"""Appeals that ask again, found by the query code of the first; and appeals that go from one case to another."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: Who knows a code may say which appeal it is of; guesses are counted where the progress page counts them.
APPEAL_BY_CODE = """
create function appeal_by_code(p_codes bytea[], p_client bytea, p_window timestamptz, p_limit int)
returns table (outcome text, appeal_id uuid)
language sql security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    select p.outcome, (select a.id from appeal a where a.code_index = any (p_codes))
    from progress_by_code(p_codes, p_client, p_window, p_limit) p
$$
"""


def upgrade() -> None:
    op.add_column("appeal", sa.Column("repeat_of", sa.Uuid()))
    # Of two cases that speak of the same appeal, the one to which it went last is right.
    op.add_column("progress", sa.Column("moves", sa.Integer(), nullable=False, server_default="0"))
    op.execute(APPEAL_BY_CODE)
    op.execute("revoke execute on function appeal_by_code from public")
    op.execute("grant execute on function appeal_by_code to intake_api")
