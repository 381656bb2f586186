"""Those who live in the city: they ask, wait, rate what they are answered, dispute it, withdraw, ask again, or say
nothing.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from random import Random
from uuid import UUID

from contracts.grid import Duty, PlaceChangedV1
from contracts.intake import Channel, Language, Means
from contracts.rating import PURPOSE, subject_of
from contracts.routing import CaseAnsweredV1
from intake.domain.appeal import Assignment, Receipt, Submission, Who, WhoKind, WithdrawalReason
from intake.domain.progress import TooManyGuesses
from intake.domain.rating import Said
from intake.errors import NoSuchEarlier
from intake.service import amending, rating, receiving
from kit.auth import RESIDENT
from kit.crypto import make_ticket
from kit.db import UnitOfWork
from kit.errors import ServiceError

from simulation import matters
from simulation.agenda import Agenda
from simulation.book import Book
from simulation.city import City, Claimant
from simulation.days import ONE_DAY, midnight_of

#: Of a day's appeals, how many come in each hour.
_BY_HOUR = (1, 1, 0, 0, 0, 1, 2, 4, 9, 12, 12, 9, 5, 6, 10, 10, 9, 7, 5, 4, 4, 3, 2, 1)
_CHANNELS = {
    Channel.WEB: 34,
    Channel.HOTLINE: 30,
    Channel.WINDOW: 16,
    Channel.VISIT: 6,
    Channel.PATROL: 5,
    Channel.LETTERBOX: 4,
    Channel.ASSIGNED: 3,
    Channel.DELEGATE: 2,
}
#: Who takes it, where it is not the resident who files it.
_TAKERS = {
    Channel.VISIT: Duty.BUILDING_CHIEF,
    Channel.PATROL: Duty.AREA_CHIEF,
    Channel.ASSIGNED: Duty.DISPATCHER,
}
#: How much of what they take they settle there and then; chiefs most of it.
_ON_THE_SPOT = {Channel.WINDOW: 0.2, Channel.HOTLINE: 0.2, Channel.VISIT: 0.6, Channel.PATROL: 0.6}
_WEB = Claimant("resident", frozenset({RESIDENT}))


class Residents:
    def __init__(self, city: City, agenda: Agenda, book: Book, *, seed: int, a_day: int) -> None:
        self._city = city
        self._agenda = agenda
        self._book = book
        self._seed = seed
        self._a_day = a_day
        self.numbers: dict[UUID, int] = {}
        """Of each appeal, the how-manieth it is."""
        self.filed = 0
        self.refused: Counter[str] = Counter()
        self.said: Counter[str] = Counter()

    def plan_day(self, day: date) -> None:
        """Never fewer than so many; a working day brings a third more."""
        chance = Random(f"{self._seed} {day}")  # noqa: S311  # no secret
        most = self._a_day // 3 if day.weekday() < 5 else self._a_day // 8
        for _ in range(self._a_day + chance.randint(0, most)):
            (hour,) = chance.choices(range(24), _BY_HOUR)
            at = midnight_of(day) + timedelta(hours=hour, seconds=chance.uniform(0, 3600))
            self._agenda.plan(at, partial(self._file, self._next()))

    def _next(self) -> int:
        self.filed += 1
        return self.filed

    async def _file(self, number: int) -> None:
        chance = Random(f"{self._seed} appeal {number}")  # noqa: S311  # no secret
        community = chance.choice(self._book.communities())
        place = self._somewhere(chance, community)
        (channel,) = chance.choices([*_CHANNELS], [*_CHANNELS.values()])
        given = self._submission(chance, channel, place, number)
        await self._hand_in(number, chance, given, self._taker(channel, place), community)

    def _somewhere(self, chance: Random, community: PlaceChangedV1) -> PlaceChangedV1:
        """Nearly always at a community or below it; now and then it is the whole district's matter."""
        is_wide = chance.random() < 0.03
        wide = [each for each in self._book.places.values() if each.tier == "district"]
        return wide[0] if is_wide else chance.choice(self._book.below(community.path))

    def _taker(self, channel: Channel, place: PlaceChangedV1) -> Claimant | None:
        if channel is Channel.WEB:
            return _WEB
        duties = (_TAKERS.get(channel, Duty.WINDOW_CLERK), Duty.WINDOW_CLERK)
        post = next((post for duty in duties if (post := self._book.at(place.path, duty))), None)
        subject = self._book.acting(post.post_id, self._city.now) if post else None
        return Claimant(subject) if subject else None

    async def _hand_in(
        self, number: int, chance: Random, given: Submission, by: Claimant | None, community: PlaceChangedV1
    ) -> None:
        """Where nobody sits at the window, they file it themselves."""
        if by is None:
            by, given = _WEB, _as_filed_on_the_web(given)
        try:
            receipt = await self._city.ask("intake", by, partial(self._receive, given, f"client {number % 97}"))
        except ServiceError as refusal:
            self.refused[refusal.code] += 1
            return
        if isinstance(receipt, Receipt):
            self.numbers[receipt.appeal_id] = number
            self._plan_sequel(chance, given, receipt, community)
        else:
            self.refused[type(receipt).__name__] += 1

    def _receive(self, given: Submission, client: str, uow: UnitOfWork) -> Receipt | TooManyGuesses | NoSuchEarlier:
        if given.repeat_of:
            return receiving.receive_repeat(uow, given, station=self._city.station, client=client)
        return receiving.receive_appeal(uow, given, station=self._city.station)

    def _submission(self, chance: Random, channel: Channel, place: PlaceChangedV1, number: int) -> Submission:
        is_urgent, is_sealed, is_old = chance.random() < 0.02, chance.random() < 0.01, chance.random() < 0.02
        category, words = chance.choice(matters.MATTERS)
        if is_urgent:
            category, words = matters.URGENT
        elif is_sealed:
            category, words = chance.choice(matters.SEALED)
        elif is_old:
            category, words = matters.PETITION
        words += chance.choice(matters.SINCE) + chance.choice(matters.WISHES)
        is_vague = chance.random() < 0.03
        by_staff = channel is not Channel.WEB
        order = Assignment("市12345热线", f"GD{number:08}", self._city.now + 12 * ONE_DAY, report_owed=True)
        given = Submission(
            channel=channel,
            words=matters.UNSORTED if is_vague else words,
            who=_who(chance, number),
            place=place.code if chance.random() < 0.93 else None,
            category=category if by_staff and not is_vague and chance.random() < 0.7 else None,
            urgent=is_urgent and by_staff,
            done_on_the_spot=by_staff
            and not (is_urgent or is_sealed or is_vague)
            and chance.random() < _ON_THE_SPOT.get(channel, 0),
            assignment=order if channel is Channel.ASSIGNED else None,
        )
        return replace(given, answer="当场办结") if given.done_on_the_spot else given

    def _plan_sequel(self, chance: Random, given: Submission, receipt: Receipt, community: PlaceChangedV1) -> None:
        now, fate = self._city.now, chance.random()
        if fate < 0.02:
            at = now + timedelta(hours=chance.uniform(1, 30))
            self._agenda.plan(at, partial(self._withdraw, receipt.appeal_id, community))
        elif fate < 0.06 and receipt.query_code and given.repeat_of is None and not given.done_on_the_spot:
            again = replace(given, channel=Channel.HOTLINE, repeat_of=receipt.query_code, assignment=None)
            at = now + ONE_DAY * chance.uniform(1, 9)
            self._agenda.plan(at, partial(self._ask_again, again, community))

    async def _ask_again(self, given: Submission, community: PlaceChangedV1) -> None:
        number = self._next()
        chance = Random(f"{self._seed} appeal {number}")  # noqa: S311  # no secret
        self.said["asked again"] += 1
        await self._hand_in(number, chance, given, self._taker(Channel.HOTLINE, community), community)

    async def _withdraw(self, appeal_id: UUID, community: PlaceChangedV1) -> None:
        """They tell the window."""
        by = self._taker(Channel.WINDOW, community)
        if by is None:
            return
        work = partial(
            amending.withdraw_appeal,
            appeal_id=appeal_id,
            version=1,
            reason=WithdrawalReason.UNWANTED,
            station=self._city.station,
        )
        try:
            await self._city.ask("intake", by, work)
        except ServiceError as refusal:
            self.refused[refusal.code] += 1
        else:
            self.said["withdrawn"] += 1

    def hear(self, fact: CaseAnsweredV1) -> None:
        """Half of those who are asked say something of the answer, by the link that they were sent."""
        for party in fact.parties:
            number = self.numbers.get(party.appeal_id)
            if number is None or party.answer is None or party.person_id is None:
                continue
            chance = Random(f"{self._seed} answer {party.answer} to {number}")  # noqa: S311  # no secret
            if chance.random() < 0.5:
                at = self._city.now + ONE_DAY * min(chance.lognormvariate(-0.5, 1), 12)
                self._agenda.plan(at, partial(self._rate, party.appeal_id, party.answer, chance))

    async def _rate(self, appeal_id: UUID, answer: int, chance: Random) -> None:
        solved = chance.random() < 0.88
        said = Said(solved, chance.choice((3, 4, 5, 5)) if solved else chance.choice((1, 2)))
        ring = self._city.station.keys.transport
        ticket = make_ticket(ring, PURPOSE, subject_of(appeal_id, answer))
        work = partial(rating.rate_answer, ticket=ticket, said=said, station=self._city.station)
        try:
            await self._city.ask_anonymously("intake", work)
        except ServiceError as refusal:
            self.refused[refusal.code] += 1
        else:
            self.said["solved" if solved else "not solved"] += 1


def _who(chance: Random, number: int) -> Who:
    """A fifth give no name; of the others a fifth want no message, and somebody has to call them."""
    if chance.random() < 0.2:
        return Who(WhoKind.ANONYMOUS)
    name = chance.choice(matters.SURNAMES) + chance.choice(matters.GIVEN) + chance.choice(matters.GIVEN)
    means = Means.NONE if chance.random() < 0.2 else Means.SANDBOX
    return Who(WhoKind.OUTSIDER, name=name, means=means, address=f"resident {number}", language=Language.CHINESE)


def _as_filed_on_the_web(given: Submission) -> Submission:
    """Without what staff alone say."""
    return replace(given, channel=Channel.WEB, done_on_the_spot=False, answer=None, urgent=False, sealed=False)
