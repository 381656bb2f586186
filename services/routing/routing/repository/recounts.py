"""Deadlines that another calendar may move: found for a draft, claimed for the one in force."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import ARRAY, DateTime, Integer, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from routing.domain.case import Deadline
from routing.repository.claims import Claim
from routing.repository.rows import deadline_from

#: Before all of them.
_FIRST = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))

_TOUCHED = (
    text("select case_number, touched from deadlines_touched(:since, :after_due, :after_id, :most)")
    .bindparams(
        bindparam("since", type_=DateTime(timezone=True)),
        bindparam("after_due", type_=DateTime(timezone=True)),
        bindparam("after_id", type_=Uuid),
        bindparam("most", type_=Integer),
    )
    .columns(case_number=Text, touched=JSONB)
)

_GONE_ON_FROM = (
    text("select gone from deadlines_gone_on_from(:ids)")
    .bindparams(bindparam("ids", type_=ARRAY(Uuid)))
    .columns(gone=JSONB)
)

# Of one version, from the first day that it and the one in force see otherwise: what that moves is no more of the
# version, and what it does not move is marked, so that each is claimed once, whenever it was made. In whatever order:
# to sort them, all would be read for each part.
_CLAIM = (
    text("""
select d.case_id, to_jsonb(d) as claimed
from deadline d join cases c on c.case_id = d.case_id
where greatest(d.calendar_version, d.recounted_by) = :version
    and d.due_at > :since and d.state in ('open', 'breached') and d.unit not in ('clock_hours', 'given')
    and d.case_id <> all(:aside)
limit :most
for update of d, c skip locked
""")
    .bindparams(
        bindparam("version", type_=Integer),
        bindparam("since", type_=DateTime(timezone=True)),
        bindparam("aside", type_=ARRAY(Uuid)),
        bindparam("most", type_=Integer),
    )
    .columns(case_id=Uuid, claimed=JSONB)
)

_MARK = text("""
update deadline set recounted_by = :version, forecast = deadline_id = any(:forecast) where deadline_id = any(:these)
""").bindparams(bindparam("forecast", type_=ARRAY(Uuid)), bindparam("these", type_=ARRAY(Uuid)))
#: By version, the first instant that the calendar in force may see otherwise.
Since = Mapping[int, datetime]


def list_touched(
    uow: UnitOfWork, since: datetime, *, after_key: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[str, Deadline]]:
    """Of the whole city, case number and deadline: what runs and falls due after ``since``, by when it does."""
    due_at, deadline_id = after_key or _FIRST
    asked = {"since": since, "after_due": due_at, "after_id": deadline_id, "most": limit}
    found = uow.execute(_TOUCHED, asked)
    return [(row.case_number, deadline_from(row.touched)) for row in found]


def list_gone_on_from(uow: UnitOfWork, deadlines: Collection[Deadline]) -> dict[UUID, Deadline]:
    """What these go on from, and what that does, by id."""
    ids = [each.deadline_id for each in deadlines if each.goes_on_from is not None]
    found = [deadline_from(row.gone) for row in uow.execute(_GONE_ON_FROM, {"ids": ids})] if ids else []
    return {each.deadline_id: each for each in found}


def claim_counted_by(uow: UnitOfWork, since: Since, claim: Claim) -> list[tuple[UUID, Deadline]]:
    """Case and deadline, locked; what another holds is passed over, and comes up again."""
    claimed: list[tuple[UUID, Deadline]] = []
    for version, instant in since.items():
        asked = {"version": version, "since": instant, "aside": list(claim.aside), "most": claim.limit - len(claimed)}
        found = uow.execute(_CLAIM, asked).all()
        claim.taken |= {row.case_id for row in found}
        claimed += [(row.case_id, deadline_from(row.claimed)) for row in found]
    return claimed


def mark_unmoved(uow: UnitOfWork, version: int, *, these: Sequence[UUID], forecast: Sequence[UUID]) -> None:
    """They stay as they were promised; whether they hang on a forecast still is said anew."""
    uow.execute(_MARK, {"version": version, "these": list(these), "forecast": list(forecast)})
