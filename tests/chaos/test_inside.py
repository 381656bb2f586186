"""What is laid inside the processes: that it is there, fires once, and does what it says."""

import importlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from kit.clock import SystemClock

from tests.chaos.fault import INSIDE, ChaosCity
from tests.chaos.faults.arms import arm, told, was_taken
from tests.chaos.inside import bugs, deliveries, skew
from tests.chaos.inside.arming import Arming
from tests.chaos.inside.points import EVERY, POINTS
from tests.chaos.inside.wraps import wraps_for
from tests.system.city import ROOT

WRAPPED = sorted(
    {(module, function) for service in EVERY for module, them in wraps_for(service).items() for function, _ in them}
    | {(module, function) for module, function, _ in bugs.BUGS.values()}
)


@pytest.fixture
def city(tmp_path: Path) -> ChaosCity:
    return ChaosCity(home=tmp_path / "home", port=0, armed=tmp_path / "armed")


@pytest.mark.parametrize("module, function", WRAPPED)
def test_what_is_harmed_is_there(module: str, function: str) -> None:
    assert callable(reduce(getattr, function.split("."), importlib.import_module(module)))


def run_inside(armed: Path, code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """As a process of routing is started, with all that is laid in it."""
    folder = armed.parent / "code"
    folder.mkdir(exist_ok=True)
    (folder / "routing.py").write_text(textwrap.dedent(code))
    given = {"BAIYANG_CHAOS": str(armed), "ROUTING_DATABASE_URL": "none", **environment}
    paths = os.pathsep.join([str(INSIDE), str(folder)])
    return subprocess.run(
        [sys.executable, "-m", "routing"],
        cwd=folder,
        env={**os.environ, **given, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


SWEEP = """
    import kit.clock
    from kit.kafka import taking
    taking._Batch.take = lambda self: taking.Taken()
    taking.Taken.applied = property(lambda self: {("topic", "key")})
    taking.take(None, "routing", [])
    print("lives", kit.clock.SystemClock().now().isoformat())
"""


def test_a_process_dies_where_it_is_armed_and_only_once(city: ChaosCity) -> None:
    file = arm(city, "routing", "handler-commit")
    died = run_inside(city.armed, SWEEP)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert was_taken(file, within=0)
    lives = run_inside(city.armed, SWEEP)
    assert lives.stdout.startswith("lives"), lives.stderr


def test_nothing_is_laid_where_nobody_asks_for_chaos(city: ChaosCity) -> None:
    arm(city, "routing", "handler-commit")
    assert run_inside(city.armed, SWEEP, BAIYANG_CHAOS="").stdout.startswith("lives")


def test_what_is_not_reached_in_time_is_armed_no_more(city: ChaosCity) -> None:
    file = arm(city, "routing", "handler-commit")
    assert not was_taken(file, within=0)
    assert not file.exists()


def test_points_have_names_of_their_own() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS)


@dataclass(frozen=True)
class Wire:
    """A record as a consumer is handed it."""

    key: bytes
    offset: int
    topic: str = "routing.case.v1"
    partition: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def records(*keys: str) -> list[Wire]:
    return [Wire(key.encode(), offset) for offset, key in enumerate(keys)]


def test_shuffling_keeps_the_order_of_each_key() -> None:
    before = records(*"abcabcabcaab")
    shuffled = deliveries.shuffled(before, Random(1))
    assert shuffled != before
    for key in (b"a", b"b", b"c"):
        assert [r for r in shuffled if r.key == key] == [r for r in before if r.key == key]


class Consumer:
    """As much of a Kafka consumer as a rewind touches."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    async def commit(self, positions: dict[TopicPartition, int]) -> None:
        self.said.append(("commit", dict(positions)))

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 3)

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("routing.case.v1", 0)}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.said.append(("seek", partition.partition, offset))


async def test_a_batch_comes_again_behind_an_older_one_and_says_so(city: ChaosCity) -> None:
    taken: list[list[int]] = []

    async def take_records(self: object, topic: str, consumer: object, raw: Sequence[Wire]) -> None:
        taken.append([record.offset for record in raw])

    noted: list[dict[str, object]] = []
    city.note = lambda what, **facts: noted.append({"what": what, **facts})
    consumer = Consumer()
    take = deliveries._handed_out(take_records, Arming("notify", city.armed))
    await take(None, "t", consumer, records("a", "b"))
    with told(city):
        arm(city, "notify", "redeliver")
        await take(None, "t", consumer, [Wire(b"c", 9)])
        arm(city, "notify", "rewind")
        await take(None, "t", consumer, [Wire(b"c", 10), Wire(b"c", 11)])
    assert taken == [[0, 1], [9, 0, 1, 9], [10, 11]]
    assert consumer.said == [("seek", 0, 3)]
    assert [(note["what"], note["events"]) for note in noted] == [("doubled", 4), ("doubled", 2)]


async def test_a_window_is_sent_twice(city: ChaosCity) -> None:
    sent: list[object] = []

    async def send(self: object, producer: object, events: Sequence[object], ids: object) -> None:
        sent.append(events)

    arm(city, "intake", "double")
    sending = deliveries._sent_twice(send, Arming("intake", city.armed))
    await sending(None, None, (), {})
    await sending(None, None, (), {})
    assert len(sent) == 3


def test_a_clock_is_wrong_while_the_file_says_so_and_ahead_as_the_citys_is_driven(city: ChaosCity) -> None:
    now = skew._skewed(lambda *_: datetime(2026, 3, 2, tzinfo=UTC), Arming("routing", city.armed))
    arm(city, "routing", "skew").write_text("-90")
    assert now(SystemClock()) == datetime(2026, 3, 2, tzinfo=UTC) - timedelta(seconds=90)
    city.drive_clock(timedelta(days=2))
    assert now(SystemClock()) == datetime(2026, 3, 4, tzinfo=UTC) - timedelta(seconds=90)
    city.drive_clock(-timedelta(days=2))
    (city.armed / "routing.skew").unlink()
    assert now(SystemClock()) == datetime(2026, 3, 2, tzinfo=UTC)


async def test_the_first_bug_acks_what_has_not_been_taken(city: ChaosCity) -> None:
    consumer = Consumer()

    async def take_records(self: object, topic: str, consumer: Consumer, raw: Sequence[Wire]) -> None:
        consumer.said.append("taken")

    _, _, wrap = bugs.BUGS["ack_before_commit"]
    await wrap(take_records, Arming("notify", city.armed))(None, "t", consumer, records("a", "b"))
    assert consumer.said == [("commit", {TopicPartition("routing.case.v1", 0): 2}), "taken"]


def test_the_third_bug_takes_what_it_knows_for_new(city: ChaosCity) -> None:
    _, _, wrap = bugs.BUGS["skip_inbox"]
    claim = wrap(lambda *_: set(), Arming("notify", city.armed))
    known = uuid4()
    assert claim(None, "notify", [known]) == {known}


def test_a_service_with_harm_laid_in_it_is_imported_whole(city: ChaosCity) -> None:
    """The real thing: every wrap of routing is laid, or the import ends with the function that is not there."""
    done = subprocess.run(
        [sys.executable, "-m", "routing"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(INSIDE),
            "BAIYANG_CHAOS": str(city.armed),
            "BAIYANG_CHAOS_BUG": "delete_before_acks",
            "ROUTING_DATABASE_URL": "none",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr.startswith("usage: python -m routing"), done.stderr
