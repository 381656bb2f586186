"""Kafka and PostgreSQL away for a while, back with their data, or without."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import psycopg
from local.home import SERVICES
from local.processes import Identity

from tests.chaos.fault import MISSED, ChaosCity, Fault
from tests.chaos.faults.arms import arm
from tests.chaos.faults.database import as_superuser
from tests.chaos.faults.failpoints import OF_A_WIPE
from tests.chaos.inside.points import POINTS

#: As long as a start that had begun before it was forbidden may take to show.
_SETTLED = 1.0


@contextmanager
def kept_away(city: ChaosCity, part: str, by: signal.Signals) -> Iterator[None]:
    """Stopped, and not started again by the supervisor before the block ends."""
    hold = city.home / "hold" / part
    hold.parent.mkdir(exist_ok=True)
    hold.touch()
    try:
        _stop(city, part, by)
        yield
    finally:
        hold.unlink()


def _stop(city: ChaosCity, part: str, by: signal.Signals) -> None:
    """Also what was just being started when the hold was laid; else it would come up in the middle of it."""
    asked: Identity | None = None
    quiet_since = time.monotonic()
    until = quiet_since + 60
    while time.monotonic() < quiet_since + _SETTLED:
        running = city.identity_of(part) or city.identity_of(f"{part}-format")
        if running is not None:
            quiet_since = time.monotonic()
            if running != asked:
                running.send(by)
                asked = running
        if time.monotonic() > until:
            raise TimeoutError(f"{part} does not stop by {by.name}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Away:
    """Not there for some seconds; ``by``: how it is asked to end."""

    part: str
    least: float
    most: float
    by: signal.Signals = signal.SIGTERM
    weight: int = 1
    is_kill: bool = False

    @property
    def name(self) -> str:
        return f"{self.part} away" if self.least else f"restart {self.part} by {self.by.name}"

    def strike(self, city: ChaosCity, random: Random) -> str:
        running = city.identity_of(self.part)
        if running is None:
            return f"{MISSED}{self.part} is not running"
        seconds = random.uniform(self.least, self.most)
        with kept_away(city, self.part, self.by):
            time.sleep(seconds)
        city.wait_for_another(self.part, running, seconds=90)
        return f"{self.part}: ended by {self.by.name}, away for {seconds:.0f} s"


@dataclass(frozen=True)
class WipeKafka:
    """Its disk is lost: another cluster with the same address, and topics laid anew; half the time somebody dies of it.

    What relays and consumers do about it has two places of its own to die at.
    """

    name: str = "wipe Kafka"
    weight: int = 1
    is_kill: bool = False

    def strike(self, city: ChaosCity, random: Random) -> str:
        running = city.identity_of("kafka")
        if running is None:
            return f"{MISSED}kafka is not running"
        city.note("kafka_wiped")
        with kept_away(city, "kafka", signal.SIGKILL):
            shutil.rmtree(city.home / "kafka")
        told = "kafka: its disk is wiped"
        if random.random() < 0.5:
            point = random.choice([point for point in POINTS if point.name in OF_A_WIPE])
            service = random.choice([service for service in point.services if service != "grid"])
            arm(city, service, point.name)
            told += f"; {service} dies between {point.between}, if it comes there"
        city.wait_for_another("kafka", running, seconds=90)
        return told


@dataclass(frozen=True)
class EndSessions:
    """Every session of a service ends at once, as by an operator or a failing network: pg_terminate_backend."""

    service: str
    weight: int = 1
    is_kill: bool = False

    @property
    def name(self) -> str:
        return f"end {self.service}'s sessions"

    def strike(self, city: ChaosCity, random: Random) -> str:
        del random
        statement = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = %s"
        try:
            with as_superuser(city) as connection:
                row = connection.execute(statement, [self.service]).fetchone()
        except psycopg.Error as error:
            return f"{MISSED}{type(error).__name__}"
        return f"postgres: ended {row[0] if row else 0} sessions of {self.service}"


def outages(*, kafka_away: tuple[float, float]) -> tuple[Fault, ...]:
    """In long runs Kafka is away for minutes."""
    return (
        Away("kafka", *kafka_away),
        Away("kafka", 0, 0, signal.SIGTERM),
        WipeKafka(),
        Away("postgres", 0, 4, signal.SIGINT),
        Away("postgres", 0, 4, signal.SIGQUIT),
        *(EndSessions(service) for service in SERVICES if service != "grid"),
    )
