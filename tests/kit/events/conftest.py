"""Event tables without a service's own, and pipelines from a publisher to a handler: one in memory, one over Kafka."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from contracts.envelope import Event, Tombstone
from contracts.topics import TOPICS
from kafka.structs import TopicPartition
from kit import topics
from kit.db import Database, UnitOfWork
from kit.kafka import Consumers, Handler
from kit.kafka.record import Record
from kit.kafka.security import client_settings
from kit.migrations import create_event_tables
from kit.relay import Relay
from kit.testing.bus import FakeBus
from kit.testing.servers import NOW
from kit.testing.waiting import PATIENCE, running, until
from kit.topics import Access, Cluster
from local import ports
from local.kafka import ADMIN, Kafka
from local.postgres import SUPERUSER, Postgres
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

PASSWORD = "for-tests"
EFFECT = "create table effect (n bigint generated always as identity, key text, version bigint, what text)"


@dataclass(frozen=True)
class Node:
    """A Kafka node with the registry's users."""

    server: Kafka

    @property
    def admin(self) -> Access:
        return Access(self.server.bootstrap_servers, ADMIN, SecretStr(self.server.password))

    def access(self, user: str, password: str = PASSWORD) -> Access:
        return Access(self.server.bootstrap_servers, user, SecretStr(password))

    def lay(self) -> list[str]:
        return topics.lay(self.admin, dict.fromkeys(["grid", "intake", "routing", "notify", "bureau-water"], PASSWORD))

    async def put(self, record: Record) -> None:
        """Write a record as no relay would."""
        async with AIOKafkaProducer(**client_settings(self.admin)) as producer:
            await producer.send_and_wait(
                record.topic, record.value, record.key, headers=list(record.headers), partition=record.partition
            )

    def delete(self, *names: str) -> None:
        """Delete topics, and wait until the broker has none of them any more."""
        with Cluster(self.admin) as cluster:
            if there := sorted(set(names) & set(cluster.topics())):
                cluster._admin.delete_topics(there)
            end = time.monotonic() + PATIENCE
            while set(names) & set(cluster.topics()):
                assert time.monotonic() < end, f"{names} are still there"
                time.sleep(0.05)

    def lay_with(self, name: str, *, partitions: int) -> None:
        """The topic anew, with another number of partitions than the registry says."""
        self.delete(name)
        with Cluster(self.admin) as cluster:
            cluster.create_topics({name: {"num_partitions": partitions, "replication_factor": 1}})

    def ends(self, name: str, partitions: int | None = None) -> int:
        """How far the topic's partitions have come, all together."""
        numbers = range(partitions or TOPICS[name].partitions)
        with Cluster(self.admin) as cluster:
            return sum(cluster.ends([TopicPartition(name, p) for p in numbers]).values())


@pytest.fixture(scope="session")
def event_template_of(postgres_server: Postgres) -> Callable[[str], str]:
    made: set[str] = set()

    def event_template_of(service: str) -> str:
        name = f"{service}_events_template"
        if name not in made:
            postgres_server.lay_database(service, name=name)
            url = postgres_server.url(name, f"{service}_owner", driver="postgresql+psycopg")
            engine = create_engine(url, poolclass=NullPool)
            with engine.begin() as connection:
                create_event_tables(connection, service)
                connection.execute(text(EFFECT))
                connection.execute(text(f"grant select, insert, update, delete on effect to {service}_consumer"))
            made.add(name)
        return name

    return event_template_of


@pytest.fixture
def event_url_of(postgres_server: Postgres, event_template_of: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """``event_url_of("routing")``: a fresh database with the event tables and ``effect``; the URL has ``{role}``."""
    names: dict[str, str] = {}

    def event_url_of(service: str) -> str:
        if service not in names:
            names[service] = f"{service}_{uuid4().hex[:12]}"
            postgres_server.lay_database(service, name=names[service], template=event_template_of(service))
        return postgres_server.url(names[service])

    yield event_url_of
    for name in names.values():
        postgres_server.drop_database(name)


@pytest.fixture
async def event_database(event_url_of: Callable[[str], str]) -> AsyncIterator[Callable[[str, str], Database]]:
    opened: list[Database] = []

    def event_database(service: str, role: str) -> Database:
        opened.append(Database(event_url_of(service), role=f"{service}_{role}", pool_size=10))
        return opened[-1]

    yield event_database
    for database in opened:
        await database.close()


def _connect(url: str) -> Connection:
    url = url.format(role=SUPERUSER).replace("+asyncpg", "+psycopg")
    return create_engine(url, poolclass=NullPool).connect()


@pytest.fixture
def event_tables_of(event_url_of: Callable[[str], str]) -> Iterator[Callable[[str], Connection]]:
    """A superuser's connection to a service's event database, that commits each statement."""
    opened: list[Connection] = []

    def event_tables_of(service: str) -> Connection:
        opened.append(_connect(event_url_of(service)).execution_options(isolation_level="AUTOCOMMIT"))
        return opened[-1]

    yield event_tables_of
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def event_kafka(servers_home: Path) -> Iterator[Kafka]:
    port, controller_port = ports.free(2)
    server = Kafka(servers_home / "event-kafka", port=port, controller_port=controller_port, password=uuid4().hex)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def node(event_kafka: Kafka) -> Node:
    """A node whose topics and groups are fresh, laid from the registry."""
    node = Node(event_kafka)
    with Cluster(node.admin) as cluster:
        there = [name for name in cluster.topics() if not name.startswith("__")]
        if groups := cluster.groups():
            cluster._admin.delete_groups(groups)
    node.delete(*there)
    node.lay()
    return node


@pytest.fixture
def own_node(fresh_kafka: Callable[[], Kafka]) -> Node:
    """A node to kill and wipe."""
    node = Node(fresh_kafka())
    node.lay()
    return node


class Pipeline(Protocol):
    """From what intake and grid say to what routing does."""

    async def start(self, *handlers: Handler) -> None: ...
    async def publish(self, *events: Event | Tombstone, service: str = "intake") -> None: ...
    async def append(self, record: Record) -> None: ...
    async def settle(self) -> None: ...
    async def query(self, statement: str) -> list[Any]: ...
    async def change(self, work: Callable[[UnitOfWork], None]) -> None: ...
    async def effects(self) -> list[tuple[str, int, str]]: ...


_EFFECTS = "select key, version, what from effect order by n"


class FakePipeline:
    def __init__(self, connections: dict[str, Connection]) -> None:
        self._bus = FakeBus()
        self._connections = connections

    async def start(self, *handlers: Handler) -> None:
        for service in ("intake", "grid"):
            self._bus.attach(service, self._connections[service])
        self._bus.attach("routing", self._connections["routing"], handlers)

    async def publish(self, *events: Event | Tombstone, service: str = "intake") -> None:
        uow = UnitOfWork(self._connections[service], now=NOW)
        for event in events:
            uow.publish(event)
        uow.flush()

    async def append(self, record: Record) -> None:
        self._bus.append(record)

    async def settle(self) -> None:
        await self._bus.deliver()
        await self._bus.settle()

    async def query(self, statement: str) -> list[Any]:
        return list(self._connections["routing"].execute(text(statement)).all())

    async def change(self, work: Callable[[UnitOfWork], None]) -> None:
        work(UnitOfWork(self._connections["routing"], now=NOW))

    async def effects(self) -> list[tuple[str, int, str]]:
        return [tuple(row) for row in await self.query(_EFFECTS)]


class RealPipeline:
    """Relays of intake and grid, a consumer of routing, and a real broker between them."""

    def __init__(self, node: Node, database: Callable[[str, str], Database], stack: AsyncExitStack) -> None:
        self.node = node
        self._database = database
        self._stack = stack
        self._read = database("routing", "consumer")
        self._apis = {service: database(service, "api") for service in ("intake", "grid")}
        self.consumers: Consumers | None = None

    async def start(self, *handlers: Handler) -> None:
        for service in ("intake", "grid"):
            await self._stack.enter_async_context(running(self.make_relay(service)))
        self.consumers = self.make_consumers(*handlers)
        await self._stack.enter_async_context(running(self.consumers))

    def make_relay(self, service: str, **options: Any) -> Relay:
        database = self._database(service, "relay")
        return Relay(service=service, database=database, settings=self.node.access(service), **options)

    def make_consumers(self, *handlers: Handler, **options: Any) -> Consumers:
        return Consumers(
            service="routing",
            database=self._database("routing", "consumer"),
            settings=self.node.access("routing"),
            handlers=handlers,
            **{"session_timeout": timedelta(seconds=3), "backoff": lambda _: 0.05, **options},
        )

    async def publish(self, *events: Event | Tombstone, service: str = "intake") -> None:
        def say(uow: UnitOfWork) -> None:
            for event in events:
                uow.publish(event)

        await self._apis[service].run_everywhere(say)

    async def append(self, record: Record) -> None:
        await self.node.put(record)

    async def settle(self) -> None:
        await until(self._is_sent, "everything is sent")
        await until(self._is_taken, "everything is taken")
        assert self.consumers
        await self.consumers._taker.replay_requested()
        await self.consumers._taker.sweep()

    async def _is_sent(self) -> bool:
        count = text("select count(*) from event_pending")
        return not any([await api.run(lambda uow: uow.execute(count).scalar_one()) for api in self._apis.values()])

    async def _is_taken(self) -> bool:
        assert self.consumers
        found = {(group, t): behind for group, t, behind in await asyncio.to_thread(topics.lag, self.node.admin)}
        return not any(found[f"routing-{t}", t] for t in self.consumers.book.topics)

    async def query(self, statement: str) -> list[Any]:
        return await self._read.run_everywhere(lambda uow: list(uow.execute(text(statement)).all()))

    async def change(self, work: Callable[[UnitOfWork], None]) -> None:
        await self._read.run_everywhere(work)

    async def effects(self) -> list[tuple[str, int, str]]:
        return [tuple(row) for row in await self.query(_EFFECTS)]


@pytest.fixture
async def real(node: Node, event_database: Callable[[str, str], Database]) -> AsyncIterator[RealPipeline]:
    async with AsyncExitStack() as stack:
        yield RealPipeline(node, event_database, stack)


@pytest.fixture
async def real_alone(own_node: Node, event_database: Callable[[str, str], Database]) -> AsyncIterator[RealPipeline]:
    """Over a node that the test may kill and wipe."""
    async with AsyncExitStack() as stack:
        yield RealPipeline(own_node, event_database, stack)


@pytest.fixture
def fake(event_url_of: Callable[[str], str]) -> Iterator[FakePipeline]:
    connections = {service: _connect(event_url_of(service)) for service in ("intake", "grid", "routing")}
    yield FakePipeline(connections)
    for connection in connections.values():
        connection.close()


@pytest.fixture(params=["fake", "real"])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    found: Pipeline = request.getfixturevalue(request.param)
    return found
