"""What another calendar moves: promises, counted limits and superiors' duties that run, and breaches that the one
before recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from network.posts import Seat

from routing import events
from routing.domain.calendar import Calendar
from routing.domain.case import DEADLINE_MOVED, HELD_TO, Case, Deadline, DeadlineKind, DeadlineState
from routing.domain.promise import Promise, begin_of, is_forecast
from routing.domain.recounting import Move, find_correction, find_move, recount
from routing.repository import call_backs, cases, hotline, policy, recounts, supervisions
from routing.repository.claims import Claim
from routing.service import climbing, placing, supervising
from routing.service.deadlines import look_above

BATCH = 200

Moved = tuple[Case, Move]


def sweep_calendar(uow: UnitOfWork, claim: Claim | None = None) -> int:
    """Claim what was counted by an older calendar and may be otherwise by the one in force; how many there were. Each
    moves in the same transaction as the event that says so, or is marked; whatever is made by the older one meanwhile
    is claimed too.
    """
    claim = claim or Claim(BATCH)
    *older, calendar = policy.list_calendars_in_force(uow)
    since = _since(uow, calendar, older)
    if not since:
        return 0
    claimed = recounts.claim_counted_by(uow, since, claim)
    if claimed:
        _count_again(uow, claimed, calendar)
    duties = supervisions.claim_counted_by(uow, since, claim.after(len(claimed)))
    if duties:
        climbing.count_again(uow, duties)
    return len(claimed) + len(duties)


def _since(uow: UnitOfWork, calendar: Calendar, older: Sequence[Calendar]) -> recounts.Since:
    zone = policy.get_zone(uow)
    first = {before.version: calendar.first_change_from(before) for before in older}
    return {version: begin_of(day, zone=zone) for version, day in first.items() if day is not None}


def _count_again(uow: UnitOfWork, claimed: Sequence[tuple[UUID, Deadline]], calendar: Calendar) -> None:
    gone = recounts.list_gone_on_from(uow, [each for _, each in claimed])
    counted = [(case_id, each, recount(each, gone, calendar=calendar)) for case_id, each in claimed]
    differ = {case_id for case_id, each, promise in counted if promise.due_at != each.promise.due_at}
    held = cases.list_cases_for_change(uow, differ)
    moved: list[Moved] = []
    for case_id, each, promise in counted:
        move = _find_move(uow, held[case_id], each, promise) if case_id in held else None
        if move is not None:
            moved.append((held[case_id], move))
    _mark_the_rest(uow, counted, moved, calendar)
    if moved:
        _put_right(uow, moved)


def _find_move(uow: UnitOfWork, case: Case, claimed: Deadline, promise: Promise) -> Move | None:
    deadline = case.find_deadline(claimed.deadline_id) or claimed
    if deadline.state is DeadlineState.OPEN:
        return find_move(deadline, promise, now=uow.now)
    if promise.due_at <= deadline.promise.due_at:
        return None
    return find_correction(deadline, promise, case=case, entries=cases.list_entries(uow, case), now=uow.now)


def _mark_the_rest(
    uow: UnitOfWork, counted: Sequence[tuple[UUID, Deadline, Promise]], moved: Sequence[Moved], calendar: Calendar
) -> None:
    gone = {move.before.deadline_id for _, move in moved}
    stay = [each for _, each, _ in counted if each.deadline_id not in gone]
    these = [each.deadline_id for each in stay]
    forecast = [each.deadline_id for each in stay if is_forecast(each.promise, calendar)]
    recounts.mark_unmoved(uow, calendar.version, these=these, forecast=forecast)


def _put_right(uow: UnitOfWork, moved: Sequence[Moved]) -> None:
    above = look_above(uow, [case for case, _ in moved])
    for case, move in moved:
        _move(uow, case, move, above.holders.get(case.case_id), above.superior(case))
    _end_duties(uow, moved)
    cases.save_cases(uow, list({case.case_id: case for case, _ in moved}.values()))


def _end_duties(uow: UnitOfWork, moved: Sequence[Moved]) -> None:
    """Of whoever has to see to what was missed, where nothing was after all; not of who has an eye on what is done
    again.
    """
    corrected = {case.case_id: case for case, move in moved if move.corrects and not case.limit(DeadlineKind.REDO)}
    put_right = {move.before.deadline_id for _, move in moved}
    for case_id, case in corrected.items():
        missed = [each for each in cases.list_deadlines(uow, case_id) if each.state is DeadlineState.BREACHED]
        if all(each.deadline_id in put_right or not _is_seen_to(case, each) for each in missed):
            supervising.end(uow, case)


def _is_seen_to(case: Case, missed: Deadline) -> bool:
    """By a superior: not who was reached late, but reached."""
    is_reached = missed.kind is DeadlineKind.CONTACT and case.first_contact_at is not None
    return missed.kind in HELD_TO and not is_reached


def _move(uow: UnitOfWork, case: Case, move: Move, holder: Seat | None, superior: Seat | None) -> None:
    after = replace(
        move.before,
        deadline_id=new_id(uow.now),
        promise=move.promise,
        warned=move.before.told_by(move.promise, now=uow.now),
        state=move.state,
        settled_at=move.settled_at,
        recounted_by=None,
        changed=True,
    )
    asked = _say_elsewhere(uow, case, after)
    case.put_right(move.before, after, at=uow.now)
    case.record(DEADLINE_MOVED, at=uow.now, by=None, facts=_facts(case, move, after, holder, superior))
    uow.publish(events.deadline_moved(uow, case, move, after, holder=holder, superior=superior, asked=asked))
    if move.corrects and after is case.deadline and not case.is_open:
        uow.publish(events.city_case_closed(uow, case))


def _say_elsewhere(uow: UnitOfWork, case: Case, after: Deadline) -> Mapping[UUID, int]:
    """Where else it stands when it falls due; of a rating, which answer each resident is asked about."""
    due_at = after.promise.due_at
    if after.kind is DeadlineKind.REPLY:
        hotline.move_reply(uow, case.case_id, due_at)
    return call_backs.move_rating(uow, case.case_id, due_at) if after.kind is DeadlineKind.RATING else {}


def _facts(case: Case, move: Move, after: Deadline, holder: Seat | None, superior: Seat | None) -> dict[str, object]:
    """Staff are named where they are told."""
    told_holder = holder.subject if holder and move.tells_staff else None
    told_superior = superior.subject if superior and move.corrects else None
    return {
        "kind": after.kind.value,
        "deadline": str(after.deadline_id),
        "replaces": str(move.before.deadline_id),
        "due_before": move.before.promise.due_at.isoformat(),
        **placing.inputs_of(after.promise),
        "later": move.is_later,
        "corrects": move.corrects,
        "tells_residents": move.tells_residents,
        "promise_met": case.promise_met,
        **({"met": after.state is DeadlineState.MET} if after.kind is DeadlineKind.CONTACT else {}),
        "holder": told_holder,
        "superior": told_superior,
    }
