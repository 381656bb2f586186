"""The main job on real input: real appeals through real Kafka and PostgreSQL, with and without ``kill -9``."""

import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import LiteralString

import psutil
import pytest

from tests.system.city import DATA, City, kill_in_the_act, wait_until

#: Enough that every kill lands while the import is under way.
APPEALS = 1500


@pytest.fixture(scope="module")
def appeals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first appeals of the real ones, in a file of their own outside the project."""
    path = tmp_path_factory.mktemp("input") / "appeals.jsonl"
    with gzip.open(DATA / "appeals.jsonl.gz", "rt") as source:
        path.write_text("".join(islice(source, APPEALS)))
    return path


def has_uncommitted_writes(city: City, service: str) -> bool:
    """A transaction of the service that has written and not committed: it holds a transaction id."""
    query: LiteralString = """
        select count(*) from pg_stat_activity
        where backend_xid is not null and datname = current_database() and usename <> 'postgres'
    """
    return city.count(service, query, user="postgres") > 0


def has_unsent_events(city: City) -> bool:
    return any(city.count(service, "select count(*) from event_pending") for service in ("intake", "routing"))


def has_open_requests(city: City, importer: int) -> bool:
    """The importer holds connections to the gateway's port and goes on sending through them."""
    connections = psutil.Process(importer).net_connections("tcp")
    return any(c.raddr and c.raddr.port == city.port and c.status == psutil.CONN_ESTABLISHED for c in connections)


def acknowledged(city: City) -> int:
    """Lines of the importer's own record."""
    return sum(len(path.read_bytes().splitlines()) for path in (city.home / "imports").glob("*.jsonl"))


def test_none_is_lost_or_told_twice_whatever_is_killed(city: City, appeals: Path, tmp_path: Path) -> None:
    log = tmp_path / "import.log"
    importer = city.start_baiyang("import", str(appeals), "--channel", "web", "--source", "killed", log=log)
    begun: dict[str, Callable[[], bool]] = {
        "intake": lambda: has_uncommitted_writes(city, "intake"),
        "routing": lambda: has_uncommitted_writes(city, "routing"),
        "notify": lambda: has_uncommitted_writes(city, "notify"),
        "kafka": lambda: has_unsent_events(city),
        "gateway": lambda: has_open_requests(city, importer.pid),
        "postgres": lambda: has_open_requests(city, importer.pid),
    }
    for process, has_begun in begun.items():
        before = acknowledged(city)
        wait_until(lambda mark=before: acknowledged(city) > mark, seconds=120, what=f"appeals taken before {process}")  # type: ignore[misc]
        assert importer.poll() is None, f"the import ended before {process} could be killed: {log.read_text()}"
        pid = city.pid_of(process)
        kill_in_the_act(pid, has_begun)
        wait_until(lambda old=pid, name=process: city.pid_of(name) != old, seconds=60, what=f"{process} restarted")  # type: ignore[misc]
    assert importer.wait(timeout=600) == 0, log.read_text()
    told = city.baiyang("reconcile", "--wait", "180", check=False)
    assert told.returncode == 0, told.stdout[-6000:]


def test_a_second_import_takes_nothing_twice(city: City, appeals: Path) -> None:
    taken = "select count(*) from appeal where source = 'twice'"
    city.baiyang("import", str(appeals), "--channel", "web", "--source", "twice")
    once = city.count("intake", taken)
    city.baiyang("import", str(appeals), "--channel", "web", "--source", "twice", "--again")
    assert (once, city.count("intake", taken)) == (APPEALS, APPEALS)
    told = city.baiyang("reconcile", "--wait", "180", check=False)
    assert told.returncode == 0, told.stdout[-6000:]
