"""The database: one unit of work a door, under the scope of whoever asks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from contracts.envelope import Event, Tombstone
from pydantic_core import from_json
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    MetaData,
    TypeDecorator,
    event,
    false,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kit import metrics, outbox
from kit.auth import EVERYWHERE, NOWHERE, Person, Scope
from kit.clock import Clock, SystemClock
from kit.errors import Forbidden

T = TypeVar("T")

WAIT = metrics.histogram("baiyang_pool_wait_seconds")
USED = metrics.gauge("baiyang_pool_used")

#: The longest that a transaction may take. A server that has gone without a word is known by nothing else: neither side
#: would ever end it, and what it has locked would stay locked.
LONGEST = timedelta(seconds=60)
#: A command's, which works through a whole city at once.
LONGEST_OF_A_COMMAND = timedelta(hours=2)

#: The longest that a request waits for a connection: an hour's rush that comes in half a minute is answered late rather
#: than refused.
LONGEST_WAIT = timedelta(seconds=30)

#: A request may be under this many separate places at once: the policies compare that many fixed slots.
SCOPE_SLOTS = 4

#: A statement is planned once for all values, by one process and without a compiler: planning under the policies takes
#: longer than most of them do, and so would another process or a compiler.
PLANNING = {"plan_cache_mode": "force_generic_plan", "max_parallel_workers_per_gather": "0", "jit": "off"}

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Items(TypeDecorator[list[Any]]):
    """An array of what the driver itself gives: SQLAlchemy would copy each of each row once more."""

    impl = ARRAY
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> None:  # noqa: ARG002  # as it is called
        return None


def new_metadata() -> MetaData:
    return MetaData(naming_convention=NAMING)


class UnitOfWork:
    """One transaction: a connection under a scope, the instant it happens at, who asks, and the events it causes.

    Use cases take it first, never commit, and never see the broker. ``now`` is the same throughout.
    """

    def __init__(self, connection: Connection, *, now: datetime, person: Person | None = None) -> None:
        self.connection = connection
        self.now = now
        self._person = person
        self._events: list[outbox.Outgoing] = []

    @property
    def person(self) -> Person:
        """Who asks. Events and clocks have nobody: a use case that needs a person is not for them."""
        if self._person is None:
            raise Forbidden("nobody_asks", "This step needs a person.")
        return self._person

    @property
    def by(self) -> str | None:
        """The sign-in subject of who asks; None is the platform itself."""
        return self._person.subject if self._person else None

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        return self.connection.execute(statement, parameters)

    def plan_by_values(self) -> None:
        """What follows is planned for the very values that are asked for: a few places are read by another way than
        a whole city.
        """
        self.execute(_BY_VALUES)

    def publish(self, event: Event | Tombstone) -> None:
        self._events.append(outbox.outgoing(event, now=self.now))

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is done within, rows and events alike, stands whole or not at all, whichever way the rest goes."""
        said = len(self._events)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self._events[said:]
            raise

    def flush(self, beside: outbox.Beside | None = None) -> None:
        """Write the events. The door calls it, last, before the commit."""
        outbox.append(self.connection, self._events, now=self.now, beside=beside)
        self._events.clear()


_BY_VALUES = text("select set_config('plan_cache_mode', 'force_custom_plan', true)")

#: What sets the scope of a transaction, as select columns, so that a door can ask for something more in the round trip.
ENTER_COLUMNS = (
    ", ".join(
        f"set_config('app.lo{i}', :lo{i}, true), set_config('app.hi{i}', :hi{i}, true)"
        for i in range(1, SCOPE_SLOTS + 1)
    )
    + ", set_config('app.offices', :offices, true), set_config('app.posts', :posts, true)"
    + ", set_config('app.subject', :subject, true), set_config('app.opened', '', true)"
)
_ENTER = text(f"select {ENTER_COLUMNS}")


def enter(connection: Connection, scope: Scope, *, subject: str = "") -> None:
    """Set what this transaction may see (architecture.md, 5). Ranges are [lo, hi), compared bytewise."""
    connection.execute(_ENTER, enter_parameters(scope, subject=subject))


def enter_parameters(scope: Scope, *, subject: str = "") -> dict[str, str]:
    if len(scope.paths) > SCOPE_SLOTS:
        raise Forbidden(
            "too_many_posts",
            f"You hold posts in more than {SCOPE_SLOTS} separate places: name one in the header Baiyang-Post.",
        )
    slots = {f"{end}{i}": "" for i in range(1, SCOPE_SLOTS + 1) for end in ("lo", "hi")}
    for i, path in enumerate(scope.paths, start=1):
        slots |= {f"lo{i}": path, f"hi{i}": after(path)}
    offices, posts = (",".join(map(str, ids)) for ids in (scope.offices, scope.posts))
    return {**slots, "offices": offices, "posts": posts, "subject": subject}


def after(path: str) -> str:
    """The first text behind all that begins with the path, which ends in a slash; '0' follows '/' in ASCII."""
    return path[:-1] + "0"


def within(column: ColumnElement[str], *paths: str) -> ColumnElement[bool]:
    """At any of these places or below, as ranges that an index on the column serves; nothing where there are none."""
    return or_(false(), *((column >= path) & (column < after(path)) for path in paths))


class Database:
    """A service's database as one of its roles. Every door (HTTP, events, clocks, commands) works through it."""

    def __init__(
        self,
        url: str,
        *,
        role: str,
        clock: Clock | None = None,
        pool_size: int = 5,
        longest: timedelta = LONGEST,
        knows: str = "",
        planning: Mapping[str, str] = PLANNING,
    ) -> None:
        """``url`` holds ``{role}`` where the user stands, as ``postgresql+asyncpg://{role}@127.0.0.1:5432/intake``.
        ``knows``: what its connections say, behind the role, to whoever looks at who is connected. ``planning``: how
        its statements are planned, where that is not as everybody's.
        """
        self._longest = longest.total_seconds()
        self._turns = asyncio.Semaphore(pool_size)
        self.engine: AsyncEngine = create_async_engine(
            url.format(role=role),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=False,
            hide_parameters=True,
            json_deserializer=from_json,
            connect_args={"server_settings": _settings(f"{role} {knows}".strip(), longest, planning), "timeout": 5},
        )
        event.listen(self.engine.sync_engine, "checkout", _pass_over_lost)
        self.clock: Clock = clock or SystemClock()
        self._wait, self._used = WAIT.labels(role), USED.labels(role)

    async def transaction(self, work: Callable[[Connection], T], *, longest: timedelta | None = None) -> T:
        """Run ``work`` in one transaction under no scope yet, for a door that learns in it who asks; then commit."""
        seconds = longest.total_seconds() if longest else self._longest

        def in_transaction(connection: Connection) -> T:
            outbox.begun(connection)
            with _cut_after(connection, seconds), connection.begin():
                result = work(connection)
            outbox.committed(connection)
            return result

        asked = time.perf_counter()
        async with self._turn(), self.engine.connect() as connection:
            self._wait.observe(time.perf_counter() - asked)
            with self._used.track_inprogress():
                return await connection.run_sync(in_transaction)

    async def run(
        self,
        work: Callable[[UnitOfWork], T],
        *,
        scope: Scope = NOWHERE,
        person: Person | None = None,
        longest: timedelta | None = None,
    ) -> T:
        """Run ``work`` in one transaction and commit; what has been returned has been committed."""

        def under_scope(connection: Connection) -> T:
            enter(connection, scope, subject=person.subject if person else "")
            uow = UnitOfWork(connection, now=self.clock.now(), person=person)
            result = work(uow)
            uow.flush()
            return result

        return await self.transaction(under_scope, longest=longest)

    async def run_everywhere(self, work: Callable[[UnitOfWork], T]) -> T:
        """For events and clocks, which serve every place."""
        return await self.run(work, scope=EVERYWHERE)

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Whoever came first is served first. The pool lets those who come pass those who wait, and whoever is passed
        waits anew: in a rush some would wait for ever while most do not wait at all.
        """
        try:
            async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
                await self._turns.acquire()
        except TimeoutError as error:
            raise PoolTimeout from error
        try:
            yield
        finally:
            self._turns.release()


def _pass_over_lost(connection: Any, *_: Any) -> None:
    """The server ended it while nobody used it: whoever asks next gets a new one instead of its error. The driver has
    heard of it already, so this costs no round trip.
    """
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _settings(name: str, longest: timedelta, planning: Mapping[str, str]) -> dict[str, str]:
    """The bound on what is idle is the server's own: it lets go of what a client holds that is gone without a word."""
    bound = f"{longest.total_seconds():.0f}s"
    return {"application_name": name, "timezone": "UTC", "idle_in_transaction_session_timeout": bound, **planning}


@contextmanager
def _cut_after(connection: Connection, seconds: float) -> Iterator[None]:
    """What takes longer fails as a connection that was lost. A cancelled wait would not end: asyncpg asks the silent
    server to let go first.
    """
    driver: Any = connection.connection.driver_connection
    timer = asyncio.get_running_loop().call_later(seconds, driver.terminate)
    try:
        yield
    finally:
        timer.cancel()
