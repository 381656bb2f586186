"""Cases that may be the same trouble as another, and those of which somebody has said that they are not."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from contracts.routing import CaseState, Kind
from kit.db import UnitOfWork, within
from sqlalchemy import ColumnElement, Executable, Select, literal_column, or_, select, union
from sqlalchemy.dialects.postgresql import insert as insert_unless_there

from routing.domain.case import Case, Seal
from routing.domain.likeness import WITHIN, Other
from routing.models import cases, dismissal

#: So many are looked at in each place, however many there are.
LOOKED_AT = 500

_NAMES = [field.name for field in fields(Other)]
_UNSETTLED: ColumnElement[bool] = literal_column("cases.state <> 'closed' and cases.state <> 'answered'")


def list_below(uow: UnitOfWork, case: Case, places: Sequence[str]) -> list[Other]:
    """What somebody still has to answer at these places and below, of the same weeks; of each place so many at most."""
    return _list(uow, union(*(_unsettled(case, within(cases.c.placed_path, place)) for place in places)))


def list_at(uow: UnitOfWork, case: Case) -> list[Other]:
    """The same, at the very place of the case."""
    return _list(uow, _unsettled(case, cases.c.placed_path == case.placed_path))


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


def add_dismissal(uow: UnitOfWork, case_id: UUID, other_id: UUID, *, by: str) -> None:
    """A pair is one, whichever of both was looked at."""
    first, second = sorted((case_id, other_id))
    row = {"case_id": first, "other_id": second, "dismissed_by": by, "dismissed_at": uow.now}
    uow.execute(insert_unless_there(dismissal).on_conflict_do_nothing(), [row])


def _other(facts: dict[str, Any]) -> Other:
    kind = Kind(facts["kind"]) if facts["kind"] else None
    seal = Seal(facts["seal"]) if facts["seal"] else None
    return Other(**facts | {"state": CaseState(facts["state"]), "kind": kind, "seal": seal})
