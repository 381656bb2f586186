"""Sealed matters: only those see them who must, and whom a grant names; who has looked at one is noted."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from contracts.routing import Kind, Remit
from kit.db import UnitOfWork
from kit.migrations import OPEN_TO_ME, grant, protect, scope_policy
from routing import events
from routing.domain.rules import Category
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NONE = sa.text("'{}'::text[]")

#: What is seen by another way than its case says whether that is sealed.
APART = ("deadline", "hotline_handover")

#: Discipline, and complaints about staff.
SEALED = ("stability.discipline",)

RIGHTS = {
    "api": {"seal_grant": "select, insert, update", "case_opening": "select, insert"},
    "consumer": {"case_opening": "select (place_id), update (placed_path)"},
    "auditor": {"seal_grant": "select", "case_opening": "select"},
}

SEEN = "seal is null or {open} or case_id::text = current_setting('app.opened', true)"
ITS_CASE = "exists (select 1 from cases c where c.case_id = {table}.case_id)"
NOT_ABOUT_ME = "coalesce(current_setting('app.subject', true), '') <> all (complained_of)"

#: The owner is bound by the scope of who asks, but by neither the seal nor what is not about oneself.
COUNT = f"""
create function count_sealed(lo text, hi text) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select count(*) from cases
    where seal is not null and state <> 'closed' and placed_path >= lo and placed_path < hi
        and not coalesce({OPEN_TO_ME}, false) and {NOT_ABOUT_ME}
$$
"""


def upgrade() -> None:
    op.add_column("category", sa.Column("sealed", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("cases", sa.Column("seal", sa.Text))
    op.add_column("cases", sa.Column("keeper_post_id", sa.Uuid))
    op.add_column("cases", sa.Column("granted_to", ARRAY(sa.Text), nullable=False, server_default=NONE))
    op.add_column("cases", sa.Column("seen_by", ARRAY(sa.Text), nullable=False, server_default=NONE))
    for table in APART:
        op.add_column(table, sa.Column("sealed", sa.Boolean, nullable=False, server_default="false"))
    still = sa.text("seal is not null and state <> 'closed'")
    op.create_index("ix_cases_sealed", "cases", ["placed_path"], postgresql_where=still)
    op.create_index("ix_cases_kept", "cases", ["keeper_post_id", "case_id"], postgresql_where=still)
    _create_seal_grant()
    _create_case_opening()
    _protect()
    grant(op.get_bind(), "routing", RIGHTS)
    op.execute(sa.text(COUNT.replace(":", "\\:")))
    op.execute("revoke execute on function count_sealed from public")
    op.execute("grant execute on function count_sealed to routing_api")
    _seal_categories()


def _protect() -> None:
    """What belongs to a case asks the case. A deadline has a path of its own, and a handover a batch, so that they say
    whether their case is sealed.
    """
    connection = op.get_bind()
    seen = SEEN.format(open=OPEN_TO_ME)
    op.execute(sa.text(f"create policy sealed on cases as restrictive for select to routing_api using ({seen})"))
    op.execute(f"create policy opened on cases for select to routing_api using (seal is not null and {OPEN_TO_ME})")
    for table in APART:
        its_case = ITS_CASE.format(table=table)
        kept = f"not sealed or {its_case}"
        op.execute(f"create policy sealed on {table} as restrictive for select to routing_api using ({kept})")
        op.execute(f"create policy opened on {table} for select to routing_api using (sealed and {its_case})")
    protect(connection, "seal_grant", ITS_CASE.format(table="seal_grant"))
    protect(connection, "case_opening", scope_policy("placed_path", grant=ITS_CASE.format(table="case_opening")))
    op.execute(
        "create policy not_about_oneself on case_opening as restrictive for select to routing_api"
        f" using ({NOT_ABOUT_ME})"
    )


def _create_seal_grant() -> None:
    op.create_table(
        "seal_grant",
        sa.Column("grant_id", sa.Uuid, primary_key=True),
        sa.Column(
            "case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_seal_grant_case_id_cases"), nullable=False
        ),
        sa.Column("subject", sa.Text),
        sa.Column("post_id", sa.Uuid),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("by_post_id", sa.Uuid, nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoked_at", MOMENT),
    )
    op.create_index("ix_seal_grant_case_id", "seal_grant", ["case_id"])


def _create_case_opening() -> None:
    op.create_table(
        "case_opening",
        sa.Column("opening_id", sa.Uuid, primary_key=True),
        sa.Column(
            "case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_case_opening_case_id_cases"), nullable=False
        ),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("grant_id", sa.Uuid),
        sa.Column("complained_of", ARRAY(sa.Text), nullable=False),
        sa.Column("place_id", sa.Uuid),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
    )
    op.create_index("ix_case_opening_case", "case_opening", ["case_id", "opening_id"])
    op.create_index("ix_case_opening_place_id", "case_opening", ["place_id"])


def _seal_categories() -> None:
    """Of the tree that the city has: a new version of what is there, since it was meant so from the first; and a branch
    for violence at home, which had none.
    """
    uow = UnitOfWork(op.get_bind(), now=datetime.now(UTC))
    sealed = uow.execute(sa.text(SEAL), {"codes": list(SEALED)}).all()
    added = uow.execute(sa.text(ADD), {"words": ["家暴", "家庭暴力", "人身安全保护令"]}).all()
    for row in (*sealed, *added):
        known = dict(row._mapping) | {"kind": Kind(row.kind), "remit": Remit(row.remit)}
        uow.publish(events.category_changed(Category(**known, retired=False, sealed=True)))
    uow.flush()


COLUMNS = """code, version, parent, name_zh, name_en, kind, remit, words, line, retired, changed_by, effective_from,
    sealed"""
TOLD = "code, version, parent, name_zh, name_en, kind, remit, words, line, effective_from"

SEAL = f"""
insert into category ({COLUMNS})
select code, version + 1, parent, name_zh, name_en, kind, remit, words, line, retired, null, effective_from, true from (
    select distinct on (code) * from category where code = any(:codes) order by code, version desc
) as latest
where not retired
returning {TOLD}
"""
ADD = f"""
insert into category ({COLUMNS})
select 'legal.domestic_violence', 1, 'legal', '家庭暴力', 'Violence at home', kind, remit, :words,
    line || array['legal.domestic_violence'], false, null, effective_from, true
from (select * from category where code = 'legal' order by version desc limit 1) as legal
where not retired and not exists (select from category where code = 'legal.domestic_violence')
returning {TOLD}
"""
