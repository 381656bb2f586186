"""Bureaus and departments."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id

from grid.domain import places as place_rules
from grid.domain.posts import Office, OfficeKind
from grid.errors import CodeTaken
from grid.repository import offices as office_rows
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.service.places import republish
from grid.service.rights import check_operator


def add_office(
    uow: UnitOfWork,
    *,
    code: str,
    name: str,
    kind: OfficeKind,
    place: str,
    matters: Sequence[str] = (),
    districts: Sequence[UUID] = (),
    phone: str | None = None,
) -> Office:
    check_operator(uow)
    tree.lock_tree(uow)
    at = tree.get_named(uow, place)
    place_rules.check_active(at, field="/place")
    if office_rows.by_code(uow, [code]):
        raise CodeTaken(code)
    _check_known(uow, districts)
    office = Office(new_id(uow.now), 1, code, name, kind, at.id, tuple(matters), tuple(districts), phone)
    office_rows.insert_offices(uow, [office])
    return office


def change_office(
    uow: UnitOfWork,
    office_id: UUID,
    *,
    version: int,
    name: str | None = None,
    matters: Sequence[str] | None = None,
    districts: Sequence[UUID] | None = None,
    phone: str | None = None,
) -> Office:
    """Its posts are published with it: they carry its matters."""
    check_operator(uow)
    before = office_rows.get_for_change(uow, office_id, version=version)
    if districts:
        _check_known(uow, districts)
    after = replace(
        before,
        version=before.version + 1,
        name=name or before.name,
        matters=before.matters if matters is None else tuple(matters),
        districts=before.districts if districts is None else tuple(districts),
        phone=before.phone if phone is None else phone or None,
    )
    office_rows.update_offices(uow, [after])
    republish(uow, seats.list_posts_of_offices(uow, [office_id]))
    return after


def _check_known(uow: UnitOfWork, districts: Sequence[UUID]) -> None:
    known = tree.by_id(uow, districts)
    for district in districts:
        if district not in known:
            tree.get_place(uow, district)
