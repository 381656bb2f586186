"""Bureaus, departments and organisations."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from sqlalchemy import Row, Text, Uuid, any_, bindparam, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from grid.domain.posts import Office, OfficeKind
from grid.domain.register import Organisation, OrganisationKind
from grid.errors import ChangedMeanwhile, OfficeNotFound
from grid.models import office, organisation, place

_OFFICE = [office.c[name] for name in Office.__dataclass_fields__]
_ORGANISATION = [organisation.c[name] for name in Organisation.__dataclass_fields__]


def get_office(uow: UnitOfWork, office_id: UUID) -> Office:
    return _get(uow, select(*_OFFICE).where(office.c.id == office_id), office_id)


def get_for_change(uow: UnitOfWork, office_id: UUID, *, version: int) -> Office:
    found = _get(uow, select(*_OFFICE).where(office.c.id == office_id).with_for_update(), office_id)
    if found.version != version:
        raise ChangedMeanwhile("office", found.version)
    return found


def by_code(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Office]:
    statement = select(*_OFFICE).where(office.c.code == any_(bindparam("codes", list(codes), ARRAY(Text))))
    return {row.code: _office(row) for row in uow.execute(statement)}


def paths_of(uow: UnitOfWork, office_ids: Collection[UUID]) -> dict[UUID, str]:
    """Where each office itself lies."""
    statement = select(office.c.id, place.c.path).join(place, place.c.id == office.c.place_id)
    among = office.c.id == any_(bindparam("offices", list(office_ids), ARRAY(Uuid)))
    return {row.id: row.path for row in uow.execute(statement.where(among))}


def list_offices(
    uow: UnitOfWork, *, limit: int, behind: str | None = None, under: str | None = None, matter: str | None = None
) -> list[Office]:
    """By code. ``matter``: those that answer for the category, whether it is named or they answer for all."""
    statement = select(*_OFFICE).order_by(office.c.code).limit(limit)
    if behind is not None:
        statement = statement.where(office.c.code > behind)
    if under is not None:
        statement = statement.join(place, place.c.id == office.c.place_id)
        statement = statement.where(within(place.c.path, under))
    if matter is not None:
        statement = statement.where(or_(office.c.matters.contains([matter]), office.c.matters == []))
    return [_office(row) for row in uow.execute(statement)]


def insert_offices(uow: UnitOfWork, offices: Sequence[Office]) -> None:
    if offices:
        uow.execute(insert(office), [_row(item) for item in offices])


def update_offices(uow: UnitOfWork, offices: Sequence[Office]) -> None:
    if not offices:
        return
    names = [name for name in Office.__dataclass_fields__ if name not in ("id", "code")]
    statement = update(office).where(office.c.id == bindparam("b_id"))
    statement = statement.values({name: bindparam(f"b_{name}") for name in names})
    uow.execute(statement, [{f"b_{name}": value for name, value in _row(item).items()} for item in offices])


def organisations_by_code(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Organisation]:
    among = organisation.c.code == any_(bindparam("codes", list(codes), ARRAY(Text)))
    return {row.code: _organisation(row) for row in uow.execute(select(*_ORGANISATION).where(among))}


def list_organisations(
    uow: UnitOfWork, *, limit: int, behind: str | None = None, under: str | None = None
) -> list[Organisation]:
    statement = select(*_ORGANISATION).order_by(organisation.c.code).limit(limit)
    if behind is not None:
        statement = statement.where(organisation.c.code > behind)
    if under is not None:
        statement = statement.join(place, place.c.id == organisation.c.place_id)
        statement = statement.where(within(place.c.path, under))
    return [_organisation(row) for row in uow.execute(statement)]


def insert_organisations(uow: UnitOfWork, organisations: Sequence[Organisation]) -> None:
    if organisations:
        uow.execute(insert(organisation), [_organisation_row(item) for item in organisations])


def _get(uow: UnitOfWork, statement: Any, office_id: UUID) -> Office:
    row = uow.execute(statement).first()
    if row is None:
        raise OfficeNotFound(office_id)
    return _office(row)


def _office(row: Row[Any]) -> Office:
    facts = dict(row._mapping)
    facts |= {
        "kind": OfficeKind(facts["kind"]),
        "matters": tuple(facts["matters"]),
        "districts": tuple(facts["districts"]),
    }
    return Office(**facts)


def _row(item: Office) -> dict[str, Any]:
    row = {name: getattr(item, name) for name in Office.__dataclass_fields__}
    return row | {"kind": item.kind.value, "matters": list(item.matters), "districts": list(item.districts)}


def _organisation(row: Row[Any]) -> Organisation:
    facts = dict(row._mapping)
    return Organisation(**{**facts, "kind": OrganisationKind(facts["kind"]), "aliases": tuple(facts["aliases"])})


def _organisation_row(item: Organisation) -> dict[str, Any]:
    row = {name: getattr(item, name) for name in Organisation.__dataclass_fields__}
    return row | {"kind": item.kind.value, "aliases": list(item.aliases)}
