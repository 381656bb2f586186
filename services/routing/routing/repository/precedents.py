"""Precedents in force, by place; those that were revoked stay, and hold no more."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import Remit
from kit.db import UnitOfWork, within
from sqlalchemy import insert, select, tuple_, update

from routing.domain.precedent import Precedent
from routing.models import precedent


def add_precedent(uow: UnitOfWork, new: Precedent) -> None:
    """In the place of one that held for the same matter there; one of a tier above stands, and the new one is none."""
    same = (precedent.c.category == new.category, precedent.c.remit == new.remit.value, precedent.c.path == new.path)
    standing = (*same, precedent.c.revoked_at.is_(None))
    ruled_path = uow.execute(select(precedent.c.ruled_path).where(*standing).with_for_update()).scalar()
    if ruled_path is not None and len(ruled_path) < len(new.ruled_path):
        return
    replaced = update(precedent).where(*standing)
    uow.execute(replaced.values(revoked_by=new.ruled_by, revoked_at=new.ruled_at))
    uow.execute(insert(precedent), [asdict(new) | {"remit": new.remit.value}])


def find_precedent_for_change(uow: UnitOfWork, precedent_id: UUID) -> Precedent | None:
    statement = select(precedent).where(precedent.c.precedent_id == precedent_id).with_for_update()
    row = uow.execute(statement).first()
    return precedent_of(dict(row._mapping)) if row else None


def save_revoked(uow: UnitOfWork, precedent_id: UUID, *, by: str, at: datetime) -> None:
    statement = update(precedent).where(precedent.c.precedent_id == precedent_id)
    uow.execute(statement.values(revoked_by=by, revoked_at=at))


def list_precedents(
    uow: UnitOfWork, paths: Sequence[str], *, after_key: tuple[str, UUID] | None, limit: int
) -> list[Precedent]:
    """Those in force at these places or below, place by place."""
    statement = select(precedent).where(within(precedent.c.path, *paths), precedent.c.revoked_at.is_(None))
    if after_key is not None:
        statement = statement.where(tuple_(precedent.c.path, precedent.c.precedent_id) > after_key)
    statement = statement.order_by(precedent.c.path, precedent.c.precedent_id).limit(limit)
    return [precedent_of(dict(row._mapping)) for row in uow.execute(statement)]


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    uow.execute(update(precedent).where(precedent.c.place_id == place_id).values(path=path))
    uow.execute(update(precedent).where(precedent.c.ruled_place_id == place_id).values(ruled_path=path))


def precedent_of(facts: Mapping[str, Any]) -> Precedent:
    """From a row, or from a row as JSON."""
    told = dict(facts)
    for name in ("precedent_id", "place_id", "post_id", "case_id", "ruled_place_id"):
        told[name] = UUID(str(told[name]))
    for name in ("ruled_at", "revoked_at"):
        told[name] = datetime.fromisoformat(told[name]) if isinstance(told[name], str) else told[name]
    return Precedent(**told | {"remit": Remit(told["remit"])})
