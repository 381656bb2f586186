"""A case comes into being from an appeal, and follows what becomes of the appeal."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from contracts.grid import PlaceChangedV1
from contracts.intake import AppealCorrectedV1, AppealReceivedV1, AppealWithdrawnV1, Assignment, Placing
from contracts.routing import CaseState, Outcome, Queue
from kit.db import UnitOfWork
from kit.errors import NotYet
from kit.ids import new_id
from kit.numbers import new_number
from network import places, posts
from network.posts import Seat

from routing import events
from routing.domain.assignment import Owing
from routing.domain.case import (
    ANSWERED,
    CORRECTED,
    OPENED,
    SEALED,
    WITHDRAWN,
    Appeal,
    Case,
    ClosedReason,
    DeadlineKind,
    Seal,
)
from routing.domain.pressing import Pressing
from routing.domain.rules import Category, Demand, Rule
from routing.repository import cases, pressings
from routing.service import calling_back, deadlines, placing, repeating
from routing.service.ending import end_case
from routing.service.naming import CASE_PREFIX
from routing.service.placing import Ground
from routing.service.taking import find_holder

Tracing = Callable[[Event], AbstractContextManager[object]]


def _no_trace(_: Event) -> AbstractContextManager[object]:
    return nullcontext()


#: For what intake's release before says without words of what was done.
ON_THE_SPOT = "当场办结。Settled on the spot."


def open_cases(uow: UnitOfWork, received: Sequence[AppealReceivedV1], *, under: Tracing = _no_trace) -> None:
    """A case for each appeal that has none yet: a fixed number of statements, however many. Those that ask again join
    the case that there is.

    ``under`` leads each appeal's events back into the trace of its own request.
    """
    places.hold_still(uow)
    known = cases.list_known_appeals(uow, [event.appeal_id for event in received])
    fresh = [event for event in received if event.appeal_id not in known]
    _open_all(uow, [event for event in fresh if event.repeat_of is None], under)
    if repeats := [event for event in fresh if event.repeat_of is not None]:
        _take_repeats(uow, repeats, under)


def _take_repeats(uow: UnitOfWork, repeats: Sequence[AppealReceivedV1], under: Tracing) -> None:
    """What is settled by now is asked about in a case of its own, whose history names that one."""
    asked = repeating.list_asked_about(uow, repeats)
    ground = placing.survey(uow, paths=[], codes=_codes(repeats))
    nudged = Counter(pressings.count_nudges(uow, {case.case_id for case in asked.values() if case.pressings}))
    joined: list[tuple[Case, Appeal]] = []
    nudges: list[Pressing] = []
    for event in repeats:
        case = repeating.case_asked_about(asked, event)
        category = _sorted(ground, event)
        if not repeating.joins(event, case, sealed=event.sealed or _is_sealed(category)):
            (asked[event.appeal_id],) = _open_all(uow, [_where_it_was(event, case)], under, follows=case)
            continue
        appeal = _appeal(event)
        nudged[case.case_id] += 1
        with under(event):
            nudge = repeating.join_case(
                *(uow, case, event, appeal),
                category=category,
                rules=ground.rules_at(case.placed_path),
                nth=nudged[case.case_id],
            )
        nudges.append(nudge)
        joined.append((case, appeal))
        asked[event.appeal_id] = case
    if joined:
        cases.add_appeals(uow, joined)
        cases.save_cases(uow, list({case.case_id: case for case, _ in joined}.values()))
        pressings.add_pressings(uow, nudges)


def _where_it_was(event: AppealReceivedV1, before: Case) -> AppealReceivedV1:
    """What is asked again without saying where is where the earlier one was found to be."""
    is_placed = event.place_id is not None and event.placing in (Placing.GIVEN, Placing.EXACT)
    if is_placed or before.accepted_at is None or before.place_id is None:
        return event
    found = {"place_id": before.place_id, "placed_path": before.placed_path, "placing": Placing.GIVEN}
    return event.model_copy(update=found)


def _open_all(
    uow: UnitOfWork, fresh: Sequence[AppealReceivedV1], under: Tracing, *, follows: Case | None = None
) -> list[Case]:
    if not fresh:
        return []
    paths = _paths_by_own_copy(uow, fresh)
    ground = placing.survey(
        uow,
        paths=paths.values(),
        codes=_codes(fresh),
        blamed=[*(follows.complained_of if follows else ()), *(who for event in fresh for who in event.complained_of)],
    )
    takers = _seats_of_takers(uow, fresh)
    opened: list[Case] = []
    for event in fresh:
        with under(event):
            opened.append(_open(uow, ground, event, paths[event.appeal_id], takers, follows=follows))
    cases.add_cases(uow, opened)
    return opened


def _codes(received: Sequence[AppealReceivedV1]) -> list[str]:
    return [code for event in received for code in (event.category, event.suggested_category) if code]


def _sorted(ground: Ground, event: AppealReceivedV1) -> Category | None:
    """As whoever took it sorted it, or else as its words suggest."""
    return ground.category(event.category) or ground.category(event.suggested_category)


def _is_sealed(category: Category | None) -> bool:
    return category is not None and category.sealed


def _paths_by_own_copy(uow: UnitOfWork, received: Sequence[AppealReceivedV1]) -> dict[UUID, str]:
    """Where each appeal lies by this service's copy of the grid, which may have moved on since it was placed."""
    paths = places.list_paths(uow, {event.place_id for event in received if event.place_id})
    for event in received:
        if event.place_id and event.place_id not in paths:
            raise NotYet(PlaceChangedV1.TOPIC, event.place_id)
    return {e.appeal_id: paths[e.place_id] if e.place_id else e.placed_path for e in received}


def _seats_of_takers(uow: UnitOfWork, received: Sequence[AppealReceivedV1]) -> dict[str, Seat]:
    """The narrowest post of each person who settled something while taking it."""
    subjects = {event.taken_by for event in received if event.done_on_the_spot and event.taken_by}
    seats: dict[str, Seat] = {}
    for seat in posts.list_seats_held(uow, subjects):
        seats.setdefault(str(seat.subject), seat)
    return seats


def _open(
    uow: UnitOfWork,
    ground: Ground,
    event: AppealReceivedV1,
    path: str,
    takers: dict[str, Seat],
    *,
    follows: Case | None = None,
) -> Case:
    case = _new_case(uow, ground, event, path)
    if follows is not None and follows.seal is not None:
        case.complain_as(follows)
    category = _sorted(ground, event)
    placing.appoint_keeper(ground, case)
    if category is not None:
        placing.sort_case(ground, case, category, suggested=ground.category(event.category) is None)
    if event.historic:
        _open_finished(uow, case)
        return case
    _hold_to_order(uow, ground, case, event.assignment)
    placed = event.place_id is not None and event.placing in (Placing.GIVEN, Placing.EXACT)
    may_be = event.done_on_the_spot and _may_be_settled(ground, case, category)
    spot = takers.get(event.taken_by or "") if may_be else None
    rule, holder = _handler(ground, case, category, placed=placed, spot=spot)
    if rule is not None and holder is not None:
        words = event.answer if spot is None else None
        _tell_opened(uow, ground, case, event, dispatcher=None, follows=follows, words=words)
        placing.accept(uow, ground, case, rule, holder, since=event.received_at)
    else:
        reason = Queue.UNPLACED if not placed else Queue.UNSORTED if category is None else Queue.VACANT
        dispatcher = placing.find_dispatcher(ground, case)
        placing.queue_case(case, reason, dispatcher)
        _tell_opened(uow, ground, case, event, dispatcher=dispatcher, follows=follows, words=event.answer)
    uow.publish(events.city_case_opened(uow, case))
    if spot is not None and case.state is CaseState.ASSIGNED and not case.report_back:
        _settle(uow, case, spot, answer=event.answer or ON_THE_SPOT)
    return case


def _may_be_settled(ground: Ground, case: Case, category: Category | None) -> bool:
    """By whoever takes it: not what is sealed, as all that complains of staff is, nor what a second person has to look
    at, nor what is answered with evidence alone. Such goes the ordinary way.
    """
    demands = placing.rule_of_the_spot(ground, case.placed_path, category, urgent=case.urgent).demands
    return case.seal is None and not demands & {Demand.EVIDENCE, Demand.REVIEW, Demand.VERIFICATION}


def _handler(
    ground: Ground, case: Case, category: Category | None, *, placed: bool, spot: Seat | None
) -> tuple[Rule | None, Seat | None]:
    """Who settled it keeps it, whatever it was about; else the rule's post, once it is known where and what it is."""
    if spot is not None:
        return placing.rule_of_the_spot(ground, case.placed_path, category), spot
    if category is None or not placed:
        return None, None
    return placing.find_handler(ground, case, category)


def _new_case(uow: UnitOfWork, ground: Ground, event: AppealReceivedV1, path: str) -> Case:
    return Case(
        case_id=new_id(uow.now),
        number=new_number(CASE_PREFIX),
        gist=event.gist,
        channel=event.channel,
        received_at=event.received_at,
        opened_at=uow.now,
        placed_path=path,
        taken_path=event.taken_path,
        place_id=event.place_id,
        district=ground.network.district_of(path),
        urgent=event.urgent,
        silent=event.historic,
        complained_of=tuple(event.complained_of),
        seal=Seal.ASKED if event.sealed else Seal.COMPLAINT if event.complained_of else None,
        appeals=[_appeal(event)],
        **_assigned(event.assignment),
    )


def _appeal(event: AppealReceivedV1) -> Appeal:
    return Appeal(
        appeal_id=event.appeal_id,
        number=event.number,
        person_id=event.person_id,
        language=event.language,
        query_code=event.query_code,
        reached_by_message=event.reached_by_message,
        asker=event.asker,
    )


def _assigned(order: Assignment | None) -> dict[str, Any]:
    if order is None:
        return {}
    return {"assigned_by": order.office, "assigned_number": order.number, "assigned_due": order.due_at}


def _hold_to_order(uow: UnitOfWork, ground: Ground, case: Case, order: Assignment | None) -> None:
    """Theirs is a limit of its own, from the first: what waits for a dispatcher is due to them all the same."""
    if order is not None:
        case.limits.append(placing.limit_given(ground, case, DeadlineKind.ASSIGNED, order.due_at, now=uow.now))
        case.report_back = Owing.OWED if order.report_owed else None


def _tell_opened(
    uow: UnitOfWork,
    ground: Ground,
    case: Case,
    event: AppealReceivedV1,
    *,
    dispatcher: Seat | None,
    follows: Case | None,
    words: str | None,
) -> None:
    """``words``: what whoever took it says that they did, where that does not settle it."""
    facts = {
        "appeal": str(event.appeal_id),
        "channel": event.channel.value,
        "queue": case.queue.value if case.queue else None,
        "dispatcher": dispatcher.subject if dispatcher else None,
        "category": case.category,
        "suggested": case.category_suggested,
        **placing.counted(ground, case),
        **({"assigned": event.assignment.model_dump(mode="json")} if event.assignment else {}),
        **({"follows": str(follows.case_id), "follows_number": follows.number} if follows else {}),
    }
    case.record(OPENED, at=uow.now, by=event.taken_by, facts=facts, words=words)
    uow.publish(events.case_opened(uow, case, dispatcher=dispatcher))


def _open_finished(uow: UnitOfWork, case: Case) -> None:
    """A finished past: no promise, no notice, but a case like any other to be found and counted."""
    case.record(OPENED, at=uow.now, by=None, facts={"historic": True, "category": case.category})
    uow.publish(events.case_opened(uow, case, dispatcher=None))
    uow.publish(events.city_case_opened(uow, case))
    end_case(uow, case, ClosedReason.HISTORIC, holder=None, by=None)


def _settle(uow: UnitOfWork, case: Case, holder: Seat, *, answer: str) -> None:
    """Answered and closed in the same step in which it was taken."""
    case.state, case.outcome, case.answered_at = CaseState.ANSWERED, Outcome.SOLVED, uow.now
    case.keep(at=uow.now)
    case.keep_theirs(at=uow.now)
    case.contact(at=uow.now)
    case.record(
        ANSWERED,
        at=uow.now,
        by=holder.subject,
        post_id=holder.post_id,
        facts={"outcome": Outcome.SOLVED.value, "on_the_spot": True, "promise_met": True},
        words=answer,
    )
    uow.publish(events.case_answered(uow, case, holder=holder, answer=answer, asked={}))
    end_case(uow, case, ClosedReason.DONE, holder=holder, by=holder.subject, post_id=holder.post_id)


def correct_appeal(uow: UnitOfWork, event: AppealCorrectedV1) -> None:
    """What the resident corrected is put on the case; what had waited for just that goes on. A case of several is about
    what it was before one of them said otherwise.
    """
    case = _case_of(uow, event.appeal_id)
    facts = {"appeal": str(event.appeal_id), "place": _text(event.place_id), "category": event.category}
    if len(case.appeals) == 1:
        case.gist = event.gist
    was_sealed = case.seal is not None
    ground = _seal_by_correction(uow, case, event)
    holder = find_holder(uow, case) if _is_at_work_on(case) else None
    told = holder.subject if holder and holder.subject != event.corrected_by else None
    case.record(CORRECTED, at=uow.now, by=event.corrected_by, facts=facts | {"holder": told})
    uow.publish(events.case_corrected(uow, case, event.appeal_id, by=event.corrected_by, holder=holder))
    if ground is not None:
        _tell_sealed(uow, ground, case, event)
    if case.queue is not None and case.state is CaseState.RECEIVED:
        _try_again(uow, case, event)
    cases.save_cases(uow, [case])
    if (case.seal is not None) != was_sealed:
        cases.seal_what_hangs_on(uow, case)


def _is_at_work_on(case: Case) -> bool:
    """Whether it is somebody's: what waits is read when it is looked at, and what is closed is not worked on."""
    return case.accepted_at is not None and case.is_open


def _seal_by_correction(uow: UnitOfWork, case: Case, event: AppealCorrectedV1) -> Ground | None:
    """What turns out to be of a sealed category is shut at once, whoever has it. Sorting it anew is a dispatcher's.
    What it is sealed by; none: it is not, or was before.
    """
    if case.seal is not None or event.category is None:
        return None
    ground = placing.survey(uow, paths=[case.placed_path], codes=[event.category], blamed=case.complained_of)
    if not _is_sealed(ground.category(event.category)):
        return None
    case.seal = Seal.CATEGORY
    placing.appoint_keeper(ground, case)
    return ground


def _tell_sealed(uow: UnitOfWork, ground: Ground, case: Case, event: AppealCorrectedV1) -> None:
    keeper = str(case.keeper_post_id) if case.keeper_post_id else None
    facts = {"category": event.category, "keeper": keeper, **placing.counted(ground, case)}
    case.record(SEALED, at=uow.now, by=event.corrected_by, facts=facts)
    uow.publish(events.case_sealed(uow, case))


def _try_again(uow: UnitOfWork, case: Case, event: AppealCorrectedV1) -> None:
    places.hold_still(uow)
    paths = places.list_paths(uow, {event.place_id} if event.place_id else set())
    if event.place_id is not None and event.place_id not in paths:
        raise NotYet(PlaceChangedV1.TOPIC, event.place_id)
    if event.place_id is not None and case.queue is Queue.UNPLACED:
        case.place_id, case.placed_path = event.place_id, paths[event.place_id]
    codes = [code for code in (event.category, case.category) if code]
    ground = placing.survey(uow, paths=[case.placed_path], codes=codes, blamed=case.complained_of)
    case.district = ground.network.district_of(case.placed_path)
    category = ground.category(event.category) or ground.category(case.category)
    if category is None or (case.queue is Queue.UNPLACED and event.place_id is None):
        return
    placing.sort_case(
        ground, case, category, suggested=case.category_suggested and ground.category(event.category) is None
    )
    rule, holder = placing.find_handler(ground, case, category)
    if holder is None:
        placing.queue_case(case, Queue.VACANT, placing.find_dispatcher(ground, case))
        return
    placing.accept(uow, ground, case, rule, holder, since=uow.now)
    cases.grant_to_offices(uow, [case])
    uow.publish(events.city_case_progressed(uow, case))


def withdraw_appeal(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    """When nobody is left who asks, the case closes, and reports that are owed on it end with it; a case that is closed
    already keeps its end. What was late by then stays late.
    """
    case = _case_of(uow, event.appeal_id)
    cases.save_appeal_withdrawn(uow, event.appeal_id, uow.now)
    for appeal in case.appeals:
        if appeal.appeal_id == event.appeal_id:
            appeal.withdrawn_at = uow.now
    facts = {"appeal": str(event.appeal_id), "reason": event.reason}
    case.record(WITHDRAWN, at=uow.now, by=event.withdrawn_by, facts=facts)
    calling_back.drop_call_back(uow, case, event.appeal_id)
    if case.is_open and not any(appeal.stands for appeal in case.appeals):
        deadlines.mark_if_missed(uow, case)
        end_case(uow, case, ClosedReason.WITHDRAWN, holder=find_holder(uow, case), by=event.withdrawn_by)
    else:
        calling_back.close_if_over(uow, case, find_holder(uow, case))
    cases.save_cases(uow, [case])


def _case_of(uow: UnitOfWork, appeal_id: UUID) -> Case:
    found = cases.find_cases_of_appeals_for_change(uow, [appeal_id])
    if appeal_id not in found:
        raise NotYet(AppealReceivedV1.TOPIC, appeal_id)
    return found[appeal_id]


def _text(identity: UUID | None) -> str | None:
    return str(identity) if identity else None
