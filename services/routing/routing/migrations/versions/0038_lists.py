"""How each case and each deadline stands: what is late comes first in every list, then what is at risk. And which
appeals are of one person.

What stands by now is reckoned here. A case that the release before saves meanwhile stands as it stood, until it is
saved again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

AT_THE_TOP = ["standing", "falls_due", "case_id"]
PLACE_BY_PLACE = ["standing", "placed_path", "falls_due", "case_id"]

#: Each list's own index, by how it is sorted now; what begins with the standing is read for a place by three searches.
SORTED = {
    "ix_cases_worklist": (["holder_post_id", *AT_THE_TOP], "state in ('accepted', 'assigned', 'in_progress')"),
    "ix_cases_answered": (["holder_post_id", *AT_THE_TOP], "state = 'answered'"),
    "ix_cases_place": (PLACE_BY_PLACE, "state <> 'closed'"),
    "ix_cases_queue": (["holder_post_id", *AT_THE_TOP], "queue is not null"),
    "ix_cases_transferred": (
        ["first_holder_post_id", *AT_THE_TOP],
        "first_holder_post_id is not null and state <> 'closed'",
    ),
    "ix_cases_followed": (["standing", "followed_since", "case_id", "placed_path"], "followed_since is not null"),
    "ix_cases_calls_owed": (PLACE_BY_PLACE, "calls_owed > 0"),
    "ix_cases_excluding": (PLACE_BY_PLACE, "excluding is not null"),
}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for table in ("cases", "deadline"):
        op.add_column(table, sa.Column("standing", sa.SmallInteger, nullable=False, server_default="2"))
    op.add_column("cases", sa.Column("falls_due", moment, nullable=False, server_default=sa.func.now()))
    op.add_column("case_appeal", sa.Column("asker", sa.Uuid))
    op.add_column("cases", sa.Column("behind", ARRAY(sa.Uuid), nullable=False, server_default="{}"))
    op.execute("select set_config('app.lo1', '/', true), set_config('app.hi1', '0', true)")
    for statement in (DEADLINES, BEHIND, CASES):
        op.execute(statement)
    op.execute("select set_config('app.lo1', '', true), set_config('app.hi1', '', true)")
    _sort()


def _sort() -> None:
    for name, (columns, where) in SORTED.items():
        op.drop_index(name, "cases")
        op.create_index(name, "cases", columns, postgresql_where=sa.text(where))
    op.drop_index("ix_deadline_place", "deadline")
    by = ["standing", "placed_path", "due_at", "deadline_id"]
    op.create_index("ix_deadline_place", "deadline", by, postgresql_where=sa.text("state = 'open'"))


#: Warned of the last share of its time.
DEADLINES = """
update deadline set standing = 1
where state = 'open' and kind in ('promise', 'redo', 'planned', 'assigned', 'contact')
    and warned > 0 and warned >= cast(warnings -> -1 ->> 'share' as integer)
"""

#: Parts and reports that were missed, and are owed yet.
BEHIND = """
update cases set behind = owed.ids
from (
    select case_id, array_agg(about) as ids from (
        select case_id, helper_id as about from helper where state = 'asked' and missed_at is not null
        union all
        select p.case_id, p.pressing_id from pressing p
        join deadline d on d.case_id = p.case_id and d.about = p.pressing_id and d.state = 'breached'
        where p.settled_at is null
    ) as missed group by case_id
) as owed
where cases.case_id = owed.case_id and cases.state <> 'closed'
"""

#: As routing.domain.case says it (``Case.stand``).
CASES = """
update cases set
    standing = case
        when cardinality(cases.behind) > 0
            or (stands.is_unsettled and stands.due < now()
                and not (cases.promise_met is true and cases.answered_at is null and cases.planned_due is null))
            or (cases.assigned_due < now()
                and coalesce(cases.report_back = 'owed', stands.is_unsettled))
            or (stands.is_unsettled and cases.first_contact_at is null and exists (
                select 1 from deadline d
                where d.case_id = cases.case_id and d.kind = 'contact' and d.state = 'breached'))
            or (cases.at_hotline and not exists (
                select 1 from deadline d where d.case_id = cases.case_id and d.kind = 'reply' and d.state = 'open'))
        then 0
        when stands.is_at_risk then 1 else 2 end,
    falls_due = coalesce(
        least(stands.first_due, case when stands.is_unsettled then stands.due end), cases.opened_at)
from (
    select c.case_id, c.state <> 'answered' as is_unsettled, coalesce(c.planned_due, c.promise_due) as due,
        min(d.due_at) as first_due, coalesce(bool_or(d.standing = 1), false) as is_at_risk
    from cases c left join deadline d on d.case_id = c.case_id and d.state = 'open'
    where c.state <> 'closed'
    group by c.case_id
) as stands
where cases.case_id = stands.case_id
"""
