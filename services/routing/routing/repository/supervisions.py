"""Whose duty it is to see to what is late."""

import json
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import CaseState
from kit.db import UnitOfWork
from kit.ids import new_id
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from routing.domain.case import Case, Standing
from routing.domain.promise import Term, Unit
from routing.domain.supervising import Supervision, SupervisionLine
from routing.models import cases, supervision
from routing.repository.cases import list_cases_for_change
from routing.repository.claims import Claim
from routing.repository.recounts import Since
from routing.repository.rows import told_gist

_NAMES = [field.name for field in fields(Supervision) if field.name != "term"]
_COLUMNS = [supervision.c[name] for name in (*_NAMES, "unit", "count")]
_OF_CASE = [
    cases.c.number.label("case_number"),
    *(cases.c[name] for name in ("gist", "seal", "version", "state", "holder_post_id", "promise_due", "standing")),
]
_STANDS = supervision.c.settled_at.is_(None)
#: A process of the release before answers and ends a case without settling whose duty it is.
_UNSETTLED: ColumnElement[bool] = literal_column("cases.state not in ('answered', 'closed')")


def save_supervisions(uow: UnitOfWork, changed: Sequence[Supervision]) -> None:
    """New ones, and those that have climbed or come back: one statement, however many."""
    if changed:
        rows = [_row(each) for each in changed]
        uow.execute(_SAVE, {"rows": json.dumps(rows, default=str)})


def claim_lapsed(uow: UnitOfWork, claim: Claim) -> list[tuple[Case, Supervision]]:
    """Whose limit passed before now with their cases, oldest first, locked; what another holds is passed over."""
    return _claimed(uow, _lapsed(uow, claim), claim)


def claim_counted_by(uow: UnitOfWork, since: Since, claim: Claim) -> list[tuple[Case, Supervision]]:
    """The same, in whatever order, of those whose limit a calendar has counted that another has taken the place of."""
    claimed: list[tuple[Case, Supervision]] = []
    for version, instant in since.items():
        claimed += _claimed(uow, _counted_by(version, instant, claim.after(len(claimed))), claim)
    return claimed


def _claimed(uow: UnitOfWork, statement: Select[Any], claim: Claim) -> list[tuple[Case, Supervision]]:
    rows = uow.execute(statement).all()
    claim.taken |= {row.case_id for row in rows}
    claimed = [_supervision(row) for row in rows]
    locked = list_cases_for_change(uow, {each.case_id for each in claimed}) if claimed else {}
    return [(locked[each.case_id], each) for each in claimed]


def _lapsed(uow: UnitOfWork, claim: Claim) -> Select[Any]:
    lapsed = _running(claim).where(supervision.c.due_at < uow.now)
    return lapsed.order_by(supervision.c.due_at, supervision.c.supervision_id)


def _counted_by(version: int, since: datetime, claim: Claim) -> Select[Any]:
    counted = supervision.c.unit != Unit.CLOCK_HOURS.value
    return _running(claim).where(supervision.c.calendar_version == version, supervision.c.due_at > since, counted)


def _running(claim: Claim) -> Select[Any]:
    running = (
        select(*_COLUMNS)
        .join(cases, cases.c.case_id == supervision.c.case_id)
        .where(_STANDS, supervision.c.lapsed_at.is_(None))
        .limit(claim.limit)
        .with_for_update(of=[cases, supervision], skip_locked=True)
    )
    return running.where(cases.c.case_id.not_in(claim.aside)) if claim.aside else running


def list_posts(uow: UnitOfWork, case_id: UUID) -> frozenset[UUID]:
    """Whose duty it is to see to the case, of every tier: who let it pass keeps it."""
    standing = select(supervision.c.post_id).where(supervision.c.case_id == case_id, _STANDS)
    return frozenset(uow.execute(standing).scalars())


def settle_of_case(uow: UnitOfWork, case_id: UUID, *, but: Collection[UUID] = ()) -> None:
    """All tiers' at once, but for those of these posts."""
    settled = (supervision.c.case_id == case_id, _STANDS, supervision.c.post_id.not_in(but))
    uow.execute(update(supervision).where(*settled).values(settled_at=uow.now))


def move_to_case(uow: UnitOfWork, case_id: UUID, to: UUID) -> None:
    uow.execute(update(supervision).where(supervision.c.case_id == case_id, _STANDS).values(case_id=to))


def copy_to_case(uow: UnitOfWork, case_id: UUID, to: UUID) -> None:
    """The one whose limit runs."""
    running = select(*_COLUMNS).where(supervision.c.case_id == case_id, _STANDS, supervision.c.lapsed_at.is_(None))
    copies = [_supervision(row) for row in uow.execute(running)]
    for each in copies:
        each.supervision_id, each.case_id = new_id(uow.now), to
    save_supervisions(uow, copies)


def hasten(uow: UnitOfWork, case_id: UUID) -> None:
    """Whoever has it must not: it climbs as soon as a clock comes by."""
    running = (supervision.c.case_id == case_id, _STANDS, supervision.c.lapsed_at.is_(None))
    uow.execute(update(supervision).where(*running).values(due_at=uow.now))


def list_standing(
    uow: UnitOfWork, posts: Collection[UUID], *, after_key: tuple[int, datetime, UUID] | None, limit: int
) -> list[SupervisionLine]:
    """What nobody is above first, then the oldest: each post's own part of the index is read, then merged."""
    asked: dict[str, Any] = {"posts": list(posts), "most": limit, "me": uow.by}
    if after_key is not None:
        asked |= dict(zip(("after_rank", "after_since", "after_id"), after_key, strict=True))
    return [_line(row) for row in uow.execute(_STANDING[after_key is not None], asked)]


def _line(row: Row[Any]) -> SupervisionLine:
    return SupervisionLine(
        _supervision(row),
        row.case_number,
        told_gist(row),
        row.version,
        CaseState(row.state),
        row.holder_post_id,
        row.promise_due,
        Standing.ranked(row.standing),
    )


def _row(each: Supervision) -> dict[str, Any]:
    facts = {name: getattr(each, name) for name in _NAMES}
    return facts | {"unit": each.term.unit.value, "count": each.term.count, "rank": each.rank}


def _supervision(row: Row[Any]) -> Supervision:
    told = row._mapping
    return Supervision(**{name: told[name] for name in _NAMES}, term=Term(Unit(told["unit"]), told["count"]))


_ALL = [column.name for column in supervision.c]
_LATER = ("counted_from", "due_at", "unit", "count", "rule_version", "calendar_version", "rank", "repeats")
_SAVE = text(f"""
insert into supervision ({", ".join(f'"{name}"' for name in _ALL)})
select {", ".join(f'"{name}"' for name in _ALL)}
from jsonb_populate_recordset(cast(null as supervision), cast(:rows as jsonb)) order by lapsed_at nulls last
on conflict (supervision_id) do update set
    {", ".join(f'"{name}" = excluded."{name}"' for name in (*_LATER, "lapsed_at", "settled_at"))}
""")

_POSTS = func.unnest(bindparam("posts", type_=ARRAY(Uuid))).table_valued("post_id").render_derived()
_MOST = bindparam("most", type_=Integer)
_AFTER = tuple_(
    bindparam("after_rank", type_=Integer),
    bindparam("after_since", type_=DateTime(timezone=True)),
    bindparam("after_id", type_=Uuid),
)


def _standing(*, goes_on: bool) -> Select[Any]:
    place = (supervision.c.rank, supervision.c.since, supervision.c.supervision_id)
    behind = [tuple_(*place) > _AFTER] if goes_on else []
    mine = (
        select(supervision)
        .join(cases, cases.c.case_id == supervision.c.case_id)
        .where(supervision.c.post_id == _POSTS.c.post_id, _STANDS, _UNSETTLED, *behind)
        .where(func.coalesce(bindparam("me"), "") != func.all(cases.c.recused))
        .order_by(*place)
        .limit(_MOST)
        .lateral("mine")
    )
    return (
        select(*(mine.c[column.name] for column in _COLUMNS), *_OF_CASE)
        .select_from(_POSTS.join(mine, true()).join(cases, cases.c.case_id == mine.c.case_id))
        .order_by(mine.c.rank, mine.c.since, mine.c.supervision_id)
        .limit(_MOST)
    )


#: By whether a page came before.
_STANDING = {goes_on: _standing(goes_on=goes_on) for goes_on in (False, True)}
