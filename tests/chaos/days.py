"""Days pass while a city is struck: its clock is driven, and its officers change what it promises and when it works."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

import httpx
import psycopg

from tests.chaos import flow
from tests.chaos.draw import Body
from tests.chaos.fault import ChaosCity
from tests.chaos.people import ACTIVATES, OPERATOR, People

_DAY = timedelta(days=1)

#: Half an hour a second: a key outlives whatever is away. And no longer than a log is kept that is read at the end.
_STEP, _PAUSE, _LONGEST = timedelta(minutes=30), 1.0, timedelta(days=12)
_TIMEOUT = 8

#: What was activated without an answer changes nothing when it is drafted again.
_DONE = ("no_rule_changes", "nothing_changes")


@dataclass(frozen=True)
class Change:
    """``after``: so long after the beginning, by the city's clock."""

    name: str
    after: timedelta
    path: str
    draft: Callable[[ChaosCity], Body]


def _of_the_district(city: ChaosCity) -> Body:
    del city
    municipal = {"kind": "municipal", "remit": "district", "promise": "3 working days", "needs": ["review"]}
    errands = {"kind": "administrative", "remit": "district", "promise": "2 working days"}
    return _document("HZ", municipal, errands)


def _of_a_community(city: ChaosCity) -> Body:
    del city
    lamps = {
        "kind": "municipal",
        "remit": "district",
        "category": "municipal.street_lights",
        "promise": "1 working day",
    }
    return _document("HZ-BY", lamps, {"kind": "municipal", "remit": "community", "runs_from": "received"})


def _document(place: str, *rules: Body) -> Body:
    numbered = [{"line": line, **rule} for line, rule in enumerate(rules, start=1)]
    return {"place": place, "note": f"{place} promises more", "rules": numbered}


def _day_off(ahead: timedelta, city: ChaosCity) -> Body:
    """The first working day from then on: what falls due behind it moves."""
    with flow.auditor(city, "routing") as connection:
        marked = {row[0] for row in connection.execute("select date from calendar_day where not own")}
    day: date = city.now.date() + ahead
    while day in marked or day.isoweekday() > 5:
        day += _DAY
    rows = [{"line": 2, "date": day.isoformat(), "kind": "off", "note": "a day of the city's own"}]
    return {"year": day.year, "status": "official", "own": True, "rows": rows}


_RULES, _CALENDARS = "/routing/v1/rule-sets", "/routing/v1/calendars"
CHANGES = (
    Change("the district's rules", timedelta(hours=3), _RULES, _of_the_district),
    Change("a day off", timedelta(hours=12), _CALENDARS, partial(_day_off, 2 * _DAY)),
    Change("a community's rules", timedelta(hours=18), _RULES, _of_a_community),
    Change("another day off instead", timedelta(hours=30), _CALENDARS, partial(_day_off, 3 * _DAY)),
)


@dataclass
class Days:
    """A thread from ``start`` to ``stop``. ``left``: what has not been put into force."""

    city: ChaosCity
    people: People
    left: list[Change] = field(default_factory=lambda: [*CHANGES])

    def __post_init__(self) -> None:
        self._began = self.city.now
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._pass, name="days")

    def start(self) -> None:
        self._thread.start()

    def finish(self, *, patience: float) -> None:
        """A short run has been struck to its end before all has been changed."""
        until = time.monotonic() + patience
        while self.left and time.monotonic() < until:
            time.sleep(_PAUSE)

    def stop(self) -> None:
        self._closing.set()
        self._thread.join()

    def _pass(self) -> None:
        while not self._closing.wait(_PAUSE):
            self._live()

    def _live(self) -> None:
        """The next hour; and what is to be changed by then, again and again until it is."""
        if self.city.ahead < _LONGEST:
            self.city.drive_clock(_STEP)
        if self.left and self.city.now >= self._began + self.left[0].after and self._put_into_force(self.left[0]):
            del self.left[0]

    def _put_into_force(self, change: Change) -> bool:
        """Drafted by one, activated by another; where an answer is lost, from the beginning again."""
        try:
            drafted = self._post(OPERATOR, change.path, change.draft(self.city))
            if drafted.get("code") in _DONE:
                return True
            version = drafted.get("version") or drafted.get("calendar_version")
            done = self._post(ACTIVATES, f"{change.path}/{version}/activations") if version else {}
        except (httpx.HTTPError, psycopg.OperationalError, ValueError):
            return False
        return done.get("effective_from") is not None

    def _post(self, who: str, path: str, body: Body | None = None) -> dict[str, Any]:
        """What it says, good or bad."""
        headers = {"Authorization": f"Bearer {self.people.tokens[who]}"}
        response = httpx.post(f"{self.city.address}{path}", json=body, headers=headers, timeout=_TIMEOUT)
        said: dict[str, Any] = response.json()
        self.city.note("changes", path=path, status=response.status_code, code=said.get("code"))
        return said
