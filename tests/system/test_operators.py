"""What operators do with a running city, by the command line alone."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from kit.kafka.security import client_settings
from kit.topics import Access
from pydantic import SecretStr

from tests.system.city import City, wait_until


def put(city: City, topic: str, key: bytes, body: bytes, headers: dict[str, str]) -> None:
    settings = city.settings()
    access = Access(
        settings["KAFKA_BOOTSTRAP_SERVERS"],
        settings["KAFKA_ADMIN_USERNAME"],
        SecretStr(settings["KAFKA_ADMIN_PASSWORD"]),
    )

    async def send() -> None:
        async with AIOKafkaProducer(**client_settings(access)) as producer:
            packed = [(name, value.encode()) for name, value in headers.items()]
            await producer.send_and_wait(topic, body, key, headers=packed)

    asyncio.run(send())


def headers_of(event_id: UUID, type_: str) -> dict[str, str]:
    return {
        "ce_id": str(event_id),
        "ce_type": type_,
        "ce_subjectversion": "1",
        "ce_time": "2026-11-23T00:00:00Z",
    }


@pytest.fixture
def letter(city: City) -> Iterator[str]:
    """A dead letter of notify's: a step of a case whose body is no JSON."""
    letter = uuid4()
    put(city, "routing.case.v1", str(uuid4()).encode(), b"\xff{", headers_of(letter, "routing.case.closed.v1"))
    wait_until(
        lambda: all(f"{s} {letter}" in city.baiyang("dead-letters", "list", check=False).stdout for s in READERS),
        seconds=60,
        what="it is listed",
    )
    yield str(letter)
    for service in READERS:
        city.baiyang("dead-letters", "discard", service, str(letter), "--reason", "planted", check=False)


READERS = ("intake", "notify")


def test_a_dead_letter_is_listed_shown_replayed_and_given_up(city: City, letter: str) -> None:
    listed = city.baiyang("dead-letters", "list", check=False)
    assert listed.returncode == 1
    assert f"notify {letter} routing.case.closed.v1 " in listed.stdout
    assert "attempts        1\n" in city.baiyang("dead-letters", "show", "notify", letter).stdout
    city.baiyang("dead-letters", "replay", "notify", letter, "--reason", "perhaps")
    wait_until(
        lambda: "attempts        2\n" in city.baiyang("dead-letters", "show", "notify", letter).stdout,
        seconds=60,
        what="it is tried again",
    )
    for service in READERS:
        city.baiyang("dead-letters", "discard", service, letter, "--reason", "planted by a test")
    shown = city.baiyang("dead-letters", "show", "notify", letter).stdout
    assert "state           discarded\n" in shown
    assert "settled reason  planted by a test\n" in shown
    again = city.baiyang("dead-letters", "replay", "notify", letter, "--reason", "no", check=False)
    assert (again.returncode, "discarded already" in again.stderr) == (2, True)
    assert letter not in city.baiyang("dead-letters", "list", check=False).stdout


def test_a_copy_that_was_emptied_is_whole_again_by_one_command(city: City) -> None:
    def copied() -> int:
        return city.count("routing", "select count(*) from place_copy")

    before = copied()
    with city.connect("routing", "routing_owner") as connection:
        connection.execute("truncate place_copy")
    said = city.baiyang("topics", "republish", "grid.place.v1").stdout
    assert said == f"{before} states of grid.place.v1 are sent again.\n"
    wait_until(lambda: copied() == before, seconds=60, what="the copy is whole again")


def test_the_cluster_is_as_the_registry_says_and_every_group_is_told_of(city: City) -> None:
    assert city.baiyang("topics", "drift").stdout == "Everything is as the registry says.\n"
    lag = city.baiyang("lag").stdout
    assert "notify-routing.case.v1" in lag
    assert "routing-notify.message.v1" in lag


AWAY = [
    ("Kafka", {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, ["lag"]),
    ("PostgreSQL", {"GRID_DATABASE_URL": "postgresql+asyncpg://{role}@127.0.0.1:1/grid"}, ["outbox"]),
    ("The platform's address", {"BAIYANG_URL": "http://127.0.0.1:1"}, ["import-categories", __file__]),
]


@pytest.mark.parametrize("what,moved,command", AWAY)
def test_what_is_away_is_named_in_one_line(what: str, moved: dict[str, str], command: list[str], city: City) -> None:
    environment = {**city.environment, **moved}
    ran = subprocess.run(
        city.command(*command), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    [line] = ran.stderr.splitlines()
    assert line.startswith(f"{what} does not answer (")
    assert "`make up`" in line


def test_who_reads_only_the_first_lines_is_told_of_no_outage(city: City) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        city.command("outbox"), env=city.environment, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)
    assert b"does not answer" not in ran.stderr
