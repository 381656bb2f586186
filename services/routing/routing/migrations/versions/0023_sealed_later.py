"""What is sealed later is so with what was handed to the hotline, whose reply finds its case all the same."""

from alembic import op
from kit.migrations import grant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: The owner is bound by the scope of who asks, but not by the seal.
HANDED = """
create function sealed_at_hotline(numbers text[]) returns table (number text, case_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select c.number, c.case_id from cases c
    where c.number = any (numbers) and c.seal is not null and c.hotline_handovers > 0
$$
"""

RIGHTS = {"consumer": {"hotline_handover": "select (case_id, batch), update (sealed)"}}


def upgrade() -> None:
    grant(op.get_bind(), "routing", RIGHTS)
    op.execute(HANDED)
    op.execute("revoke execute on function sealed_at_hotline from public")
    op.execute("grant execute on function sealed_at_hotline to routing_api")
