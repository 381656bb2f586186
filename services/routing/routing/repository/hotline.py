"""What is handed to the city hotline: handovers, the batches that they go out with, and the rows of their files."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import HotlineStanding
from kit.db import UnitOfWork
from kit.ids import new_id
from sqlalchemy import ColumnElement, Row, func, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_unless_there

from routing.domain.hotline import Batch, Fate, HandedOver, KeptRow, ReplyRow, Verdict
from routing.models import hotline_batch, hotline_handover, hotline_reply

_HANDOVERS = select(*(hotline_handover.c[field.name] for field in fields(HandedOver)))
_BATCHES = select(hotline_batch.c.number, hotline_batch.c.made_at, hotline_batch.c.written_at)
_KEPT: ColumnElement[bool] = literal_column("fate <> 'recorded' and settled_at is null")

#: What was closed or sealed before it went out is not sent; whoever exports at the same moment gets other rows.
_CLAIM = text("""
    select h.handover_id from hotline_handover h join cases c on c.case_id = h.case_id
    where h.batch is null and c.state <> 'closed' and not h.sealed
    order by h.handover_id limit :most for update of h skip locked
""")
_SEALED = text("select * from sealed_at_hotline(cast(:numbers as text[]))")
_FOUND = text("""
    update hotline_reply set fate = 'recorded', why = null, case_id = given.case_id
    from unnest(cast(:digests as bytea[]), cast(:cases as uuid[])) as given (digest, case_id)
    where hotline_reply.digest = given.digest and hotline_reply.nth = 1
        and hotline_reply.fate <> 'recorded' and hotline_reply.settled_at is null
    returning hotline_reply.digest, hotline_reply.nth
""")


def add_handover(uow: UnitOfWork, new: HandedOver) -> None:
    uow.execute(insert(hotline_handover), [asdict(new)])


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[HandedOver]:
    statement = _HANDOVERS.where(hotline_handover.c.case_id == case_id).order_by(hotline_handover.c.seq)
    return [_handover(row) for row in uow.execute(statement)]


def list_of_batch(uow: UnitOfWork, number: int) -> list[HandedOver]:
    """As they were written: in the order in which they were handed; what has been sealed since is told no more."""
    told = (hotline_handover.c.batch == number, ~hotline_handover.c.sealed)
    statement = _HANDOVERS.where(*told).order_by(hotline_handover.c.handover_id)
    return [_handover(row) for row in uow.execute(statement)]


def claim_waiting(uow: UnitOfWork, *, limit: int) -> list[UUID]:
    """Handovers that no batch has, oldest first, locked."""
    return list(uow.execute(_CLAIM, {"most": limit}).scalars())


def add_batch(uow: UnitOfWork, handovers: Sequence[UUID], *, place_id: UUID, path: str, by: str) -> Batch:
    facts = {"place_id": place_id, "path": path, "made_by": by, "made_at": uow.now}
    number = uow.execute(insert(hotline_batch).values(facts).returning(hotline_batch.c.number)).scalar_one()
    put = update(hotline_handover).where(hotline_handover.c.handover_id.in_(handovers))
    uow.execute(put.values(batch=number))
    return Batch(number, uow.now)


def find_unwritten(uow: UnitOfWork, place_id: UUID) -> Batch | None:
    """The oldest of the place that nobody has said to be written."""
    mine = (hotline_batch.c.place_id == place_id, hotline_batch.c.written_at.is_(None))
    row = uow.execute(_BATCHES.where(*mine).order_by(hotline_batch.c.number).limit(1)).first()
    return Batch(**row._mapping) if row else None


def find_batch(uow: UnitOfWork, number: int) -> Batch | None:
    row = uow.execute(_BATCHES.where(hotline_batch.c.number == number)).first()
    return Batch(**row._mapping) if row else None


def save_written(uow: UnitOfWork, number: int) -> None:
    """The first time counts."""
    statement = update(hotline_batch).where(hotline_batch.c.number == number, hotline_batch.c.written_at.is_(None))
    uow.execute(statement.values(written_at=uow.now))


def list_handed(uow: UnitOfWork, case_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of these cases those that were handed to the hotline, each with its last handover."""
    statement = (
        select(hotline_handover.c.case_id, hotline_handover.c.handover_id)
        .where(hotline_handover.c.case_id.in_(case_ids))
        .order_by(hotline_handover.c.seq)
    )
    return {row.case_id: row.handover_id for row in uow.execute(statement)}


def find_sealed(uow: UnitOfWork, numbers: Collection[str]) -> dict[str, UUID]:
    """Cases of these numbers that were handed over and are sealed by now, whether or not they are open to who asks."""
    return {row.number: row.case_id for row in uow.execute(_SEALED, {"numbers": list(numbers)})} if numbers else {}


def save_replied(
    uow: UnitOfWork, handover_id: UUID, *, their_number: str, standing: HotlineStanding, at: datetime | None
) -> None:
    """``at``: when their part ended; none: it goes on."""
    statement = update(hotline_handover).where(hotline_handover.c.handover_id == handover_id)
    ended = {"replied_at": func.coalesce(hotline_handover.c.replied_at, at)}
    uow.execute(statement.values(their_number=their_number, standing=standing.value, **ended))


def find_their_cases(uow: UnitOfWork, rows: Sequence[tuple[ReplyRow, Verdict]]) -> set[tuple[bytes, int]]:
    """Rows that were kept because nothing could be made of them, and that can be recorded by now; which they are."""
    now_known = [(row, verdict) for row, verdict in rows if verdict.fate is Fate.RECORDED]
    found = {
        "digests": [row.digest for row, _ in now_known],
        "cases": [verdict.case_id for _, verdict in now_known],
    }
    return {(bytes(row.digest), row.nth) for row in uow.execute(_FOUND, found)} if now_known else set()


def add_rows(
    uow: UnitOfWork, rows: Sequence[tuple[ReplyRow, Verdict]], *, file: str, place_id: UUID, path: str
) -> set[tuple[bytes, int]]:
    """Keep those that are not known yet; which they are."""
    common = {"file": file, "place_id": place_id, "path": path, "came_by": uow.person.subject, "came_at": uow.now}
    # In the order of the file, which their list keeps.
    ids = sorted(new_id(uow.now) for _ in rows)
    told = [{"reply_id": i, **_reply_row(*judged), **common} for i, judged in zip(ids, rows, strict=True)]
    added = insert_unless_there(hotline_reply).values(told).on_conflict_do_nothing(index_elements=["digest", "nth"])
    found = uow.execute(added.returning(hotline_reply.c.digest, hotline_reply.c.nth))
    return {(bytes(row.digest), row.nth) for row in found}


def move_reply(uow: UnitOfWork, case_id: UUID, due_at: datetime) -> None:
    """Of what has not gone out yet: a file stays as it was written."""
    waiting = (hotline_handover.c.case_id == case_id, hotline_handover.c.batch.is_(None))
    uow.execute(update(hotline_handover).where(*waiting).values(reply_due=due_at))


def list_kept(uow: UnitOfWork, *, after_id: UUID | None, limit: int) -> list[KeptRow]:
    """What could not be recorded and nobody has settled, oldest first."""
    names = [field.name for field in fields(KeptRow)]
    statement = select(*(hotline_reply.c[name] for name in names)).where(_KEPT)
    if after_id is not None:
        statement = statement.where(hotline_reply.c.reply_id > after_id)
    found = uow.execute(statement.order_by(hotline_reply.c.reply_id).limit(limit))
    return [KeptRow(**{**row._mapping, "fate": Fate(row.fate)}) for row in found]


def save_settled(uow: UnitOfWork, reply_id: UUID, *, words: str) -> bool:
    """Whether there was one to settle."""
    statement = update(hotline_reply).where(hotline_reply.c.reply_id == reply_id, _KEPT)
    settled = {"settled_by": uow.person.subject, "settled_why": words, "settled_at": uow.now}
    return bool(uow.execute(statement.values(settled)).rowcount)


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    for table in (hotline_batch, hotline_reply):
        uow.execute(update(table).where(table.c.place_id == place_id).values(path=path))


def _reply_row(row: ReplyRow, verdict: Verdict) -> dict[str, Any]:
    typed = {name: getattr(row, name) for name in ("line", "nth", "their_number", "case_number", "state", "reply")}
    judged = {"case_id": verdict.case_id, "fate": verdict.fate.value, "why": verdict.why}
    return {"digest": row.digest, "date": row.date, **typed, **judged}


def _handover(row: Row[Any]) -> HandedOver:
    standing = HotlineStanding(row.standing) if row.standing else None
    return HandedOver(**{**row._mapping, "standing": standing})
