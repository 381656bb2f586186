"""What residents say of answers, and who is still to be called. Found through the case; they go with the appeal."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from sqlalchemy import Row, Text, Uuid, bindparam, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from routing.domain.call_back import CallBack, CallBackLine, Way
from routing.domain.case import Case, Standing
from routing.models import call_back, cases
from routing.repository.rows import told_gist
from routing.repository.standing import PLACE_BY_PLACE, page_of

_NAMES = list(CallBack.__dataclass_fields__)
_COLUMNS = [call_back.c[name] for name in _NAMES]
_CHANGING = ("way", "attempts", "rated_at", "rated_by", "solved", "rating", "settled_at")
_OF_CASE = [
    cases.c.number.label("case_number"),
    *(cases.c[name] for name in ("gist", "seal", "version", "placed_path", "standing", "falls_due")),
]
_OPEN = call_back.c.settled_at.is_(None)

#: What was asked about an answer before ends with the new one.
_ADD = text("""
with ended as (
    update call_back set settled_at = :now where case_id = :case_id and settled_at is null
)
insert into call_back (appeal_id, answer, case_id, seq, way, asked_at, rate_by, attempts)
select asked.appeal_id, (select coalesce(max(c.answer), 0) + 1 from call_back c where c.appeal_id = asked.appeal_id),
       :case_id, :seq, asked.way, :now, :rate_by, 0
from unnest(:appeals, :ways) as asked (appeal_id, way)
returning appeal_id, answer
""").bindparams(
    bindparam("case_id", type_=Uuid),
    bindparam("appeals", type_=ARRAY(Uuid)),
    bindparam("ways", type_=ARRAY(Text)),
)

_UNRATED = text("""
select case_id, count(*) as silent from (
    select distinct on (appeal_id) case_id, solved from call_back
    where case_id = any(:cases) and appeal_id = any(:standing) order by appeal_id, answer desc
) as last where solved is null group by case_id
""").bindparams(bindparam("cases", type_=ARRAY(Uuid)), bindparam("standing", type_=ARRAY(Uuid)))


def add_call_backs(uow: UnitOfWork, case: Case, asked: Mapping[UUID, Way], *, rate_by: datetime) -> dict[UUID, int]:
    """For an answer that has just been entered; by appeal, which of its answers that is."""
    given = {"appeals": list(asked), "ways": [way.value for way in asked.values()], "rate_by": rate_by}
    rows = uow.execute(_ADD, {"case_id": case.case_id, "seq": case.version, "now": uow.now, **given})
    return {row.appeal_id: row.answer for row in rows}


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[CallBack]:
    """Of every answer to every appeal in it."""
    statement = select(*_COLUMNS).where(call_back.c.case_id == case_id)
    return [_call_back(row) for row in uow.execute(statement.order_by(call_back.c.appeal_id, call_back.c.answer))]


def save_call_back(uow: UnitOfWork, changed: CallBack) -> None:
    same = (call_back.c.appeal_id == changed.appeal_id, call_back.c.answer == changed.answer)
    values = {name: getattr(changed, name) for name in _CHANGING} | {"way": changed.way.value}
    uow.execute(update(call_back).where(*same).values(values))


def move_rating(uow: UnitOfWork, case_id: UUID, rate_by: datetime) -> dict[UUID, int]:
    """Until when its residents may say something of its answer; by appeal, which of its answers that is."""
    moved = update(call_back).where(call_back.c.case_id == case_id, _OPEN).values(rate_by=rate_by)
    rows = uow.execute(moved.returning(call_back.c.appeal_id, call_back.c.answer))
    return {row.appeal_id: row.answer for row in rows}


def end_of_case(uow: UnitOfWork, case_id: UUID) -> None:
    """Nobody is asked any more: it is not solved after all."""
    uow.execute(update(call_back).where(call_back.c.case_id == case_id, _OPEN).values(settled_at=uow.now))


def find_open(uow: UnitOfWork, appeal_id: UUID) -> CallBack | None:
    """Of the appeal's last answer, while its resident may still say something of it."""
    statement = select(*_COLUMNS).where(call_back.c.appeal_id == appeal_id, _OPEN)
    row = uow.execute(statement.order_by(call_back.c.answer.desc()).limit(1)).first()
    return _call_back(row) if row else None


def list_owed(
    uow: UnitOfWork,
    paths: Sequence[str],
    *,
    handled_by: tuple[str, Collection[UUID]],
    after_key: tuple[int, str, datetime, UUID, UUID] | None,
    limit: int,
) -> list[CallBackLine]:
    """Whom somebody at these places is to call, sorted as the cases are; but not what this person (subject, posts)
    handled.
    """
    subject, posts = handled_by
    owed = (
        select(*_COLUMNS, *_OF_CASE)
        .join(cases, cases.c.case_id == call_back.c.case_id)
        .where(literal_column("cases.calls_owed > 0"), within(cases.c.placed_path, *paths))
        .where(_OPEN, call_back.c.way == Way.PERSON.value)
        .where(cases.c.answered_by.is_distinct_from(subject), cases.c.holder_post_id.not_in(posts))
    )
    rows = uow.execute(page_of(owed, (*PLACE_BY_PLACE, call_back.c.appeal_id), after_key=after_key, limit=limit))
    return [
        CallBackLine(
            *(_call_back(row), row.case_number, told_gist(row), row.version),
            *(row.placed_path, Standing.ranked(row.standing), row.falls_due),
        )
        for row in rows
    ]


def end_of_appeals(uow: UnitOfWork, appeal_ids: Collection[UUID]) -> int:
    """Their resident has said what they think by another of theirs; how many somebody was still to call."""
    ended = update(call_back).where(call_back.c.appeal_id.in_(appeal_ids), _OPEN).values(settled_at=uow.now)
    return sum(way == Way.PERSON.value for way in uow.execute(ended.returning(call_back.c.way)).scalars())


def count_unsolved(uow: UnitOfWork, appeal_ids: Collection[UUID]) -> int:
    """How many answers the resident of these has said not to solve it; of each they are asked no more by the others."""
    unsolved = call_back.c.appeal_id.in_(appeal_ids), call_back.c.solved.is_(False)
    return int(uow.execute(select(func.count()).where(*unsolved)).scalar_one())


def count_unrated(uow: UnitOfWork, these: Sequence[Case]) -> Mapping[UUID, int]:
    """By case: of those who still ask, how many were asked about the last answer and have said nothing of it."""
    standing = [appeal.appeal_id for case in these for appeal in case.appeals if appeal.stands]
    asked = {"cases": [case.case_id for case in these], "standing": standing}
    return {row.case_id: row.silent for row in uow.execute(_UNRATED, asked)}


def _call_back(row: Row[Any]) -> CallBack:
    facts = {name: row._mapping[name] for name in _NAMES}
    return CallBack(**facts | {"way": Way(facts["way"])})
