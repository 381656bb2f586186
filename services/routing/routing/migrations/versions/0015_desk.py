"""The dispatcher's desk: vacant posts, what was only suggested, papers in custody, how often a case is sent right."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect, scope_policy

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PATH = sa.Text(collation="C")

RIGHTS = {
    "api": {"vacancy": "select", "first_dispatch_day": "select"},
    "consumer": {"vacancy": "select, insert, update", "first_dispatch_day": "select, update"},
    "clock": {"vacancy": "select, update, delete", "pressing": "select"},
    "auditor": {"vacancy": "select", "first_dispatch_day": "select"},
}

#: Whoever answers counts for the place whose dispatcher sent it, which is above most who answer: so it counts beyond
#: their scope, one case and nothing else. Posts are for all to read.
COUNT = """
create function count_first_dispatch(line text[], counted date, was_first boolean) returns void language sql
security definer set search_path = public, pg_temp set app.lo1 = '/' set app.hi1 = '0' as $$
    insert into first_dispatch_day (place_id, day, path, answered, at_first)
    select place_id, counted, path, 1, was_first::int from post_copy
    where path = any(line) and duty = 'dispatcher' and office_id is null and not retired
    order by length(path) desc, post_id limit 1
    on conflict (place_id, day) do update set path = excluded.path, answered = first_dispatch_day.answered + 1,
        at_first = first_dispatch_day.at_first + excluded.at_first
$$
"""


def upgrade() -> None:
    suggested = sa.Column("category_suggested", sa.Boolean, nullable=False, server_default="false")
    op.add_column("cases", suggested)
    op.add_column("cases", sa.Column("first_dispatch", sa.Boolean))
    kept = sa.text("papers_held > 0")
    op.create_index("ix_cases_custody", "cases", ["holder_post_id", "case_id"], postgresql_where=kept)
    op.create_index("ix_cases_custody_place", "cases", ["placed_path", "case_id"], postgresql_where=kept)
    _create_vacancy()
    _create_first_dispatch_day()
    grant(op.get_bind(), "routing", RIGHTS)


def _create_vacancy() -> None:
    op.create_table(
        "vacancy",
        sa.Column("post_id", sa.Uuid, primary_key=True),
        sa.Column("path", PATH, nullable=False),
        sa.Column("look_at", MOMENT),
        sa.Column("found_at", MOMENT),
        sa.Column("dispatcher_post_id", sa.Uuid),
    )
    looked, found = sa.text("look_at is not null"), sa.text("found_at is not null")
    unseen = sa.text("found_at is not null and dispatcher_post_id is null")
    op.create_index("ix_vacancy_look", "vacancy", ["look_at", "post_id"], postgresql_where=looked)
    op.create_index("ix_vacancy_dispatcher", "vacancy", ["dispatcher_post_id"], postgresql_where=found)
    op.create_index("ix_vacancy_path", "vacancy", ["path"], postgresql_where=found)
    op.create_index("ix_vacancy_unseen", "vacancy", ["path"], postgresql_where=unseen)
    # Posts that are known already are looked at once.
    op.execute("insert into vacancy (post_id, path, look_at) select post_id, path, now() from post_copy")
    protect(op.get_bind(), "vacancy", scope_policy("path"))


def _create_first_dispatch_day() -> None:
    op.create_table(
        "first_dispatch_day",
        sa.Column("place_id", sa.Uuid),
        sa.Column("day", sa.Date),
        sa.Column("path", PATH, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("at_first", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("place_id", "day", name="pk_first_dispatch_day"),
    )
    op.create_index("ix_first_dispatch_day_day", "first_dispatch_day", ["day", "path"])
    protect(op.get_bind(), "first_dispatch_day", scope_policy("path"))
    op.execute(COUNT.replace(":", "\\:"))
    op.execute("revoke execute on function count_first_dispatch from public")
    op.execute("grant execute on function count_first_dispatch to routing_api")
