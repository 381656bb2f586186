"""Sealed cases: whom they are opened to, and who has looked at them."""

from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import Row, insert, select, update

from routing.domain.case import Case
from routing.domain.paths import last_of
from routing.domain.sealing import Grant, Opened, Opening, Sight
from routing.models import case_opening, seal_grant

_GRANT = [seal_grant.c[field.name] for field in fields(Grant)]
_OPENING = [case_opening.c[field.name] for field in fields(Opening)]


def add_grant(uow: UnitOfWork, new: Grant) -> None:
    uow.execute(insert(seal_grant), [asdict(new)])


def save_revoked(uow: UnitOfWork, revoked: Grant) -> None:
    statement = update(seal_grant).where(seal_grant.c.grant_id == revoked.grant_id)
    uow.execute(statement.values(revoked_by=revoked.revoked_by, revoked_at=revoked.revoked_at))


def list_grants(uow: UnitOfWork, case_id: UUID) -> list[Grant]:
    """All of the case's, revoked ones among them, as they were made."""
    statement = select(*_GRANT).where(seal_grant.c.case_id == case_id).order_by(seal_grant.c.grant_id)
    return [Grant(**row._mapping) for row in uow.execute(statement)]


def add_opening(uow: UnitOfWork, new: Opening, case: Case) -> None:
    place = {"place_id": case.place_id or last_of(case.placed_path), "placed_path": case.placed_path}
    row = asdict(new) | {"what": new.what.value, "way": new.way.value} | place
    uow.execute(insert(case_opening), [row | {"complained_of": list(case.complained_of)}])


def list_openings(uow: UnitOfWork, case_id: UUID, *, after_id: UUID | None, limit: int) -> list[Opening]:
    """The newest before the rest."""
    statement = select(*_OPENING).where(case_opening.c.case_id == case_id)
    if after_id is not None:
        statement = statement.where(case_opening.c.opening_id < after_id)
    rows = uow.execute(statement.order_by(case_opening.c.opening_id.desc()).limit(limit))
    return [_opening(row) for row in rows]


def _opening(row: Row[Any]) -> Opening:
    facts = dict(row._mapping)
    return Opening(**facts | {"what": Opened(facts["what"]), "way": Sight(facts["way"])})
