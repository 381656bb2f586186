"""Which of the papers that were named have yet to come, and from whom; and a resident asks again as a nudge."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

RIGHTS = {"consumer": {"pressing": "insert"}}

#: As the last entry that named them has them; a name that is itself a list stays one where they are told apart by
#: nothing.
NAMED_BEFORE = """
update cases c set papers_missing = case
    when cardinality(string_to_array(e.words, '、')) = (e.facts ->> 'papers')::int then string_to_array(e.words, '、')
    else array[e.words] end
from case_entry e
where c.papers_named_at is not null and c.state <> 'closed' and e.words is not null and e.case_id = c.case_id
and e.seq = (
    select max(n.seq) from case_entry n
    where n.case_id = c.case_id and n.step = 'recorded' and n.facts ->> 'record' = 'papers_missing'
)
"""


def upgrade() -> None:
    none = sa.text("'{}'::text[]")
    op.add_column("cases", sa.Column("papers_missing", ARRAY(sa.Text), nullable=False, server_default=none))
    op.add_column("cases", sa.Column("papers_missing_of", sa.Uuid))
    op.execute("set local app.lo1 = '/'")
    op.execute("set local app.hi1 = '0'")
    op.execute(NAMED_BEFORE)
    grant(op.get_bind(), "routing", RIGHTS)
