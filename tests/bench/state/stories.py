"""Who asks for what, where, when, and how it ended: drawn from a seed. All invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from random import Random

from contracts.intake import Channel, Language, Means
from simulation.matters import ANSWERS, ENGLISH, GIVEN, LONG, MATTERS, SINCE, SURNAMES, UNSORTED, WISHES

from tests.bench.state.ground import CityGround, Spot

#: How far back the city's memory goes.
YEARS = timedelta(days=3 * 365)

#: What is still in time was received so lately that its promise stands for days to come.
FRESH = timedelta(hours=36)


class End(Enum):
    """Where the story has come to."""

    CLOSED = auto()
    LATE_CLOSED = auto()
    SPOT = auto()
    WITHDRAWN = auto()
    ANSWERED = auto()
    LATE = auto()
    STARTED = auto()
    ASSIGNED = auto()
    WAITING = auto()


#: Of a thousand; the first four are closed: 970.
SHARES = {
    End.CLOSED: 840,
    End.LATE_CLOSED: 60,
    End.SPOT: 50,
    End.WITHDRAWN: 20,
    End.ANSWERED: 12,
    End.LATE: 9,
    End.STARTED: 4,
    End.ASSIGNED: 4,
    End.WAITING: 1,
}
DONE = (End.CLOSED, End.LATE_CLOSED, End.SPOT, End.WITHDRAWN)
FRESH_ENDS = (End.STARTED, End.ASSIGNED)

#: How old it is, where that is not drawn over all the years; what is late has missed the longest promise there is.
_AGES = {End.ANSWERED: (timedelta(days=2), timedelta(days=33)), End.LATE: (timedelta(days=20), timedelta(days=50))}

_CHANNELS = (Channel.WEB, Channel.WEB, Channel.HOTLINE, Channel.HOTLINE, Channel.WINDOW, Channel.VISIT)


@dataclass(frozen=True)
class Story:
    end: End
    received: datetime
    spot: Spot
    channel: Channel
    category: str | None
    words: str
    address: str | None
    language: Language
    name: str | None
    reach: str | None
    means: Means
    answer: str
    handed_over: bool
    dispatched: bool
    withdrawn: datetime | None


def draw(ground: CityGround, chance: Random, *, now: datetime, share: float) -> Story:
    """``share``: how far into the city's memory it stands, from 0 to 1."""
    (end,) = chance.choices(_ENDS, cum_weights=_WEIGHTS)
    waits, english = end is End.WAITING, chance.random() < 0.03
    category, trouble = chance.choice(LONG if end in FRESH_ENDS else MATTERS)
    dispatched = waits or (end is End.CLOSED and chance.random() < 0.03)
    words = ENGLISH if english else trouble + chance.choice(SINCE) + chance.choice(WISHES)
    anonymous = chance.random() < 0.2
    name = None if anonymous else chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
    received = _received(end, chance, now, share)
    return Story(
        end=end,
        received=received,
        spot=_spot(ground, chance),
        channel=Channel.WINDOW if end is End.SPOT else chance.choice(_CHANNELS),
        category=None if dispatched else category,
        words=UNSORTED if dispatched else words,
        address=f"{chance.randint(1, 18)}号楼{chance.randint(1, 6)}单元{chance.randint(1, 18)}02室"
        if chance.random() < 0.4
        else None,
        language=Language.ENGLISH if english else Language.CHINESE,
        name=name,
        reach=None if anonymous else f"138{chance.randrange(10**8):08}",
        means=Means.NONE if anonymous or chance.random() < 0.25 else Means.SANDBOX,
        answer=chance.choice(ANSWERS),
        handed_over=end is End.CLOSED and category.startswith("administrative") and chance.random() < 0.3,
        dispatched=dispatched,
        withdrawn=received + min(FRESH, now - received) * chance.uniform(0.1, 0.9) if end is End.WITHDRAWN else None,
    )


_ENDS = list(SHARES)
_WEIGHTS = [sum(list(SHARES.values())[: place + 1]) for place in range(len(SHARES))]


def _received(end: End, chance: Random, now: datetime, share: float) -> datetime:
    if end in DONE:
        return now - FRESH - (YEARS - FRESH) * (1 - share)
    first, last = _AGES.get(end, (timedelta(minutes=10), FRESH))
    return now - first - (last - first) * chance.random()


def _spot(ground: CityGround, chance: Random) -> Spot:
    """Nearly all of it somewhere in a community; a little speaks of a whole district, which a bureau answers for."""
    return chance.choice(ground.wide if chance.random() < 0.03 else chance.choice(ground.homes))
