"""Cases that may be the same trouble as another, and those of which somebody has said that they are not."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import CaseState, Kind
from kit.db import UnitOfWork, within
from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_unless_there

from routing.domain.case import Case, Seal
from routing.domain.likeness import WITHIN, Other
from routing.models import cases, dismissal

#: So many are looked at in each place, however many there are.
LOOKED_AT = 500

_NAMES = [field.name for field in fields(Other)]
_UNSETTLED: ColumnElement[bool] = literal_column("cases.state <> 'closed' and cases.state <> 'answered'")

_RANGE = (
    func.unnest(bindparam("lows", type_=ARRAY(Text)), bindparam("highs", type_=ARRAY(Text)))
    .table_valued(column("low", Text), column("high", Text), name="near")
    .render_derived()
)
_OF_RANGE = (
    select(*(cases.c[name] for name in _NAMES))
    .where(cases.c.placed_path >= _RANGE.c.low, cases.c.placed_path < _RANGE.c.high, _UNSETTLED, ~cases.c.silent)
    .where(cases.c.received_at.between(bindparam("since"), bindparam("until")))
    .limit(LOOKED_AT)
    .lateral("found")
)
_NEAR = select(_RANGE.c.low, *_OF_RANGE.c).select_from(_RANGE.join(_OF_RANGE, true()))


def list_below(uow: UnitOfWork, case: Case, places: Sequence[str]) -> list[Other]:
    """What somebody still has to answer at these places and below, of the same weeks; of each place so many at most."""
    return _list(uow, union(*(_unsettled(case, within(cases.c.placed_path, place)) for place in places)))


def list_at(uow: UnitOfWork, case: Case) -> list[Other]:
    """The same, at the very place of the case."""
    return _list(uow, _unsettled(case, cases.c.placed_path == case.placed_path))


def list_near(
    uow: UnitOfWork, ranges: Collection[tuple[str, str]], *, since: datetime, until: datetime
) -> dict[str, list[Other]]:
    """The same of many places at once, by where each range of paths begins; of these days, of each so many at most."""
    lows, highs = zip(*ranges, strict=True)
    near: dict[str, list[Other]] = {low: [] for low in lows}
    for row in uow.execute(_NEAR, {"lows": list(lows), "highs": list(highs), "since": since, "until": until}):
        facts = dict(row._mapping)
        near[facts.pop("low")].append(_other(facts))
    return near


def _list(uow: UnitOfWork, found: Executable) -> list[Other]:
    return [_other(dict(row._mapping)) for row in uow.execute(found)]


def _unsettled(case: Case, *where: ColumnElement[bool]) -> Select[Any]:
    page = (
        select(*(cases.c[name] for name in _NAMES))
        .where(
            *where,
            _UNSETTLED,
            cases.c.case_id != case.case_id,
            ~cases.c.silent,
            cases.c.received_at.between(case.received_at - WITHIN, case.received_at + WITHIN),
        )
        .limit(LOOKED_AT)
        .subquery()
    )
    return select(page)


def list_dismissed(uow: UnitOfWork, case_id: UUID) -> set[UUID]:
    """The other case of each pair."""
    mine = or_(dismissal.c.case_id == case_id, dismissal.c.other_id == case_id)
    rows = uow.execute(select(dismissal.c.case_id, dismissal.c.other_id).where(mine))
    return {row.other_id if row.case_id == case_id else row.case_id for row in rows}


def list_dismissed_of(uow: UnitOfWork, case_ids: Collection[UUID]) -> set[frozenset[UUID]]:
    """The pairs of which one is among these."""
    of_these = or_(dismissal.c.case_id.in_(case_ids), dismissal.c.other_id.in_(case_ids))
    rows = uow.execute(select(dismissal.c.case_id, dismissal.c.other_id).where(of_these))
    return {frozenset((row.case_id, row.other_id)) for row in rows}


def add_dismissal(uow: UnitOfWork, case_id: UUID, other_id: UUID, *, by: str) -> None:
    """A pair is one, whichever of both was looked at."""
    first, second = sorted((case_id, other_id))
    row = {"case_id": first, "other_id": second, "dismissed_by": by, "dismissed_at": uow.now}
    uow.execute(insert_unless_there(dismissal).on_conflict_do_nothing(), [row])


def _other(facts: dict[str, Any]) -> Other:
    kind = Kind(facts["kind"]) if facts["kind"] else None
    seal = Seal(facts["seal"]) if facts["seal"] else None
    return Other(**facts | {"state": CaseState(facts["state"]), "kind": kind, "seal": seal})
