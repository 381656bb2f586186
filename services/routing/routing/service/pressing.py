"""Pressing whoever holds a case, from beside and from above, and the reports that are owed (domain.md, section 4)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from contracts.routing import PressingKind
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.numbers import new_number
from kit.paging import Page, Sheet
from network import posts
from network.posts import Seat

from routing import events
from routing.domain.case import PRESSED, REPORTED, Case, Deadline, DeadlineKind, DeadlineState
from routing.domain.pressing import LONGEST_LIMIT, Pressing, PressingLine
from routing.domain.steps import Step
from routing.errors import NobodyHolds, NoReportOwed, UnfitLimit
from routing.repository import cases, pressings
from routing.service import deadlines, placing
from routing.service.deadlines import Held
from routing.service.taking import take

ORDER_PREFIX, INSTRUCTION_PREFIX = "D", "P"

Taken = tuple[Case, Seat | None, UUID]


def nudge_case(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> PressingLine:
    """A reminder on record; no report is owed on it."""
    taken = take(uow, case_id, Step.NUDGE, version)
    number = pressings.count_nudges(uow, [case_id]).get(case_id, 0) + 1
    return _press(uow, taken, PressingKind.NUDGE, number=str(number), words=words)


def order_report(uow: UnitOfWork, case_id: UUID, *, version: int, words: str, due_at: datetime) -> PressingLine:
    """A supervision order: numbered, with a limit of its own."""
    taken = take(uow, case_id, Step.ORDER, version)
    if not uow.now < due_at <= uow.now + LONGEST_LIMIT:
        raise UnfitLimit(LONGEST_LIMIT.days)
    return _press(uow, taken, PressingKind.ORDER, number=new_number(ORDER_PREFIX), words=words, due_at=due_at)


def enter_instruction(uow: UnitOfWork, case_id: UUID, *, version: int, words: str, leader: str) -> PressingLine:
    """A leader's written word, put on the case by who oversees it."""
    taken = take(uow, case_id, Step.INSTRUCT, version)
    number = new_number(INSTRUCTION_PREFIX)
    return _press(uow, taken, PressingKind.INSTRUCTION, number=number, words=words, leader=leader)


def _press(
    uow: UnitOfWork,
    taken: Taken,
    kind: PressingKind,
    *,
    number: str,
    words: str,
    leader: str | None = None,
    due_at: datetime | None = None,
) -> PressingLine:
    case, holder, post_id = taken
    if holder is None or holder.is_vacant:
        raise NobodyHolds
    pressing = Pressing(
        pressing_id=new_id(uow.now),
        kind=kind,
        number=number,
        case_id=case.case_id,
        by=uow.person.subject,
        by_post_id=post_id,
        words=words,
        made_at=uow.now,
        leader=leader,
        due_at=due_at,
        settled_at=uow.now if kind is PressingKind.NUDGE else None,
    )
    case.pressings += 1
    case.reports_owed += pressing.is_owed
    if due_at is not None:
        case.limits.append(placing.limit_until(uow, case, DeadlineKind.ORDER, due_at, about=pressing.pressing_id))
    facts = {**_named(pressing), "due_at": due_at.isoformat() if due_at else None, "holder": holder.subject}
    said = f"{leader}：{words}" if leader else words
    case.record(PRESSED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=said)
    title = uow.person.post(post_id).title
    uow.publish(events.case_pressed(uow, case, pressing, holder=holder, presser_title=title))
    cases.save_cases(uow, [case])
    pressings.add_pressings(uow, [pressing])
    return _line(uow, case, pressing)


def report_on_pressing(uow: UnitOfWork, pressing_id: UUID, *, version: int, words: str) -> PressingLine:
    """What was done on an order or an instruction: by whoever holds the case by now or dispatches it, once."""
    case_id = pressings.get_pressing(uow, pressing_id).case_id
    case, holder, post_id = take(uow, case_id, Step.REPORT, version)
    # Read again: whoever reported meanwhile had the case locked.
    pressing = pressings.get_pressing(uow, pressing_id)
    if not pressing.is_owed:
        raise NoReportOwed
    if (limit := case.limit(DeadlineKind.ORDER, pressing_id)) is not None and limit.is_missed_at(uow.now):
        mark_orders_missed(uow, [(case, limit)])
    case.settle_limit(DeadlineKind.ORDER, DeadlineState.MET, at=uow.now, about=pressing_id)
    pressing.answer(words, by=uow.person.subject, at=uow.now)
    case.reports_owed -= 1
    presser = posts.find_seat(uow, pressing.by_post_id) if pressing.by_post_id else None
    facts = {**_named(pressing), "presser": presser.subject if presser else None}
    case.record(REPORTED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_reported(uow, case, pressing, holder=holder, presser=presser))
    cases.save_cases(uow, [case])
    pressings.save_report(uow, pressing)
    return _line(uow, case, pressing)


Ended = Sequence[tuple[Pressing, Seat | None]]


def end_owed(uow: UnitOfWork, case: Case) -> Ended:
    """No report is owed any more on a case that ends without an answer; with who answers now for each that pressed."""
    if not case.reports_owed:
        return []
    ended = pressings.end_owed(uow, case.case_id)
    pressers = _pressers(uow, ended)
    return [(each, pressers.get(each.pressing_id)) for each in ended]


def _pressers(uow: UnitOfWork, made: Collection[Pressing]) -> dict[UUID, Seat]:
    """Who answers now for the post that pressed, by pressing."""
    by = {each.pressing_id: each.by_post_id for each in made if each.by_post_id}
    seats = posts.list_seats_of(uow, set(by.values()))
    return {pressing_id: seats[post_id] for pressing_id, post_id in by.items() if post_id in seats}


def subjects_of(ended: Ended) -> list[str]:
    return sorted({seat.subject for _, seat in ended if seat is not None and seat.subject is not None})


def warn_of_orders(uow: UnitOfWork, approaching: Sequence[tuple[Case, Deadline]]) -> None:
    """Whoever owes the report, and with the last warning whoever ordered it."""
    deadlines.warn_each(uow, _held(uow, approaching))


def mark_orders_missed(uow: UnitOfWork, missed: Sequence[tuple[Case, Deadline]]) -> None:
    """Told to whoever holds the case and to whoever ordered the report; the promise is not touched."""
    deadlines.miss_each(uow, _held(uow, missed))


def _held(uow: UnitOfWork, limits: Sequence[tuple[Case, Deadline]]) -> list[Held]:
    """Whoever holds the case now, and above them whoever answers now in the post that ordered the report."""
    ordered = pressings.list_pressings(uow, {limit.about for _, limit in limits if limit.about})
    holders = {case.holder_post_id for case, _ in limits if case.holder_post_id}
    pressers = {each.by_post_id for each in ordered.values() if each.by_post_id}
    seats = posts.list_seats_of(uow, pressers | holders)
    found: list[Held] = []
    for case, limit in limits:
        order = ordered.get(limit.about) if limit.about else None
        presser = seats.get(order.by_post_id) if order and order.by_post_id else None
        found.append(Held(case, limit, seats.get(case.holder_post_id) if case.holder_post_id else None, presser))
    return found


def list_owed(uow: UnitOfWork, page: Page) -> Sheet[PressingLine]:
    """What my posts owe a report on."""
    position = page.after(datetime, UUID)
    return _sheet(page, pressings.list_owed(uow, uow.person.post_ids, after_key=position, limit=page.fetch))


def list_given(uow: UnitOfWork, page: Page) -> Sheet[PressingLine]:
    """What my posts have pressed and nobody has reported on yet."""
    position = page.after(datetime, UUID)
    return _sheet(page, pressings.list_given(uow, uow.person.post_ids, after_key=position, limit=page.fetch))


def _sheet(page: Page, found: list[PressingLine]) -> Sheet[PressingLine]:
    return page.sheet(found, position=lambda line: (line.pressing.comes_up_at, line.pressing.pressing_id))


def _line(uow: UnitOfWork, case: Case, pressing: Pressing) -> PressingLine:
    return PressingLine(pressing, case.number, case.told_gist, case.version, uow.now)


def _named(pressing: Pressing) -> dict[str, str]:
    return {
        "pressing": pressing.kind.value,
        "pressing_id": str(pressing.pressing_id),
        "number": pressing.number,
    }
