"""Those who work in the city: they are told by events, take their time, and look at one case at a time."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import (
    CallBackOwedV1,
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAskedV1,
    CaseAssignedV1,
    CaseCalledBackV1,
    CaseDraftedV1,
    CaseFact,
    CaseHelperCalledV1,
    CaseHolderLeftV1,
    CaseOpenedV1,
    CasePlannedV1,
    CasePressedV1,
    CaseRecordedV1,
    CaseRecusedV1,
    CaseRedoneV1,
    CaseReportedBackV1,
    CaseReportReviewedV1,
    CaseReviewedV1,
    CaseRuledV1,
    CaseSplitOffV1,
    CaseState,
    CaseSuspendedV1,
    CaseVerifiedV1,
    ContactDeadlineBreachedV1,
    ContactOutcome,
    DeadlineBreachedV1,
    Handler,
    Kind,
    SupervisionClimbedV1,
)
from kit.crypto import KeyRing
from kit.db import UnitOfWork
from kit.errors import ServiceError
from kit.paging import Page
from routing.service import reading

from simulation import handling, overseeing
from simulation.agenda import Agenda
from simulation.book import Book, Life
from simulation.city import City, Claimant
from simulation.days import ONE_DAY, Days
from simulation.sight import Sight

Look = Callable[[Sight], bool]

#: How long somebody takes over a look at what is asked of them.
_ERRAND = timedelta(hours=3)

#: How long whoever gets a case takes to call its resident, on the whole; some put it off.
_FIRST_CALL = timedelta(hours=4)

#: The work on a case is spread over so many looks.
_LOOKS = 3

_RING = KeyRing((("k1", bytes(32)),))
_MOST = 200


class Staff:
    def __init__(self, city: City, agenda: Agenda, book: Book, days: Days, *, seed: int) -> None:
        self._city = city
        self._agenda = agenda
        self._book = book
        self._days = days
        self._seed = seed
        self._paces: dict[str, float] = {}
        self.away: dict[str, datetime] = {}
        """Who is away without anybody standing in, and until when: what they have to do waits for them."""
        self.refused: Counter[str] = Counter()
        self._hears: Mapping[type[CaseFact], Callable[..., None]] = {
            CaseOpenedV1: self._opened,
            CaseAcceptedV1: self._comes,
            CaseAssignedV1: self._comes,
            CaseSplitOffV1: self._comes,
            CaseAskedV1: lambda life, fact: self._sees_to(life, fact.ruler, overseeing.dispatch),
            CaseRuledV1: lambda life, _: self._looks_again(life, _ERRAND),
            CaseRecusedV1: self._recused,
            CaseDraftedV1: lambda life, fact: self._sees_to(life, fact.reviewer, overseeing.dispatch),
            CaseReviewedV1: lambda life, _: self._looks_again(life, _ERRAND),
            CaseAnsweredV1: self._answered,
            CaseVerifiedV1: lambda life, _: self._looks_again(life, _ERRAND),
            CaseRedoneV1: self._comes,
            CaseSuspendedV1: lambda life, _: self._looks_again(life, ONE_DAY),
            CasePlannedV1: lambda life, fact: self._looks_again(life, fact.due_at - fact.at - ONE_DAY),
            CaseReportedBackV1: lambda life, fact: self._sees_to(life, fact.dispatcher, overseeing.dispatch),
            CaseReportReviewedV1: lambda life, _: self._looks_again(life, _ERRAND),
            CasePressedV1: lambda life, _: self._looks_again(life, ONE_DAY),
            CaseRecordedV1: self._recorded,
            DeadlineBreachedV1: self._breached,
            ContactDeadlineBreachedV1: self._breached,
            SupervisionClimbedV1: lambda life, fact: self._sees_to(life, fact.superior, overseeing.press),
            CaseHelperCalledV1: self._called_in,
            CallBackOwedV1: lambda life, fact: self._sees_to(life, fact.dispatcher, overseeing.call),
            CaseCalledBackV1: self._called_back,
            CaseHolderLeftV1: lambda life, fact: self._sees_to(life, fact.dispatcher, overseeing.dispatch),
        }

    def hear(self, life: Life, fact: CaseFact) -> None:
        life.path, life.is_open = fact.placed_path, fact.state is not CaseState.CLOSED
        if (hears := self._hears.get(type(fact))) is not None:
            hears(life, fact)

    def plan_rounds(self, at: datetime) -> None:
        """Once a week everybody looks through what lies with them, and dispatchers through their queue."""
        with_cases = {life.post_id for life in self._book.lives.values() if life.is_open and life.post_id}
        dispatchers = (post for post in self._book.posts.values() if post.duty is Duty.DISPATCHER)
        queued = {post.post_id for post in dispatchers if post.office_id is None}
        for post_id in sorted(with_cases | queued):
            at += timedelta(seconds=2)
            self._agenda.plan(self._days.at_work(at), partial(self._go_round, post_id, queue=post_id in queued))

    async def _go_round(self, post_id: UUID, *, queue: bool) -> None:
        subject = self._book.acting(post_id, self._city.now)
        if subject is None or self._is_away(subject):
            return
        found, waiting = await self._city.ask("routing", Claimant(subject), partial(_look_through, queue=queue))
        for case_id in found:
            self._take_up(case_id, "holder", post_id, handling.handle)
        for case_id in waiting:
            self._take_up(case_id, "dispatcher", post_id, overseeing.dispatch)

    def _take_up(self, case_id: UUID, role: str, post_id: UUID, look: Look) -> None:
        life = self._book.lives.get(case_id)
        if life is not None and not self._agenda.has((case_id, role)):
            self._plan(life, role, post_id, look, self._city.now + _ERRAND * life.chance.random())

    def _opened(self, life: Life, fact: CaseOpenedV1) -> None:
        if fact.queue is not None:
            self._sees_to(life, fact.dispatcher, overseeing.dispatch)

    def _comes(self, life: Life, fact: CaseAcceptedV1 | CaseAssignedV1 | CaseRedoneV1 | CaseSplitOffV1) -> None:
        """It lies with somebody from now on, by a limit: most take a third of the time, some much longer than it."""
        if fact.handler is None:
            return
        life.post_id = fact.handler.post_id
        due = fact.promise_due or fact.at + ONE_DAY
        pace = self._pace_of(fact.handler.subject) * life.chance.lognormvariate(-1.1, 0.7)
        life.rest = max(due - fact.at, timedelta(hours=1)) * pace / _LOOKS
        self._looks_again(life, life.rest)
        if not life.sleeps:
            self._sees_to(life, fact.handler, handling.reach, after=_FIRST_CALL * life.chance.lognormvariate(0, 0.9))
        if fact.kind is Kind.MUNICIPAL and life.chance.random() < 0.02:
            self._errand(life, Duty.DISPATCHER, overseeing.join_the_same)

    def _answered(self, life: Life, fact: CaseAnsweredV1) -> None:
        """It may have to be handed over, reported or closed; and somebody who did not handle it may have to look."""
        self._looks_again(life, ONE_DAY * life.chance.uniform(0.2, 4))
        if fact.kind is Kind.MUNICIPAL:
            self._errand(life, Duty.DISPATCHER, overseeing.dispatch, after=ONE_DAY)

    def _breached(self, life: Life, fact: DeadlineBreachedV1 | ContactDeadlineBreachedV1) -> None:
        self._sees_to(life, fact.superior, overseeing.press)
        self._looks_again(life, ONE_DAY * life.chance.lognormvariate(0, 0.8))

    def _called_in(self, life: Life, fact: CaseHelperCalledV1) -> None:
        wait = (fact.due_at - fact.at) * life.chance.lognormvariate(-0.7, 0.6)
        self._sees_to(life, fact.helper, handling.report_part, after=wait)

    def _recused(self, life: Life, fact: CaseRecusedV1) -> None:
        """Where a helper has, whoever leads sees what is left of it."""
        if fact.handler is not None:
            self._looks_again(life, _ERRAND)

    def _recorded(self, life: Life, fact: CaseRecordedV1) -> None:
        """Whoever did not pick up is called again the same day."""
        if fact.outcome is ContactOutcome.NOT_REACHED:
            self._sees_to(life, fact.handler, handling.reach)

    def _called_back(self, life: Life, fact: CaseCalledBackV1) -> None:
        """Whoever was not reached is tried again, by another dispatcher or window of the place."""
        if fact.outcome is ContactOutcome.NOT_REACHED:
            self._errand(life, Duty.WINDOW_CLERK, overseeing.call, after=ONE_DAY)

    def _errand(self, life: Life, duty: Duty, look: Look, *, after: timedelta = _ERRAND) -> None:
        """Somebody of its place with that duty sees to it."""
        if (post := self._book.at(life.path, duty)) is not None:
            self._plan(life, look.__name__, post.post_id, look, self._city.now + after * life.chance.random())

    def _sees_to(self, life: Life, who: Handler | None, look: Look, *, after: timedelta = _ERRAND) -> None:
        """Whoever was named in it, in their own time."""
        if who is not None:
            wait = after * life.chance.uniform(0.2, 1) * self._pace_of(who.subject)
            self._plan(life, look.__name__, who.post_id, look, self._city.now + wait)

    def _looks_again(self, life: Life, after: timedelta) -> None:
        """Whoever holds it then."""
        if life.post_id is not None:
            at = self._city.now + max(after, timedelta(minutes=5))
            self._plan(life, "holder", life.post_id, handling.handle, at)

    def _plan(self, life: Life, role: str, post_id: UUID, look: Look, at: datetime) -> None:
        act = partial(self._look, life, role, post_id, look)
        self._agenda.plan(self._days.at_work(at), act, key=(life.case_id, role))

    async def _look(self, life: Life, role: str, post_id: UUID, look: Look) -> None:
        """Whoever acts in the post at that instant. What is refused is told and counted; nothing of it stays."""
        subject = self._book.acting(post_id, self._city.now)
        if subject is None:
            return
        if self._is_away(subject):
            self._plan(life, role, post_id, look, self.away[subject])
            return
        try:
            did = await self._city.ask("routing", Claimant(subject), partial(self._step, life, look))
        except ServiceError as refusal:
            self.refused[refusal.code] += 1
            did = False
        if did and role == "holder" and life.is_open:
            self._looks_again(life, life.rest)

    def _step(self, life: Life, look: Look, uow: UnitOfWork) -> bool:
        return look(Sight(uow, reading.get_case(uow, life.case_id), life, self._book))

    def _is_away(self, subject: str) -> bool:
        return subject in self.away and self._city.now < self.away[subject]

    def _pace_of(self, subject: str | None) -> float:
        """Some are quick, some are slow; it is in their nature."""
        if subject is None:
            return 1.0
        if subject not in self._paces:
            self._paces[subject] = Random(f"{self._seed} pace {subject}").lognormvariate(0, 0.4)  # noqa: S311
        return self._paces[subject]


def _look_through(uow: UnitOfWork, *, queue: bool) -> tuple[list[UUID], list[UUID]]:
    page = Page(_MOST, "simulation", _RING)
    lists = [reading.list_worklist(uow, page), reading.list_worklist(uow, page, answered=True)]
    found = [line.case.case_id for sheet in lists for line in sheet.items]
    return found, [line.case.case_id for line in reading.list_queue(uow, page).items] if queue else []
