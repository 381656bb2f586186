"""Handing a case to the city hotline, the batches that go out, and the replies that come in (domain.md, section 2).

The case stays with its holder, who goes on answering for it; what is not replied to in time is a missed limit.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.numbers import Mistyped, parse_number
from kit.paging import Page, Sheet
from network.posts import Seat

from routing import events
from routing.domain.case import HANDED_TO_HOTLINE, HOTLINE_REPLIED, Case, DeadlineKind
from routing.domain.hotline import (
    FINAL,
    REPLY_WITHIN,
    BatchSheet,
    Fate,
    HandedOver,
    KeptRow,
    ReplyRow,
    Taken,
    Verdict,
    judge,
)
from routing.domain.steps import Seated, Step
from routing.errors import BatchNotFound, KeptRowNotFound, NotYourExchange
from routing.repository import cases, hotline, network
from routing.service import deadlines, placing
from routing.service.naming import CASE_PREFIX
from routing.service.taking import list_holders, seated, take

#: Handovers of one file.
MOST = 1000


def hand_to_hotline(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> Case:
    """Ask the hotline, and expect its reply. It goes out with the next batch."""
    case, holder, post_id = take(uow, case_id, Step.HAND_TO_HOTLINE, version)
    assert case.category is not None
    ground = placing.survey(uow, paths=[case.placed_path], codes=[case.category])
    reply = placing.limit_counted(ground, case, DeadlineKind.REPLY, REPLY_WITHIN, now=uow.now)
    case.hand_to_hotline(reply)
    due = reply.promise.due_at
    category = ground.category(case.category)
    handover = HandedOver(
        handover_id=new_id(uow.now),
        case_id=case.case_id,
        seq=case.version + 1,
        case_number=case.number,
        gist=case.gist,
        category=category.name_zh if category else case.category,
        place="".join(network.list_names(uow, case.placed_path)),
        words=words,
        handed_at=uow.now,
        reply_due=due,
    )
    facts = {"due_at": due.isoformat(), "holder": holder.subject if holder else None}
    case.record(HANDED_TO_HOTLINE, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_handed_to_hotline(uow, case, reply_due=due, holder=holder))
    cases.save_cases(uow, [case])
    hotline.add_handover(uow, handover)
    return case


def next_batch(uow: UnitOfWork) -> BatchSheet:
    """What goes out next: a batch that nobody has said to be written, as it was; else what waits, as a new one."""
    post = _exchanging(uow)
    place_id = uow.person.post(post.post_id).place_id
    batch = hotline.find_unwritten(uow, place_id)
    if batch is None:
        waiting = hotline.claim_waiting(uow, limit=MOST)
        if not waiting:
            return BatchSheet(None, [])
        batch = hotline.add_batch(uow, waiting, place_id=place_id, path=post.path, by=uow.person.subject)
    is_more = bool(hotline.claim_waiting(uow, limit=1))
    return BatchSheet(batch, hotline.list_of_batch(uow, batch.number), is_more)


def get_batch(uow: UnitOfWork, number: int) -> BatchSheet:
    """A batch as it went out."""
    _exchanging(uow)
    batch = hotline.find_batch(uow, number)
    if batch is None:
        raise BatchNotFound(number)
    return BatchSheet(batch, hotline.list_of_batch(uow, number))


def mark_written(uow: UnitOfWork, number: int) -> BatchSheet:
    """It lies where the hotline takes it from. Saying so twice changes nothing."""
    sheet = get_batch(uow, number)
    hotline.save_written(uow, number)
    return sheet


def take_replies(uow: UnitOfWork, rows: Sequence[ReplyRow], *, file: str) -> Taken:
    """A part of their file. Each content is taken once, however often it comes; what cannot be recorded is kept. What
    is about a case that was sealed after it went out stands on that case, and is told to nobody who does not see it.
    """
    post = _exchanging(uow)
    taken = [_take(uow, mine, post, file=file) for mine in _apart(uow, rows) if mine]
    kept = [each for part in taken for each in part.kept]
    return Taken(sum(part.recorded for part in taken), sum(part.known for part in taken), kept)


def _apart(uow: UnitOfWork, rows: Sequence[ReplyRow]) -> Iterator[list[ReplyRow]]:
    """The rows of each sealed case by themselves, while that case is open to who brings them."""
    numbers = {row.case_number: _number(row.case_number) for row in rows}
    sealed = hotline.find_sealed(uow, {number for number in numbers.values() if number})
    yield [row for row in rows if numbers[row.case_number] not in sealed]
    for number, case_id in sealed.items():
        cases.open_for_now(uow, case_id)
        yield [row for row in rows if numbers[row.case_number] == number]


def _take(uow: UnitOfWork, rows: Sequence[ReplyRow], post: Seated, *, file: str) -> Taken:
    place_id = uow.person.post(post.post_id).place_id
    known = _cases_of(uow, rows)
    handed = hotline.list_handed(uow, [case.case_id for case in known.values()])
    judged = [(row, _judge(row, known, handed, now=uow.now)) for row in rows]
    added = hotline.find_their_cases(uow, judged)
    added |= hotline.add_rows(uow, judged, file=file, place_id=place_id, path=post.path)
    fresh = [(row, verdict) for row, verdict in judged if (row.digest, row.nth) in added]
    recorded = [(row, verdict) for row, verdict in fresh if verdict.fate is Fate.RECORDED]
    _record(uow, {case.case_id: case for case in known.values()}, handed, recorded, post_id=post.post_id)
    kept = [(row, verdict) for row, verdict in fresh if verdict.fate is not Fate.RECORDED]
    return Taken(len(recorded), len(rows) - len(fresh), kept)


def list_kept(uow: UnitOfWork, page: Page) -> Sheet[KeptRow]:
    """What of their files could not be recorded, until somebody has settled it."""
    _exchanging(uow)
    found = hotline.list_kept(uow, after_id=page.after_one(UUID), limit=page.fetch)
    return page.sheet(found, position=lambda row: (row.reply_id,))


def settle_kept(uow: UnitOfWork, reply_id: UUID, *, words: str) -> None:
    """It was looked into, and is on the list no more; the row stays."""
    _exchanging(uow)
    if not hotline.save_settled(uow, reply_id, words=words):
        raise KeptRowNotFound(reply_id)


def _exchanging(uow: UnitOfWork) -> Seated:
    """The widest post of theirs by which they dispatch: what they exchange is what they see from there."""
    dispatching = [post for post in seated(uow.person) if post.dispatches]
    if not dispatching:
        raise NotYourExchange
    return min(dispatching, key=lambda post: len(post.path))


def _cases_of(uow: UnitOfWork, rows: Sequence[ReplyRow]) -> dict[str, Case]:
    """The cases that the rows name, by number as it was typed, locked."""
    typed = {row.case_number: _number(row.case_number) for row in rows}
    found = cases.get_cases_of_numbers_for_change(uow, {number for number in typed.values() if number})
    return {said: found[number] for said, number in typed.items() if number in found}


def _number(typed: str) -> str | None:
    try:
        return parse_number(typed, CASE_PREFIX)
    except Mistyped:
        return None


def _judge(row: ReplyRow, known: dict[str, Case], handed: dict[UUID, UUID], *, now: datetime) -> Verdict:
    case = known.get(row.case_number)
    was_handed = case is not None and case.case_id in handed
    return judge(row, case.case_id if case else None, was_handed=was_handed, now=now)


def _record(
    uow: UnitOfWork,
    known: dict[UUID, Case],
    handed: dict[UUID, UUID],
    rows: Sequence[tuple[ReplyRow, Verdict]],
    *,
    post_id: UUID,
) -> None:
    """An entry on its case for each, told to the holder; what is said last is how it stands."""
    about = [(row, known[verdict.case_id]) for row, verdict in rows if verdict.case_id is not None]
    holders = list_holders(uow, (case for _, case in about))
    for row, case in about:
        _hear(uow, case, row, holders.get(case.case_id), post_id=post_id)
        assert row.standing is not None
        ended = row.replied_at if row.standing in FINAL else None
        hotline.save_replied(uow, handed[case.case_id], their_number=row.their_number, standing=row.standing, at=ended)
    cases.save_cases(uow, list({case.case_id: case for _, case in about}.values()))


def _hear(uow: UnitOfWork, case: Case, row: ReplyRow, holder: Seat | None, *, post_id: UUID) -> None:
    assert row.standing is not None
    assert row.replied_at is not None
    if row.standing in FINAL and case.at_hotline:
        deadlines.mark_limit_if_missed(uow, case, DeadlineKind.REPLY)
        case.end_at_hotline(at=uow.now)
    facts = {
        "their_number": row.their_number,
        "standing": row.standing.value,
        "replied_at": row.replied_at.isoformat(),
        "holder": holder.subject if holder else None,
    }
    case.record(HOTLINE_REPLIED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=row.reply)
    told = events.case_hotline_replied(uow, case, their_number=row.their_number, standing=row.standing, holder=holder)
    uow.publish(told)
