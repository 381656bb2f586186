"""Where the dispatcher stands who gave a case to its holder: a return goes there."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

#: What is under way and was given by a dispatcher last; where the rules gave it, nothing stands, as from now on.
GIVEN = """
update cases set dispatched_place_id = post_copy.place_id, dispatched_path = post_copy.path
from (
    select distinct on (case_entry.case_id) case_entry.case_id, case_entry.post_id
    from case_entry join cases under_way using (case_id)
    where under_way.state in ('assigned', 'in_progress') and case_entry.step = 'assigned'
        and case_entry.facts ->> 'transferred' is distinct from 'true'
    order by case_entry.case_id, case_entry.seq desc
) given
join post_copy on post_copy.post_id = given.post_id
where given.case_id = cases.case_id and post_copy.duty = 'dispatcher' and post_copy.office_id is null
"""


def upgrade() -> None:
    op.add_column("cases", sa.Column("dispatched_place_id", sa.Uuid))
    op.add_column("cases", sa.Column("dispatched_path", sa.Text(collation="C")))
    stands = sa.text("dispatched_place_id is not null")
    op.create_index("ix_cases_dispatched_place_id", "cases", ["dispatched_place_id"], postgresql_where=stands)
    op.execute("set local app.lo1 = '/'")
    op.execute("set local app.hi1 = '0'")
    op.execute(GIVEN)
