"""What a rule asks of an answer: evidence, a review before it goes out, a look on site before the end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for demand in ("evidence", "review", "verification"):
        op.add_column("rule", sa.Column(demand, sa.Boolean, nullable=False, server_default="false"))
    op.add_column("cases", sa.Column("demands", ARRAY(sa.Text), nullable=False, server_default="{}"))
    op.add_column("cases", sa.Column("draft", sa.Integer))
    op.add_column("cases", sa.Column("reviewer_post_id", sa.Uuid))
    op.add_column("cases", sa.Column("verified", sa.Boolean, nullable=False, server_default="false"))
    drafted = sa.text("draft is not null")
    op.create_index("ix_cases_drafted", "cases", ["reviewer_post_id", "case_id"], postgresql_where=drafted)
    for statement in NEXT_RULES:
        op.execute(statement)


#: The rules as they were, and what some of them ask from now on; a case keeps those that it began under.
NEXT_RULES = (
    """
insert into rule_set (version, zone, note, effective_from)
select version + 1, zone, 'What is urgent is looked at on site; on officials'' conduct an answer is reviewed.',
    effective_from
from rule_set order by version desc limit 1
""",
    """
insert into rule (version, kind, remit, category, urgent, duty, unit, count, evidence, verification)
select (select max(version) from rule_set), kind, remit, category, urgent, duty, unit, count,
    kind = 'municipal' and urgent, kind = 'municipal' and urgent
from rule where version = (select max(version) - 1 from rule_set)
""",
    """
insert into rule (version, kind, remit, category, urgent, duty, unit, count, review)
select version, kind, remit, 'stability.discipline', urgent, duty, unit, count, true
from rule where version = (select max(version) from rule_set)
    and kind = 'stability' and remit = 'district' and category is null and not urgent
on conflict do nothing
""",
)
