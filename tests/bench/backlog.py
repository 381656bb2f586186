"""What the city still has to do: events that are not sent, records that are not taken, notices that are due."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

import httpx
import psycopg

from tests.system.city import SERVICES, City

_PENDING = "select count(*) from event_pending"
_DUE = "select count(*) from message where state in ('queued', 'sending') and due_at <= now()"
_LAG = re.compile(r"^baiyang_consumer_lag\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)

#: Services look at their own lag every five seconds; asking more often would tell nothing new.
_LAG_EVERY = 5.0


@dataclass(frozen=True)
class Backlog:
    """``at`` is Unix time."""

    at: float
    pending: int
    lag: int
    due: int

    @property
    def total(self) -> int:
        return self.pending + self.lag + self.due


class Lookout:
    """Asks the city's databases and services."""

    def __init__(self, city: City, stack: ExitStack) -> None:
        self._databases = {name: stack.enter_context(city.connect(name, f"{name}_auditor")) for name in SERVICES}
        self._databases["notify"].execute("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)")
        settings = city.settings()
        self._metrics = [f"http://127.0.0.1:{settings[f'{name.upper()}_PORT']}/metrics" for name in SERVICES]
        self._http = stack.enter_context(httpx.Client(timeout=10))
        self._lag, self._lag_at = 0, 0.0

    def look(self) -> Backlog:
        pending = sum(_count(database, _PENDING) for database in self._databases.values())
        due = _count(self._databases["notify"], _DUE)
        if time.monotonic() - self._lag_at > _LAG_EVERY:
            self._lag, self._lag_at = sum(self._lag_of(url) for url in self._metrics), time.monotonic()
        return Backlog(time.time(), pending, self._lag, due)

    def _lag_of(self, url: str) -> int:
        return sum(int(float(found)) for found in _LAG.findall(self._http.get(url).text))


def _count(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


@dataclass
class Watch:
    """The backlog second by second."""

    seen: list[Backlog] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def between(self, since: float, until: float) -> list[Backlog]:
        return [each for each in self.seen if since <= each.at < until]

    def most(self) -> int:
        return max((each.total for each in self.seen), default=0)


@contextmanager
def watching(city: City, *, every: float = 1.0) -> Iterator[Watch]:
    watch, over = Watch(), threading.Event()

    def look_on() -> None:
        with ExitStack() as stack:
            lookout = Lookout(city, stack)
            while not over.is_set():
                try:
                    watch.seen.append(lookout.look())
                except (httpx.HTTPError, psycopg.Error) as error:
                    watch.failed.append(type(error).__name__)
                over.wait(every)

    thread = threading.Thread(target=look_on, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join(30)


def is_growing(totals: Sequence[int], *, allowed: float) -> bool:
    """The last quarter's median is above the second quarter's by more than is allowed for chance."""
    quarter = len(totals) // 4
    if quarter == 0:
        return False
    return median(totals[-quarter:]) > median(totals[quarter : 2 * quarter]) + allowed


def await_calm(city: City, *, seconds: float = 300, say: Callable[[str], None] | None = None) -> float:
    """Until nothing is left to do, seen several times over; how long that took."""
    begun = time.monotonic()
    calm_since: float | None = None
    with ExitStack() as stack:
        lookout = Lookout(city, stack)
        while True:
            backlog, now = lookout.look(), time.monotonic()
            calm_since = (calm_since or now) if backlog.total == 0 else None
            if calm_since is not None and now - calm_since > _LAG_EVERY + 1:
                return calm_since - begun
            if now - begun > seconds:
                raise TimeoutError(f"still {backlog.total} to do after {seconds:.0f} s")
            if say is not None and backlog.total > 1000:
                say(f"{backlog.total} still to do")
            time.sleep(0.25)
