"""The main job on real input: real appeals through real Kafka and PostgreSQL, with and without ``kill -9``."""

import csv
import gzip
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import LiteralString

import psutil
import pytest

from tests.system.city import DATA, City, assert_reconciled, kill_in_the_act, wait_until

APPEALS = DATA / "appeals.jsonl.gz"

#: Enough to see that nothing is taken twice.
SOME = 300


def has_uncommitted_writes(city: City, service: str) -> bool:
    """A transaction of the service that has written and not committed: it holds a transaction id."""
    query: LiteralString = """
        select count(*) from pg_stat_activity
        where backend_xid is not null and datname = current_database() and usename <> 'postgres'
    """
    return city.count(service, query, user="postgres") > 0


def has_unsent_events(city: City, *services: str) -> bool:
    return any(city.count(service, "select count(*) from event_pending") for service in services)


def has_open_requests(city: City, importer: int) -> bool:
    """The importer holds connections to the gateway and waits for what it has asked over them."""
    connections = psutil.Process(importer).net_connections("tcp")
    return any(c.raddr and c.raddr.port == city.port and c.status == psutil.CONN_ESTABLISHED for c in connections)


def acknowledged(city: City) -> int:
    """Lines of the importer's own record."""
    return sum(len(path.read_bytes().splitlines()) for path in (city.home / "imports").glob("*.jsonl"))


@contextmanager
def importing(city: City, *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with city.start_baiyang(*arguments, log=log) as importer:
        try:
            yield importer
        finally:
            importer.kill()


@contextmanager
def growing_grid(city: City, folder: Path) -> Iterator[Path]:
    """Places come in, a file at a time, so that grid too has work begun when it is killed."""
    files = [new_places(folder / f"places-{number}.csv", root=f"KILL-{number}") for number in range(40)]
    command = " ; ".join(" ".join(city.command("import-places", str(file))) for file in files)
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        env=city.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield files[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def new_places(file: Path, *, root: str) -> Path:
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["code", "name", "tier", "parent"])
        rows.writerow([root, f"试验{root}", "city", ""])
        rows.writerows([f"{root}-{n}", f"试验{root}第{n}", "district", root] for n in range(400))
    return file


def kill_each_in_turn(city: City, importer: subprocess.Popen[bytes], folder: Path) -> None:
    begun: dict[str, Callable[[], bool]] = {
        "intake": lambda: has_uncommitted_writes(city, "intake"),
        "routing": lambda: has_uncommitted_writes(city, "routing"),
        "notify": lambda: has_uncommitted_writes(city, "notify"),
        "kafka": lambda: has_unsent_events(city, "intake", "routing"),
        "gateway": lambda: has_open_requests(city, importer.pid),
        "postgres": lambda: has_open_requests(city, importer.pid),
        "identity": lambda: has_open_requests(city, importer.pid),
        "grid": lambda: has_uncommitted_writes(city, "grid") or has_unsent_events(city, "grid"),
    }
    for process, has_begun in begun.items():
        mark = acknowledged(city)
        wait_until(lambda: acknowledged(city) > mark, seconds=120, what=f"an appeal taken before {process} is killed")  # noqa: B023
        assert importer.poll() is None, f"the import ended before {process} could be killed"
        pid = city.pid_of(process)
        if process == "grid":
            with growing_grid(city, folder):
                kill_in_the_act(pid, has_begun)
        else:
            kill_in_the_act(pid, has_begun)
        wait_until(lambda: city.pid_of(process) != pid, seconds=60, what=f"{process} comes up again")  # noqa: B023


@pytest.mark.chaos
def test_none_is_lost_or_told_twice_whatever_is_killed(city: City, tmp_path: Path) -> None:
    log = tmp_path / "import.log"
    with importing(city, "import", str(APPEALS), "--channel", "web", "--source", "killed", log=log) as importer:
        kill_each_in_turn(city, importer, tmp_path)
        assert importer.wait(timeout=600) == 0, log.read_text()
    assert city.count("intake", "select count(*) from appeal where source = 'killed'") == 4326
    city.baiyang("import-places", str(new_places(tmp_path / "after.csv", root="KILL-0")))
    assert city.count("grid", "select count(*) from place where code like 'KILL-0%'") == 401
    assert_reconciled(city)


def test_a_second_import_takes_nothing_twice(city: City, tmp_path: Path) -> None:
    some = tmp_path / "some.jsonl"
    with gzip.open(APPEALS, "rt") as source:
        some.write_text("".join(islice(source, SOME)))
    arguments = ("import", str(some), "--channel", "web", "--source", "twice")
    taken: LiteralString = "select count(*) from appeal where source = 'twice'"
    city.baiyang(*arguments)
    once = city.count("intake", taken)
    city.baiyang(*arguments, "--again")
    assert (once, city.count("intake", taken)) == (SOME, SOME)
    assert_reconciled(city)
