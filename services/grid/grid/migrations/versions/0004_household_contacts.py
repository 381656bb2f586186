"""How households are reached: sealed under a key of each household's own."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REACH = "contracts.intake.Reach, encrypted under the household's key."
DIGEST = "Keyed digest of the reach: tells whether it differs without opening it."
UNKNOWN = "None: nobody has said how it is reached, or that was erased."

#: What the auditor may read of a household: not how it is reached.
AUDITED = "id, code, place_id, placed_path, room, flags, version"

#: Whether a code stands anywhere, though whoever asks sees their own places alone: codes are unique in the whole city.
KNOWS_CODES = """
    create function register_knows(codes text[]) returns text[] language sql stable security definer
    set search_path = public, pg_temp set app.lo1 = '/' set app.hi1 = '0' as $$
        select coalesce(array_agg(code), '{}') from household where code = any(codes)
    $$
"""


def upgrade() -> None:
    version = sa.Column(
        "version", sa.Integer(), nullable=False, server_default=sa.text("0"), comment="0: not said to others yet."
    )
    op.add_column("household", version)
    op.add_column("household", sa.Column("wrapped_key", sa.Text(), nullable=True, comment=UNKNOWN))
    op.add_column("household", sa.Column("reach", sa.Text(), nullable=True, comment=REACH))
    op.add_column("household", sa.Column("digest", sa.LargeBinary(), nullable=True, comment=DIGEST))
    op.execute("revoke select on household from grid_auditor")
    op.execute(f"grant select ({AUDITED}) on household to grid_auditor")
    op.execute(sa.text(KNOWS_CODES.replace(":", "\\:")))
    op.execute("revoke execute on function register_knows from public")
    op.execute("grant execute on function register_knows to grid_api")
