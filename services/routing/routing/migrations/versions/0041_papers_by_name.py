"""Which of the papers that were named have yet to come; and a nudge by a resident, who acts in no post."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

RIGHTS = {"consumer": {"pressing": "insert"}}

EVERYWHERE = "select set_config('app.lo1', '/', true), set_config('app.hi1', '0', true)"
NOWHERE = "select set_config('app.lo1', '', true), set_config('app.hi1', '', true)"

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
    for statement in (EVERYWHERE, NAMED_BEFORE, NOWHERE):
        op.execute(statement)
    op.alter_column("pressing", "by", nullable=True)
    op.alter_column("pressing", "by_post_id", nullable=True)
    grant(op.get_bind(), "routing", RIGHTS)
