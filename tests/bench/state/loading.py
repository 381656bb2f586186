"""A city of many cases in minutes: stories played in parallel, copied in, and the tables left as after a long life."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench.state import tables
from tests.bench.state.ground import CityGround, survey
from tests.bench.state.lives import Player
from tests.bench.state.parallel import CHUNK, Work, dealt, each_chunk, open_for_copying
from tests.bench.state.sheets import Sheets
from tests.bench.state.stories import YEARS, draw
from tests.bench.state.telling import Teller
from tests.system.city import City

#: A state has a community for so many cases, so that a holder's lists are as long in a small city as in a large one.
CASES_A_COMMUNITY = 5_000

Say = Callable[[str], None]


def load(city: City, cases: int, *, seed: int, say: Say) -> dict[str, int]:
    """Fill a freshly made, running city; how many rows each table got."""
    begun = time.monotonic()
    grow(city, max(2, cases // CASES_A_COMMUNITY), say)
    now = datetime.now(UTC)
    loader = Loader(city, survey(city, now=now), cases, seed, now)
    rows: Counter[str] = Counter()
    tables.lay_months(city, since=now - YEARS)
    told = max(CHUNK, cases // 10 // CHUNK * CHUNK)
    for done, counts in enumerate(each_chunk(cases, loader.prepare), start=1):
        rows.update(counts)
        if done * CHUNK % told == 0:
            say(f"{done * CHUNK:,} cases, {rows.total():,} rows in {time.monotonic() - begun:.0f} s")
    tables.add_up(city, now=now, say=say)
    tables.sweep(city, say=say)
    say(f"{cases:,} cases with {rows.total():,} rows are in: {time.monotonic() - begun:.0f} s")
    return dict(rows)


def grow(city: City, communities: int, say: Say) -> None:
    """By the demonstration's own command: places, posts, holders, homes; the copies have come when it ends."""
    say(f"a city of {communities} communities")
    city.baiyang("demo", "--communities", str(communities), "--no-appeals")


@dataclass(frozen=True)
class Loader:
    city: City
    ground: CityGround
    cases: int
    seed: int
    now: datetime

    def prepare(self) -> Work:
        sheets = {service: Sheets() for service in tables.SERVICES}
        connections = {service: open_for_copying(self.city, service) for service in tables.SERVICES}
        player = Player(self.ground, self.now, sheets["intake"], sheets["routing"])
        teller = Teller(self.ground, self.now, sheets["notify"])

        def load_chunk(first: int, end: int) -> dict[str, int]:
            chance = dealt(f"{self.seed} {first}")
            for place in range(first, end):
                story = draw(self.ground, chance, now=self.now, share=place / self.cases)
                teller.tell_of(player.play(story, chance), chance)
            rows: dict[str, int] = {}
            for service, sheet in sheets.items():
                rows |= sheet.copy_into(connections[service])
            return rows

        return load_chunk
