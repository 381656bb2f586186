"""The copy of routing.case, and the one way in for who holds a code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import HandoverMeans
from kit.db import UnitOfWork
from kit.rows import insert_rows
from sqlalchemy import Row, select, text

from intake.domain.appeal import Earlier
from intake.domain.progress import (
    GUESSES,
    UNDER_WAY,
    Asking,
    Done,
    DoneStep,
    Progress,
    Standing,
    TooManyGuesses,
    wait_of,
    window_of,
)
from intake.domain.rating import Asked
from intake.errors import NoSuchCode
from intake.models import appeal_grant, progress
from intake.repository.sealing import Envelope, Keys

_BY_CODE = text(
    "select * from progress_by_code(:codes, :client, :window, :limit) left join waiting_by_code(:codes) on true"
    " left join done_by_code(:codes) on true"
)
_WAIT_ALIKE = text("""
update progress set suspended_until = other.suspended_until, suspended_for = other.suspended_for,
    planned_for = other.planned_for, planned_who = other.planned_who
from (
    select distinct on (case_id) * from progress where case_id = any(:cases) and appeal_id <> all(:joined)
    order by case_id, version desc
) as other where progress.case_id = other.case_id and progress.appeal_id = any(:joined)
""")
_APPEAL_BY_CODE = text("select * from appeal_by_code(:codes, :client, :window, :limit)")
_ASKED = text("select * from rating_asked(:appeal_id, :answer)")


def find_by_code(uow: UnitOfWork, keys: Keys, code: str, *, client: str) -> Progress | TooManyGuesses | NoSuchCode:
    row = uow.execute(_BY_CODE, _guessed(uow, keys, code, client)).one_or_none()
    if row is None:
        return NoSuchCode()
    return TooManyGuesses(wait_of(uow.now)) if row.outcome == "too_many" else _progress(keys, row, uow.now)


def find_appeal_by_code(uow: UnitOfWork, keys: Keys, code: str, *, client: str) -> Earlier | TooManyGuesses | None:
    """Whose code it is; a guess counts as one on the progress page does."""
    row = uow.execute(_APPEAL_BY_CODE, _guessed(uow, keys, code, client)).one_or_none()
    if row is None:
        return None
    if row.outcome == "too_many":
        return TooManyGuesses(wait_of(uow.now))
    return Earlier(UUID(str(row.appeal_id)), sealed=row.sealed)


def _guessed(uow: UnitOfWork, keys: Keys, code: str, client: str) -> dict[str, Any]:
    return {
        "codes": keys.indexes("query code", code),
        "client": keys.index("client", client),
        "window": window_of(uow.now),
        "limit": GUESSES,
    }


def find_asked(uow: UnitOfWork, appeal_id: UUID, answer: int) -> Asked | None:
    """What is asked of an answer, for who holds its link."""
    row = uow.execute(_ASKED, {"appeal_id": appeal_id, "answer": answer}).one_or_none()
    return Asked(appeal_id, answer, **row._mapping) if row else None


def find_holder(uow: UnitOfWork, appeal_id: UUID) -> UUID | None:
    """The post that its case lies with; none while it waits for a dispatcher, or has not been heard of."""
    found = select(progress.c.holder_post_id).where(progress.c.appeal_id == appeal_id)
    return uow.execute(found).scalar_one_or_none()


def put(uow: UnitOfWork, rows: list[dict[str, Any]]) -> None:
    """``rows`` have the same columns. An older version changes nothing, nor what a case says that the appeal has left,
    in whatever order the two cases are heard of.
    """
    if not rows:
        return
    kept = ", ".join(f"{name} = {_BEHIND.get(name, '')}excluded.{name}" for name in rows[0] if name != "appeal_id")
    newer = (
        "progress.moves < excluded.moves or progress.moves = excluded.moves"
        " and (progress.version < excluded.version or progress.case_id <> excluded.case_id)"
    )
    insert_rows(uow, progress, rows, then=f"on conflict (appeal_id) do update set {kept} where {newer}")


def wait_alike(uow: UnitOfWork, cases: list[UUID], joined: list[UUID]) -> None:
    """What has come to a case waits as the others in it do, for the same day."""
    if joined:
        uow.execute(_WAIT_ALIKE, {"cases": cases, "joined": joined})


#: What is added to rather than replaced.
_BEHIND = {"steps": "progress.steps || "}


def grant(uow: UnitOfWork, given: set[tuple[UUID, UUID]]) -> None:
    """Let offices read appeals: (appeal, office) each."""
    if given:
        rows = [{"appeal_id": appeal_id, "office_id": office_id} for appeal_id, office_id in sorted(given)]
        insert_rows(uow, appeal_grant, rows, then="on conflict do nothing")


def _progress(keys: Keys, row: Row[Any], now: datetime) -> Progress:
    """As of ``now``: nobody says that the end of a suspension has come."""
    standing = Standing.WITHDRAWN if row.withdrawn else Standing(row.state or Standing.RECEIVED.value)
    done = standing in (Standing.CLOSED, Standing.WITHDRAWN)
    waits = standing in UNDER_WAY
    suspended = waits and row.suspended_until is not None and now < row.suspended_until
    return Progress(
        number=row.number,
        standing=standing,
        received_at=row.received_at,
        talk_to=row.talk_to,
        phone=row.phone,
        handler=row.handler,
        due=None if done else row.due,
        promise=None if done else row.promise,
        asked=Asking(row.appeal_id, row.answer, row.rate_by) if _is_asked(row, standing, now) else None,
        rated=bool(row.rated),
        suspended_until=row.suspended_until if suspended else None,
        suspended_for=row.suspended_for if suspended else None,
        planned_for=row.planned_for if waits else None,
        planned_who=row.planned_who if waits else None,
        steps=tuple(map(_step, row.steps or ())),
        said=_said(keys, row),
        now=now,
    )


def _said(keys: Keys, row: Row[Any]) -> str | None:
    envelope = Envelope.open(keys, row.wrapped_key, owner=row.owner)
    return envelope.read(row.said, table="appeal", column="answer", row=row.said_in) or None


def _step(kept: Mapping[str, Any]) -> DoneStep:
    until = kept.get("until")
    return DoneStep(
        at=datetime.fromisoformat(kept["at"]),
        done=Done(kept["done"]),
        who=kept.get("who"),
        until=datetime.fromisoformat(until) if until else None,
        why=kept.get("why"),
        missing=tuple(kept["missing"]) if "missing" in kept else None,
        handover=HandoverMeans(kept["handover"]) if "handover" in kept else None,
    )


def _is_asked(row: Row[Any], standing: Standing, now: datetime) -> bool:
    """Answered, and they may still say whether that solved it, though it may be closed already."""
    is_answered = standing in (Standing.ANSWERED, Standing.CLOSED) and row.answer is not None and not row.rated
    return is_answered and row.rate_by is not None and now <= row.rate_by
