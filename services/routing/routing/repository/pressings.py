"""How holders are pressed. Who owes a report is found through the case, which goes from holder to holder."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import PressingKind
from kit.db import UnitOfWork
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from routing.domain.pressing import Pressing, PressingLine
from routing.errors import PressingNotFound
from routing.models import cases, pressing
from routing.repository.rows import told_gist

_NAMES = [field.name for field in fields(Pressing)]
_COLUMNS = [pressing.c[name] for name in _NAMES]
_OF_CASE = [cases.c.number.label("case_number"), cases.c.gist, cases.c.seal, cases.c.version]
_OWED = pressing.c.settled_at.is_(None)
_IS_NUDGE = pressing.c.kind == PressingKind.NUDGE.value
#: Of a resident's own nudge, and where nobody took it down: a process of the release before reads no nulls here.
_NO_POST, _NOBODY = UUID(int=0), ""
#: A process of the release before ends a case without ending what is owed on it.
_OPEN: ColumnElement[bool] = literal_column("cases.state <> 'closed'")


def add_pressings(uow: UnitOfWork, new: Sequence[Pressing]) -> None:
    uow.execute(insert(pressing), list(map(_row, new)))


def get_pressing(uow: UnitOfWork, pressing_id: UUID) -> Pressing:
    row = uow.execute(select(*_COLUMNS).where(pressing.c.pressing_id == pressing_id)).first()
    if row is None:
        raise PressingNotFound(pressing_id)
    return _pressing(row)


def count_nudges(uow: UnitOfWork, case_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many there have been, by case; on one that was never nudged, none."""
    many = func.count().label("many")
    counted = select(pressing.c.case_id, many).where(pressing.c.case_id.in_(case_ids), _IS_NUDGE)
    return {row.case_id: row.many for row in uow.execute(counted.group_by(pressing.c.case_id))}


def list_nudged(uow: UnitOfWork, case_id: UUID) -> dict[UUID, datetime]:
    """When each post has nudged the case last."""
    posts = (pressing.c.case_id == case_id, _IS_NUDGE, pressing.c.by_post_id != _NO_POST)
    last = select(pressing.c.by_post_id, func.max(pressing.c.made_at).label("last")).where(*posts)
    return {row.by_post_id: row.last for row in uow.execute(last.group_by(pressing.c.by_post_id))}


def save_report(uow: UnitOfWork, answered: Pressing) -> None:
    names = ("reported_at", "reported_by", "report", "settled_at")
    statement = update(pressing).where(pressing.c.pressing_id == answered.pressing_id)
    uow.execute(statement.values({name: getattr(answered, name) for name in names}))


def end_owed(uow: UnitOfWork, case_id: UUID) -> list[Pressing]:
    """What was still owed on a case that ends without an answer."""
    ended = update(pressing).where(pressing.c.case_id == case_id, _OWED).values(settled_at=uow.now)
    found = [_pressing(row) for row in uow.execute(ended.returning(*_COLUMNS))]
    return sorted(found, key=lambda each: each.pressing_id)


def list_pressings(uow: UnitOfWork, pressing_ids: Collection[UUID]) -> dict[UUID, Pressing]:
    statement = select(*_COLUMNS).where(pressing.c.pressing_id.in_(pressing_ids))
    return {found.pressing_id: found for found in map(_pressing, uow.execute(statement))}


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[Pressing]:
    statement = select(*_COLUMNS).where(pressing.c.case_id == case_id).order_by(pressing.c.pressing_id)
    return [_pressing(row) for row in uow.execute(statement)]


def list_owed(
    uow: UnitOfWork, posts: Collection[UUID], *, after_key: tuple[datetime, UUID] | None, limit: int
) -> list[PressingLine]:
    """What these posts owe a report on, as they hold its case; what falls due first before the rest."""
    return _lines(uow, _OWED_BY, posts, after_key, limit)


def list_given(
    uow: UnitOfWork, posts: Collection[UUID], *, after_key: tuple[datetime, UUID] | None, limit: int
) -> list[PressingLine]:
    """What these posts have pressed and nobody has reported on; what falls due first before the rest."""
    return _lines(uow, _GIVEN_BY, posts, after_key, limit)


def _lines(
    uow: UnitOfWork,
    statements: dict[bool, Select[Any]],
    posts: Collection[UUID],
    after_key: tuple[datetime, UUID] | None,
    limit: int,
) -> list[PressingLine]:
    asked: dict[str, Any] = {"posts": list(posts), "most": limit}
    if after_key is not None:
        asked |= {"after_due": after_key[0], "after_pressing": after_key[1]}
    rows = uow.execute(statements[after_key is not None], asked)
    return [PressingLine(_pressing(row), row.case_number, told_gist(row), row.version, uow.now) for row in rows]


def _row(new: Pressing) -> dict[str, Any]:
    who = {"by": new.by or _NOBODY, "by_post_id": new.by_post_id or _NO_POST}
    return asdict(new) | who | {"kind": new.kind.value, "comes_up_at": new.comes_up_at}


def _pressing(row: Row[Any]) -> Pressing:
    facts = {name: row._mapping[name] for name in _NAMES}
    post_id = None if facts["by_post_id"] == _NO_POST else facts["by_post_id"]
    return Pressing(**facts | {"kind": PressingKind(facts["kind"]), "by": facts["by"] or None, "by_post_id": post_id})


_POSTS = func.unnest(bindparam("posts", type_=ARRAY(Uuid))).table_valued("post_id").render_derived()
_MOST = bindparam("most", type_=Integer)
_AFTER = tuple_(bindparam("after_due", type_=DateTime(timezone=True)), bindparam("after_pressing", type_=Uuid))


def _behind(due: ColumnElement[datetime], identity: ColumnElement[UUID], *, goes_on: bool) -> list[ColumnElement[bool]]:
    return [tuple_(due, identity) > _AFTER] if goes_on else []


def _owed_by(*, goes_on: bool) -> Select[Any]:
    """Few cases of a post owe a report, and their own index holds no others: they are read, then sorted."""
    due, identity = pressing.c.comes_up_at, pressing.c.pressing_id
    return (
        select(*_COLUMNS, *_OF_CASE)
        .select_from(_POSTS)
        .join(cases, (cases.c.holder_post_id == _POSTS.c.post_id) & literal_column("cases.reports_owed > 0"))
        .join(pressing, (pressing.c.case_id == cases.c.case_id) & _OWED & _OPEN)
        .where(*_behind(due, identity, goes_on=goes_on))
        .order_by(due, identity)
        .limit(_MOST)
    )


def _given_by(*, goes_on: bool) -> Select[Any]:
    """Each post's own part of the index is read as far as the page goes, then merged."""
    due, identity = pressing.c.comes_up_at, pressing.c.pressing_id
    given = (
        select(pressing)
        .where(pressing.c.by_post_id == _POSTS.c.post_id, _OWED, *_behind(due, identity, goes_on=goes_on))
        .order_by(due, identity)
        .limit(_MOST)
        .lateral("given")
    )
    return (
        select(*(given.c[name] for name in _NAMES), *_OF_CASE)
        .select_from(_POSTS.join(given, true()).join(cases, (cases.c.case_id == given.c.case_id) & _OPEN))
        .order_by(given.c.comes_up_at, given.c.pressing_id)
        .limit(_MOST)
    )


#: By whether a page came before.
_OWED_BY = {goes_on: _owed_by(goes_on=goes_on) for goes_on in (False, True)}
_GIVEN_BY = {goes_on: _given_by(goes_on=goes_on) for goes_on in (False, True)}
