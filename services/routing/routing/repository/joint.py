"""Who helps with which case."""

from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    any_,
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

from routing.domain.helping import Helper, HelperState, Part
from routing.errors import HelperNotFound
from routing.models import cases, helper
from routing.repository.rows import told_gist

_NAMES = [field.name for field in fields(Helper)]
_COLUMNS = [helper.c[name] for name in _NAMES]
#: As the partial indexes spell it.
_OPEN: ColumnElement[bool] = literal_column("helper.state = 'asked'")
_THESE = helper.c.helper_id == any_(bindparam("these", type_=ARRAY(Uuid)))


def add_helper(uow: UnitOfWork, new: Helper) -> None:
    uow.execute(insert(helper), [asdict(new) | {"state": new.state.value}])


def get_helper(uow: UnitOfWork, case_id: UUID, helper_id: UUID) -> Helper:
    mine = (helper.c.case_id == case_id, helper.c.helper_id == helper_id)
    row = uow.execute(select(*_COLUMNS).where(*mine)).first()
    if row is None:
        raise HelperNotFound(helper_id)
    return _helper(row)


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[Helper]:
    """All who were ever called in, as they were."""
    statement = select(*_COLUMNS).where(helper.c.case_id == case_id).order_by(helper.c.helper_id)
    return [_helper(row) for row in uow.execute(statement)]


def list_these(uow: UnitOfWork, helper_ids: Collection[UUID]) -> dict[UUID, Helper]:
    rows = uow.execute(select(*_COLUMNS).where(_THESE), {"these": list(helper_ids)})
    return {row.helper_id: _helper(row) for row in rows}


def save_settled(uow: UnitOfWork, helper_ids: Collection[UUID], state: HelperState, *, report: str | None) -> None:
    """Their parts are done, or not needed any more."""
    new = {"state": state.value, "report": report, "settled_by": uow.by, "settled_at": uow.now}
    uow.execute(update(helper).where(_THESE).values(new), {"these": list(helper_ids)})


def save_missed(uow: UnitOfWork, helper_ids: Collection[UUID]) -> None:
    uow.execute(update(helper).where(_THESE).values(missed_at=uow.now), {"these": list(helper_ids)})


def list_parts(
    uow: UnitOfWork, posts: Collection[UUID], *, after_key: tuple[datetime, UUID] | None, limit: int
) -> list[Part]:
    """The open parts of these posts, what falls due first before the rest."""
    asked: dict[str, Any] = {"posts": list(posts), "most": limit}
    if after_key is not None:
        asked |= {"after_due": after_key[0], "after_helper": after_key[1]}
    rows = uow.execute(_PARTS[after_key is not None], asked)
    return [Part(_helper(row), row.case_number, told_gist(row), row.version, uow.now) for row in rows]


def _helper(row: Row[Any]) -> Helper:
    facts = {name: row._mapping[name] for name in _NAMES}
    return Helper(**facts | {"state": HelperState(facts["state"])})


def _parts(*, goes_on: bool) -> Select[Any]:
    """Each post's own part of the index is read as far as the page goes, then merged."""
    posts = func.unnest(bindparam("posts", type_=ARRAY(Uuid))).table_valued("post_id").render_derived()
    most = bindparam("most", type_=Integer)
    mine = select(helper).where(helper.c.post_id == posts.c.post_id, _OPEN)
    if goes_on:
        after = tuple_(bindparam("after_due", type_=DateTime(timezone=True)), bindparam("after_helper", type_=Uuid))
        mine = mine.where(tuple_(helper.c.due_at, helper.c.helper_id) > after)
    owed = mine.order_by(helper.c.due_at, helper.c.helper_id).limit(most).lateral("owed")
    # A process of the release before answers a case without ending the parts that are open on it.
    under_way = (cases.c.case_id == owed.c.case_id) & literal_column("cases.state in ('assigned', 'in_progress')")
    of_case = [cases.c.number.label("case_number"), cases.c.gist, cases.c.seal, cases.c.version]
    return (
        select(*(owed.c[name] for name in _NAMES), *of_case)
        .select_from(posts.join(owed, true()).join(cases, under_way))
        .order_by(owed.c.due_at, owed.c.helper_id)
        .limit(most)
    )


#: By whether a page came before.
_PARTS = {goes_on: _parts(goes_on=goes_on) for goes_on in (False, True)}
