"""Open cases by the hundred thousand, whose promises all fall due at one instant."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

from contracts.intake import AppealReceivedV1, Channel, Language, Placing
from kit.ids import new_id
from kit.numbers import new_number
from routing.domain.promise import Term, Unit
from routing.service.placing import Ground

from tests.bench.state.course import opened, put_case
from tests.bench.state.ground import CityGround, Spot, survey
from tests.bench.state.parallel import Work, dealt, each_chunk, open_for_copying
from tests.bench.state.sheets import Sheets
from tests.system.city import City

_HOUR = timedelta(hours=1)

#: Whose post every community has.
_CATEGORIES = ("municipal.street_lights", "municipal.sanitation", "public_service.repair", "legal.aid")


def add_open(city: City, cases: int, *, due_at: datetime) -> None:
    """In routing alone: a breach tells the holder and the superior, and nobody else needs to know the appeal.

    The promise is one of clock hours, from within the last hour to exactly ``due_at``.
    """
    now = datetime.now(UTC)
    hours = (due_at - now) // _HOUR + 1
    burst = Burst(city, survey(city, now=now), due_at - hours * _HOUR, Term(Unit.CLOCK_HOURS, hours))
    for _ in each_chunk(cases, burst.prepare):
        pass
    with city.connect("routing", "postgres") as connection:
        connection.execute("analyze cases, deadline, case_appeal")


@dataclass(frozen=True)
class Burst:
    city: City
    ground: CityGround
    received: datetime
    term: Term
    seed: str = field(default_factory=lambda: uuid4().hex)

    def prepare(self) -> Work:
        sheets, connection = Sheets(), open_for_copying(self.city, "routing")
        grounds = {
            spot.path: self._hurried(self.ground.grounds[spot.path]) for spots in self.ground.homes for spot in spots
        }

        def load_chunk(first: int, end: int) -> dict[str, int]:
            chance = dealt(f"{self.seed} {first}")
            for _ in range(first, end):
                spot = chance.choice(chance.choice(self.ground.homes))
                self._open(sheets, grounds[spot.path], spot, chance)
            return sheets.copy_into(connection)

        return load_chunk

    def _hurried(self, ground: Ground) -> Ground:
        """The same, where everything is promised for the one instant; nobody is warned of it as it comes up."""
        rules = [replace(rule, term=self.term, climb=None) for rule in ground.rules.rules]
        return replace(ground, rules=replace(ground.rules, rules=rules, shares=(), climb=None))

    def _open(self, sheets: Sheets, ground: Ground, spot: Spot, chance: Random) -> None:
        case, _ = opened(self._received(spot, chance), ground, spot.path, None, chance)
        put_case(sheets, case, now=self.received)

    def _received(self, spot: Spot, chance: Random) -> AppealReceivedV1:
        return AppealReceivedV1(
            version=1,
            appeal_id=new_id(self.received),
            number=new_number("A"),
            channel=Channel.PATROL,
            received_at=self.received,
            language=Language.CHINESE,
            gist="路灯坏了，晚上看不清路",
            category=chance.choice(_CATEGORIES),
            placing=Placing.GIVEN,
            place_id=spot.place_id,
            placed_path=spot.path,
            taken_path=spot.station,
        )
