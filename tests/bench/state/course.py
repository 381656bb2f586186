"""The steps of a case, as routing's use cases take them, each at an instant that fits its story."""

from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast

from contracts.envelope import Event, Tombstone
from contracts.intake import AppealReceivedV1
from contracts.routing import CaseFact, CaseState, HandoverMeans, Outcome
from kit.db import UnitOfWork
from kit.ids import new_id
from network.posts import Seat
from routing import events
from routing.domain.call_back import CallBack, Way
from routing.domain.case import (
    ANSWERED,
    HANDED_OVER,
    STARTED,
    WITHDRAWN,
    Case,
    ClosedReason,
    Deadline,
    DeadlineKind,
    DeadlineState,
)
from routing.domain.promise import Term, Unit, counted_like
from routing.domain.rules import Limit
from routing.models import call_back, case_appeal, case_entry, case_grant, cases, deadline, figure_increment
from routing.repository.figures import count_new
from routing.repository.rows import appeal_row, case_row, deadline_row, entry_row
from routing.service import opening, placing
from routing.service.placing import Ground
from routing.service.superiors import superior_of
from sqlalchemy import Connection, TextClause

from tests.bench.state.sheets import Sheets
from tests.bench.state.stories import End, Story

_LATE = (End.LATE, End.LATE_CLOSED)
_DONE = (End.CLOSED, End.LATE_CLOSED)

#: What a dispatcher makes of what nobody could sort.
SORTED_AS = "administrative.community_affairs"


class Moment(UnitOfWork):
    """An instant of somebody's: what is published in it is kept, what is inserted goes onto a sheet."""

    def __init__(self, now: datetime, by: str | None = None, *, sheets: Sheets | None = None) -> None:
        super().__init__(cast("Connection", None), now=now)
        self._by, self._sheets = by, sheets
        self.told: list[Event | Tombstone] = []

    @property
    def by(self) -> str | None:
        return self._by

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        if self._sheets is None:
            raise LookupError("nothing is asked for here: what stands is on the ground already")
        if isinstance(statement, TextClause):
            return  # holds places still: none moves here
        for beside in getattr(statement, "_independent_ctes", ()):
            table = beside.element.table
            self._sheets.add(table, {c.name: parameters[f"{table.name}_{c.name}"] for c in table.columns})
        self._sheets.add(statement.table, parameters)

    def publish(self, event: Event | Tombstone) -> None:
        self.told.append(event)


def opened(
    received: AppealReceivedV1, ground: Ground, path: str, clerk: Seat | None, chance: Random
) -> tuple[Case, Moment]:
    """The case that routing opens a second after the appeal; ``clerk`` settles it, where that was done on the spot."""
    takers = {clerk.subject: clerk} if clerk and clerk.subject else {}
    moment = Moment(received.received_at + timedelta(seconds=chance.uniform(0.2, 1.2)))
    return opening._open(moment, ground, received, path, takers), moment


class Course:
    """One case's way; ``facts`` is what was said of it, in order."""

    def __init__(self, ground: Ground, story: Story, clerk: Seat | None, chance: Random, now: datetime) -> None:
        self._ground, self._story, self._clerk = ground, story, clerk
        self._chance, self._now = chance, now
        self.facts: list[CaseFact] = []

    def open(self, received: AppealReceivedV1) -> Case:
        case, moment = opened(received, self._ground, self._story.spot.path, self._clerk, self._chance)
        self._keep(moment)
        return case

    def carry(self, case: Case, *, taken_by: str | None) -> None:
        if case.queue and self._story.end is not End.WAITING:
            self._accept(case)
        if case.deadline is None or not case.is_open:
            return
        if self._story.withdrawn:
            self._withdraw(case, self._story.withdrawn + self._seconds(0.2, 1.2), taken_by)
        else:
            self._handle(case, case.accepted_at or case.opened_at, case.deadline.promise.due_at)

    def _handle(self, case: Case, begun: datetime, due: datetime) -> None:
        end = self._story.end
        holder = self._seat(case)
        in_time = min(due, self._now - timedelta(minutes=1)) - begun
        late = end in _LATE and due + timedelta(hours=2) < self._now
        if end is not End.ASSIGNED and not (end is End.LATE and self._chance.random() < 0.3):
            started = begun + in_time * self._chance.uniform(0.05, 0.3)
            self._warn(case, holder, until=started)
            self._start(case, holder, started)
        answered = begun + in_time * self._chance.uniform(0.35, 0.95)
        is_answered = end in (*_DONE, End.ANSWERED)
        self._warn(case, holder, until=due if late else answered if is_answered else self._now)
        if late:
            missed = due + self._seconds(0.1, 2.1)
            self._miss(case, holder, missed)
            answered = missed + min(timedelta(hours=72), self._now - missed) * self._chance.uniform(0.1, 0.8)
        if is_answered:
            self._answer(case, holder, answered)
        if end in _DONE:
            left = min(timedelta(hours=48), self._now - answered)
            if self._story.handed_over:
                self._hand_over(case, holder, answered + left * self._chance.uniform(0.05, 0.3))
            self._close(case, holder, answered + left * self._chance.uniform(0.35, 0.9))

    def _accept(self, case: Case) -> None:
        """The dispatcher sorts what the platform could not."""
        dispatcher = placing.find_dispatcher(self._ground, case)
        category = self._ground.category(SORTED_AS)
        if dispatcher is None or category is None:
            return
        wait = min(timedelta(hours=2), self._now - case.opened_at) * self._chance.uniform(0.05, 0.5)
        moment = Moment(case.opened_at + wait, dispatcher.subject)
        placing.sort_case(self._ground, case, category)
        rule, holder = placing.find_handler(self._ground, case, category)
        if holder is not None:
            placing.accept(moment, self._ground, case, rule, holder, since=moment.now, post_id=dispatcher.post_id)
        self._keep(moment)

    def _start(self, case: Case, holder: Seat, at: datetime) -> None:
        moment = Moment(at, holder.subject)
        case.state = CaseState.IN_PROGRESS
        case.record(STARTED, at=at, by=moment.by, post_id=holder.post_id)
        moment.publish(events.case_started(moment, case, holder=holder))
        self._keep(moment)

    def _warn(self, case: Case, holder: Seat, *, until: datetime) -> None:
        """Of each share of the time that passes by then, as the clock does."""
        limit = case.deadline
        assert limit is not None
        while (at := limit.warn_at) is not None and at < until:
            moment = Moment(at + self._seconds(0.1, 2.1))
            limit.warn(at=moment.now)
            above = superior_of(self._ground.network.seats, case, holder) if limit.is_warned_last else None
            case.approach(limit, at=moment.now, holder=holder.subject, superior=above.subject if above else None)
            moment.publish(events.deadline_approaching(moment, case, limit, holder=holder, superior=above))
            self._keep(moment)

    def _miss(self, case: Case, holder: Seat, at: datetime) -> None:
        """No superior's duty comes of it here: all of them would climb while something else is measured."""
        moment = Moment(at)
        superior = superior_of(self._ground.network.seats, case, holder)
        assert case.deadline is not None
        case.miss(case.deadline, at=at, holder=holder.subject, superior=superior.subject if superior else None)
        moment.publish(events.deadline_breached(moment, case, case.deadline, holder=holder, superior=superior))
        self._keep(moment)

    def _answer(self, case: Case, holder: Seat, at: datetime) -> None:
        moment = Moment(at, holder.subject)
        case.keep(at=at)
        case.contact(at=at)
        case.state, case.outcome, case.answered_at = CaseState.ANSWERED, Outcome.SOLVED, at
        case.answered_by = moment.by
        facts = {"outcome": Outcome.SOLVED.value, "promise_met": case.promise_met}
        case.record(ANSWERED, at=at, by=moment.by, post_id=holder.post_id, facts=facts, words=self._story.answer)
        case.limits.append(self._until(case, at))
        asked = {appeal.appeal_id: 1 for appeal in case.appeals}
        moment.publish(events.case_answered(moment, case, holder=holder, answer=self._story.answer, asked=asked))
        self._keep(moment)

    def _until(self, case: Case, at: datetime) -> Deadline:
        """How long its resident may say something of the answer: as routing.service.calling_back counts it."""
        assert case.deadline is not None
        term = Term(Unit.WORKING_DAYS, self._ground.rules.limit(Limit.RATING))
        until = counted_like(
            term, at, like=case.deadline.promise, calendar=self._ground.calendar, path=case.placed_path
        )
        limit = Deadline(new_id(at), DeadlineKind.RATING, until)
        if until.due_at < self._now:
            limit.settle(DeadlineState.MET, at=until.due_at)
        return limit

    def _hand_over(self, case: Case, holder: Seat, at: datetime) -> None:
        moment = Moment(at, holder.subject)
        case.handover = HandoverMeans.COLLECTED
        case.record(HANDED_OVER, at=at, by=moment.by, post_id=holder.post_id, facts={"means": case.handover.value})
        moment.publish(events.case_handed_over(moment, case))
        self._keep(moment)

    def _close(self, case: Case, holder: Seat, at: datetime) -> None:
        moment = Moment(at, holder.subject)
        unrated = {"unrated": len(case.appeals)}
        case.close(ClosedReason.DONE, at=at, by=moment.by, post_id=holder.post_id, holder=holder.subject, facts=unrated)
        moment.publish(events.case_closed(moment, case, holder=holder))
        self._keep(moment)

    def _withdraw(self, case: Case, at: datetime, taken_by: str | None) -> None:
        moment, (appeal,) = Moment(at), case.appeals
        holder = self._seat(case)
        appeal.withdrawn_at = at
        facts = {"appeal": str(appeal.appeal_id), "reason": "unwanted"}
        case.record(WITHDRAWN, at=at, by=taken_by, facts=facts)
        case.close(ClosedReason.WITHDRAWN, at=at, by=taken_by, holder=holder.subject)
        moment.publish(events.case_closed(moment, case, holder=holder))
        self._keep(moment)

    def _seat(self, case: Case) -> Seat:
        return next(seat for seat in self._ground.network.seats if seat.post_id == case.holder_post_id)

    def _keep(self, moment: Moment) -> None:
        self.facts += [event for event in moment.told if isinstance(event, CaseFact)]

    def _seconds(self, least: float, most: float) -> timedelta:
        return timedelta(seconds=self._chance.uniform(least, most))


def put_case(sheets: Sheets, case: Case, *, now: datetime) -> None:
    """As routing.repository.cases adds it, with what has become of it since and what that counts."""
    case.stand(now)
    for counted in count_new(case, case.entries, zone=""):
        # Its community or below: adding up finds the place's own.
        sheets.add(figure_increment, {**counted, "path": case.placed_path})
    sheets.add(cases, case_row(case))
    for appeal in case.appeals:
        sheets.add(case_appeal, appeal_row(case, appeal))
    for entry in case.entries:
        sheets.add(case_entry, entry_row(entry))
    for each in (case.deadline, *case.limits):
        if each:
            sheets.add(deadline, deadline_row(case, each))
    for limit in case.limits:
        _put_call_backs(sheets, case, limit)
    if case.office_id:
        sheets.add(case_grant, {"case_id": case.case_id, "office_id": case.office_id, "granted_at": case.accepted_at})


def _put_call_backs(sheets: Sheets, case: Case, limit: Deadline) -> None:
    """As routing.repository.call_backs adds them: nobody has said anything."""
    seq = next(entry.seq for entry in case.entries if entry.step == ANSWERED)
    for appeal in case.appeals:
        asked = CallBack(
            appeal_id=appeal.appeal_id,
            answer=1,
            case_id=case.case_id,
            seq=seq,
            way=Way.MESSAGE if appeal.person_id else Way.PAGE,
            asked_at=limit.promise.start_at,
            rate_by=limit.promise.due_at,
        )
        sheets.add(call_back, asdict(asked))
