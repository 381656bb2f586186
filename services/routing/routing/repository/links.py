"""Which cases are linked: a row for each of the two, seen by whoever sees that one."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from contracts.routing import CaseState, LinkKind
from kit.db import UnitOfWork
from sqlalchemy import Row, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from routing.domain.case import Case
from routing.domain.linking import Link, LinkSeen, OtherCase
from routing.errors import LinkNotFound
from routing.models import case_link, cases
from routing.repository.cases import is_sealed_to_me
from routing.repository.rows import told_gist

_COLUMNS = [case_link.c[field.name] for field in fields(Link)]
_STANDS = case_link.c.ended_at.is_(None)
_OF_THESE = case_link.c.case_id == any_(bindparam("these", type_=ARRAY(Uuid)))
#: What of the other case is not to be seen, its policy leaves out; a link with what is sealed and not open to whoever
#: looks, that of links.
_WITH_OTHER = (
    select(*_COLUMNS, cases.c.case_id.label("seen_id"), cases.c.state, cases.c.gist, cases.c.seal)
    .select_from(case_link)
    .outerjoin(cases, cases.c.case_id == case_link.c.other_id)
)


def add_link(uow: UnitOfWork, *sides: Link) -> None:
    """On both cases."""
    uow.execute(insert(case_link), [asdict(side) | {"kind": side.kind.value} for side in sides])


def is_linked(uow: UnitOfWork, case_id: UUID, other_id: UUID) -> bool:
    pair = (case_link.c.case_id == case_id, case_link.c.other_id == other_id)
    return uow.execute(select(case_link.c.link_id).where(*pair, _STANDS)).first() is not None


def get_link(uow: UnitOfWork, case_id: UUID, link_id: UUID) -> Link:
    """One that stands."""
    mine = (case_link.c.case_id == case_id, case_link.c.link_id == link_id)
    row = uow.execute(select(*_COLUMNS).where(*mine, _STANDS)).first()
    if row is None:
        raise LinkNotFound(link_id)
    return _link(row)


def end_link(uow: UnitOfWork, link_id: UUID) -> None:
    """On both cases, which are both seen."""
    statement = update(case_link).where(case_link.c.link_id == link_id)
    uow.execute(statement.values(ended_at=uow.now, ended_by=uow.person.subject))


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[LinkSeen]:
    statement = _WITH_OTHER.where(case_link.c.case_id == case_id, _STANDS).order_by(case_link.c.link_id)
    return [LinkSeen(_link(row), _other(row)) for row in uow.execute(statement)]


def hide(uow: UnitOfWork, read: Iterable[Case]) -> None:
    """Of which links of these cases, and of which that they were merged into, whoever reads them may not know."""
    read = list(read)
    for case in read:
        case.merged_hidden = case.merged_into is not None and is_sealed_to_me(uow, case.merged_into)
    linked = {case.case_id: case for case in read if case.linked}
    if not linked:
        return
    seen = select(case_link.c.case_id, func.count().label("many")).where(_OF_THESE, _STANDS)
    rows = uow.execute(seen.group_by(case_link.c.case_id), {"these": list(linked)})
    known = {row.case_id: row.many for row in rows}
    for case in linked.values():
        case.links_hidden = case.linked - known.get(case.case_id, 0)


def list_ids(uow: UnitOfWork, case_id: UUID) -> set[UUID]:
    """Of the links that the case has or had and that whoever looks may know of."""
    return set(uow.execute(select(case_link.c.link_id).where(case_link.c.case_id == case_id)).scalars())


def _link(row: Row[Any]) -> Link:
    facts = {column.name: row._mapping[column.name] for column in _COLUMNS}
    return Link(**facts | {"kind": LinkKind(facts["kind"])})


def _other(row: Row[Any]) -> OtherCase | None:
    return OtherCase(row.seen_id, CaseState(row.state), told_gist(row)) if row.seen_id else None
