"""Who was given a case by routing reads its appeals' words: a grant row an office, never a right to change them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EVERYWHERE = "current_setting('app.lo1', true) = '/'"
OFFICES = "any (string_to_array(current_setting('app.offices', true), ','))"


def upgrade() -> None:
    op.create_table(
        "appeal_grant",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("appeal_id", "office_id", name=op.f("pk_appeal_grant")),
    )
    op.execute("alter table appeal_grant enable row level security")
    op.execute("alter table appeal_grant force row level security")
    op.execute(f"create policy mine on appeal_grant for select using (office_id::text = {OFFICES} or {EVERYWHERE})")
    op.execute(f"create policy given on appeal_grant for insert with check ({EVERYWHERE})")
    op.execute("grant select on appeal_grant to intake_api, intake_auditor")
    op.execute("grant select, insert on appeal_grant to intake_consumer")
    op.execute(
        "create policy granted on appeal for select using (exists (select from appeal_grant g"
        f" where g.appeal_id = appeal.id and g.office_id::text = {OFFICES}))"
    )
