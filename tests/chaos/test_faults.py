"""Each fault on something small: that it does what it says, and heals it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from uuid import UUID

import psutil
import pytest
from contracts.topics import EVENTS, Topic
from kit.kafka import consumes
from kit.kafka.record import Book, Record
from local.processes import Identity

from tests.chaos.fault import MISSED, ChaosCity
from tests.chaos.faults import FAULTS, LONG_FAULTS, small_disk
from tests.chaos.faults import poison as poisons
from tests.chaos.faults.clocks import WrongClock
from tests.chaos.faults.disk import FullDisk
from tests.chaos.faults.failpoints import strike_at
from tests.chaos.faults.kills import Kill, KillBackend
from tests.chaos.faults.outages import kept_away
from tests.chaos.faults.stops import StandStill
from tests.chaos.inside.arming import file_of
from tests.chaos.inside.points import POINTS
from tests.system.city import wait_until

CHANCE = Random(7)


@pytest.fixture
def city(tmp_path: Path) -> ChaosCity:
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True)
    (home / "log").mkdir()
    (home / "log" / "postgres.log").touch()
    return ChaosCity(home=home, port=0, armed=tmp_path / "armed")


@contextmanager
def stand_in(city: ChaosCity, process: str, code: str = "import time; time.sleep(60)") -> Iterator[Identity]:
    """A process that the city takes for one of its own."""
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    identity = Identity.of(child.pid)
    assert identity
    (city.home / "run" / f"{process}.pid").write_text(f"{identity.pid} {identity.started}\n")
    reaper = threading.Thread(target=child.wait)
    reaper.start()
    try:
        yield identity
    finally:
        identity.send(signal.SIGKILL, group=True)
        reaper.join()


def test_every_fault_has_a_name_of_its_own() -> None:
    for faults in (FAULTS, LONG_FAULTS):
        assert len({fault.name for fault in faults}) == len(faults)


def test_a_killed_process_is_dead_and_nothing_is_struck_twice(city: ChaosCity) -> None:
    with stand_in(city, "routing") as identity:
        assert Kill("routing").strike(city, CHANCE) == "routing: killed"
        wait_until(lambda: not identity.is_running(), seconds=10, what="it dies")
        assert Kill("routing").strike(city, CHANCE).startswith(MISSED)


def test_a_backend_that_has_just_ended_is_none_to_kill(city: ChaosCity) -> None:
    parent = "import subprocess, time; child = subprocess.Popen(['true', 'and ended']); time.sleep(60)"
    with stand_in(city, "postgres", parent) as identity:
        process = psutil.Process(identity.pid)
        wait_until(lambda: [c.status() for c in process.children()] == ["zombie"], seconds=10, what="its child ends")
        assert KillBackend().strike(city, CHANCE) == f"{MISSED}postgres has no backend"


def test_what_stands_still_goes_on_afterwards_with_its_children(city: ChaosCity) -> None:
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with stand_in(city, "postgres", parent) as identity:
        process = psutil.Process(identity.pid)
        wait_until(lambda: len(process.children()) == 1, seconds=10, what="it has a child")
        both = [process, *process.children()]
        strike = threading.Thread(target=lambda: StandStill("postgres", 1, 1).strike(city, CHANCE))
        strike.start()
        try:
            wait_until(lambda: all(p.status() == "stopped" for p in both), seconds=10, what="both stand still")
        finally:
            strike.join()
        wait_until(lambda: all(p.status() != "stopped" for p in both), seconds=10, what="both go on")


def test_what_is_kept_away_is_held_back_and_its_late_start_ended(city: ChaosCity) -> None:
    hold = city.home / "hold" / "kafka"
    with stand_in(city, "kafka") as first:
        starting = threading.Timer(0.4, lambda: started.append(stand_in(city, "kafka").__enter__()))
        started: list[Identity] = []
        starting.start()
        with kept_away(city, "kafka", signal.SIGKILL):
            starting.join()
            assert hold.exists()
            assert not first.is_running()
            assert city.identity_of("kafka") is None
        assert len(started) == 1
        assert not hold.exists()


def test_a_failpoint_that_nobody_passes_is_missed_and_disarmed(
    city: ChaosCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.chaos.faults.failpoints.PATIENCE", 0.1)
    with stand_in(city, "routing"):
        assert strike_at(city, POINTS[0], "routing").startswith(MISSED)
    assert list(city.armed.iterdir()) == []


def test_a_failpoint_is_struck_when_the_process_took_it_and_died(city: ChaosCity) -> None:
    file = file_of(city.armed, "routing", POINTS[0].name)
    code = f"import os, time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.01)\nos.unlink({str(file)!r})"
    with stand_in(city, "routing", code):
        assert strike_at(city, POINTS[0], "routing").startswith("routing: killed between commit and publish")


def test_a_wrong_clock_is_right_again(city: ChaosCity, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    file = file_of(city.armed, "routing", "skew")
    monkeypatch.setattr("tests.chaos.faults.clocks.time.sleep", lambda _: seen.append(float(file.read_text())))
    WrongClock("routing").strike(city, CHANCE)
    assert len(seen) == 1
    assert seen[0] != 0
    assert not file.exists()


def test_a_full_disk_refuses_writes_and_takes_them_again(city: ChaosCity) -> None:
    """Where this machine permits no mount, that is said and written down, and nothing is claimed."""
    noted: list[dict[str, object]] = []
    city.note = lambda what, **facts: noted.append({"what": what, **facts})
    data = city.home / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("18")
    with small_disk(city):
        assert (data / "PG_VERSION").read_text() == "18"
        if not data.is_mount():
            assert [note["what"] for note in noted] == ["not_run"]
            assert FullDisk().strike(city, CHANCE).startswith(MISSED)
            return
        with writing(data / "base", city.home / "log" / "postgres.log"):
            assert "no space left" in FullDisk().strike(city, ShortRandom(7))
        (data / "base").write_bytes(b"x" * 1_000_000)
    assert not data.is_mount()


class ShortRandom(Random):
    """Seconds are shorter where nobody learns from waiting."""

    def uniform(self, a: float, b: float) -> float:
        del a, b
        return 0.6


@contextmanager
def writing(file: Path, log: Path) -> Iterator[None]:
    """As a server does: what it cannot write it says in its log, and tries on."""
    ended = threading.Event()

    def write() -> None:
        while not ended.wait(0.02):
            try:
                with file.open("ab") as out:
                    out.write(b"x" * 100_000)
            except OSError as error:
                with log.open("a") as said:
                    said.write(f"{os.strerror(error.errno or 0)}\n")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


@pytest.mark.parametrize("topic", poisons._TOPICS, ids=lambda topic: topic.name)
def test_each_poison_dies_under_the_id_that_is_foretold(topic: Topic) -> None:
    taken = consumes(EVENTS[topic.events[0].TYPE], snapshot=topic.compacted)(lambda *_: None)
    book = Book([taken])
    for kind in poisons.KINDS:
        made = kind(topic, CHANCE)
        read = book.read(Record(topic.name, 2, 40, made.key, made.value, tuple(made.headers.items())))
        assert (read.fault is not None) == made.dies, kind.__name__
        sent = type("Sent", (), {"topic": topic.name, "partition": 2, "offset": 40})
        assert not made.dies or poisons._letter_of(made, sent) == read.identity, kind.__name__
        assert isinstance(read.identity, UUID)
