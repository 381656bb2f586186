"""The supervisor behind `make run`, with real PostgreSQL, Kafka and identity, and stand-ins for the four services."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from kit import topics
from kit.app.watching import Watch
from kit.away import is_away, told
from kit.db import Database
from kit.health import Health
from kit.migrations import ASPECTS
from local import processes
from local.home import SERVICES, Home
from local.processes import Identity
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from tests.system.city import free_port_range

_STAND_IN = """
import os, sys
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
import psycopg, uvicorn

url = os.environ["{upper}_DATABASE_URL"].replace("+asyncpg", "")
with psycopg.connect(url.format(role="{name}_owner")) as connection:
    if sys.argv[1] == "migrate":
        connection.execute("create table if not exists kept (word text)")
if sys.argv[1] == "migrate":
    sys.exit()

async def answer(request):
    path = request.scope["raw_path"].decode()
    return JSONResponse({{"service": "{name}", "path": path, "headers": dict(request.headers)}})

routes = [Route("/{{path:path}}", answer, methods=["GET", "POST"])]
uvicorn.run(Starlette(routes=routes), port=int(os.environ["{upper}_PORT"]), log_level="warning")
"""


@dataclass
class Installation:
    home: Home
    stand_ins: Path

    @property
    def environment(self) -> dict[str, str]:
        told = {"BAIYANG_HOME": str(self.home.path), "PORT": str(self.home.port), "PYTHONPATH": str(self.stand_ins)}
        return {**os.environ, **told}

    def local(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local", command],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self) -> "subprocess.Popen[bytes]":
        """In a session of its own, as a terminal gives it one."""
        out = (self.home.path.parent / "run.log").open("wb")
        with out:
            return subprocess.Popen(
                [sys.executable, "-m", "local", "run"],
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return (self.home.path.parent / "run.log").read_text()

    def left(self) -> list[Identity]:
        """Every process that serves this home, however it was started."""
        return processes._marked(self.home.path)

    def pid_of(self, name: str) -> int:
        found = Identity.read(self.home.path / "run" / f"{name}.pid")
        assert found is not None, f"{name} has no pid file"
        return found.pid


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    stand_ins = folder / "stand-ins"
    for name in SERVICES:
        (stand_ins / name).mkdir(parents=True)
        (stand_ins / name / "__init__.py").touch()
        (stand_ins / name / "__main__.py").write_text(_STAND_IN.format(name=name, upper=name.upper()))
    home = Home(folder / "home", free_port_range())
    home.path.mkdir()
    home.has_city.touch()
    try:
        yield Installation(home, stand_ins)
    finally:
        if running := home.supervisor():
            running.send(signal.SIGKILL)
        processes.take_down_leftovers(home.path)
        for data in ("postgres", "postgres.new", "kafka"):  # the logs stay, for who reads why a test failed
            shutil.rmtree(home.path / data, ignore_errors=True)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One that runs in the background; tests that only look share it."""
    with installed(tmp_path_factory.mktemp("up")) as made:
        begun = made.local("up")
        assert begun.returncode == 0, begun.stdout
        yield made


def wait_until(
    claim: Callable[[], object], *, what: str, seconds: float = 120, of: "subprocess.Popen[bytes] | None" = None
) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert of is None or of.poll() is None, f"{what}: it ended before"
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def test_a_port_in_use_is_named_with_the_remedy(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.home.ports["kafka"])):
        done = installation.local("run")
    assert done.returncode == 1
    assert f"Port {installation.home.ports['kafka']} (kafka) is in use." in done.stdout
    assert "PORT=" in done.stdout
    assert not installation.left()


def _may_put_ahead() -> bool:
    """Root may, but in many containers."""
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            os.setpriority(os.PRIO_PROCESS, other.pid, processes.AHEAD)
        except PermissionError:
            return False
        finally:
            other.kill()
    return True


def test_services_go_before_the_servers_they_use(up: Installation) -> None:
    ahead, ours = processes.AHEAD if _may_put_ahead() else 0, os.getpriority(os.PRIO_PROCESS, 0)
    for name, nice in {**dict.fromkeys(SERVICES, ahead), "postgres": 0, "kafka": 0}.items():
        pid = up.pid_of(name)
        assert os.getpriority(os.PRIO_PROCESS, pid) == ours + nice, name
        if (of_session := Path(f"/proc/{pid}/autogroup")).exists():
            assert of_session.read_text().endswith(f" nice {nice}\n"), name


@pytest.mark.parametrize("instant", ["Bringing the platform up", "s  PostgreSQL with", "A first appeal"])
def test_killed_at_any_instant_it_starts_again(installation: Installation, instant: str) -> None:
    running = installation.start()
    wait_until(lambda: instant in installation.said(), what=instant, of=running)
    wait_until(installation.left, what="a process to leave behind")
    running.kill()
    running.wait()
    assert installation.left(), "the kill came when nothing ran: it proves nothing"
    again = installation.local("up")
    assert again.returncode == 0, again.stdout
    assert httpx.get(f"{installation.home.address}/readyz").is_success
    assert installation.local("down").returncode == 0
    assert not installation.left()


def test_ctrl_c_stops_everything_and_the_data_survive(installation: Installation) -> None:
    running = installation.start()
    wait_until(lambda: "A first appeal" in installation.said(), what="ready", of=running)
    with postgres(installation) as connection:
        connection.execute("insert into kept values ('here')")
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(60) == 0
    assert "the data are kept" in installation.said()
    assert not installation.left()
    assert installation.local("up").returncode == 0
    with postgres(installation) as connection:
        assert connection.execute("select word from kept").fetchall() == [("here",)]


def test_ctrl_c_while_it_comes_up_leaves_no_process(installation: Installation) -> None:
    running = installation.start()
    wait_until(lambda: "s  PostgreSQL" in installation.said(), what="PostgreSQL is up", of=running)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(60) == 0
    assert not installation.left()


def test_what_dies_is_started_again_and_shown(up: Installation) -> None:
    log = up.home.path / "log" / "supervisor.log"
    for name in ("gateway", "routing", "kafka", "postgres"):
        os.kill(up.pid_of(name), signal.SIGKILL)
        wait_until(lambda said=f"{name} is up again.": said in log.read_text(), what=f"{name} again")  # type: ignore[misc]


def test_a_second_run_says_that_one_runs(up: Installation) -> None:
    second = up.local("run")
    assert second.returncode == 1
    assert "It runs already" in second.stdout
    assert up.local("up").returncode == 0, "up beside up shows the same again"
    assert httpx.get(f"{up.home.address}/readyz").is_success


def test_lost_kafka_disks_are_laid_again(installation: Installation) -> None:
    assert installation.local("up").returncode == 0
    assert installation.local("down").returncode == 0
    shutil.rmtree(installation.home.path / "kafka")
    assert installation.local("up").returncode == 0
    known = installation.home.secrets()
    servers = f"127.0.0.1:{installation.home.ports['kafka']}"
    users = {name: word for name, word in known.kafka.items() if name != "admin"}
    assert topics.drift(topics.Access(servers, "admin", SecretStr(known.kafka["admin"])), users) == []


def test_lost_secrets_are_named_with_reset_which_begins_anew(installation: Installation) -> None:
    assert installation.local("up").returncode == 0
    assert installation.local("down").returncode == 0
    (installation.home.path / "secrets.json").unlink()
    broken = installation.local("up")
    assert broken.returncode == 1
    assert "make reset" in broken.stdout
    foreign = installation.home.path / "a-file-of-somebody"
    foreign.touch()
    assert installation.local("reset").returncode == 0
    assert [path.name for path in installation.home.path.iterdir()] == [foreign.name]
    installation.home.has_city.touch()
    assert installation.local("up").returncode == 0


def test_secrets_are_readable_by_their_owner_only_and_each_service_knows_its_own(up: Installation) -> None:
    kept = [up.home.path / name for name in ("env", "secrets.json", "identity.json", "kafka.properties")]
    kept += list((up.home.path / "passwords").iterdir())
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}
    known = up.home.secrets()
    told = Path(f"/proc/{up.pid_of('routing')}/environ").read_text()
    assert known.kafka["routing"] in told
    for secret in (known.kafka["admin"], known.service_keys["intake"], known.transport_keys, known.superuser):
        assert secret not in told


def test_the_gateway_says_itself_who_calls_and_keeps_what_watches_inside(up: Installation) -> None:
    address = up.home.address
    claimed = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"}
    seen = httpx.post(f"{address}/routing/v1/a%2Fb?c=%20d", headers=claimed, content=b"x").json()
    assert seen["service"] == "routing"
    assert seen["path"] == "/routing/v1/a%2Fb"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert "6.6.6.6" not in str(seen["headers"])
    assert httpx.get(f"{address}/progress").json()["service"] == "intake"
    for path in ("/intake/metrics", "/grid/healthz", "/elsewhere", "/notify/readyz"):
        assert httpx.get(f"{address}{path}").status_code == 404


def postgres(installation: Installation) -> "psycopg.Connection[tuple[object, ...]]":
    known = installation.home.secrets()
    port = installation.home.ports["postgres"]
    word = known.database["grid_owner"]
    return psycopg.connect(
        host="127.0.0.1", port=port, dbname="grid", user="grid_owner", password=word, autocommit=True
    )


async def test_a_wrong_password_is_named_with_the_remedy(up: Installation) -> None:
    url = f"postgresql+asyncpg://{{role}}:wrong@127.0.0.1:{up.home.ports['postgres']}/grid"
    for aspect in ASPECTS:
        database = Database(url, role=f"grid_{aspect}")
        found = await Watch(service="grid", database=database).check_database()
        assert found == Health(
            ready=False, detail="the database refuses the role's password: set it, or GRID_DATABASE_URL"
        )
        with pytest.raises(DBAPIError) as refused:
            await database.run_everywhere(lambda _: None)
        assert is_away(refused.value)
        assert told(refused.value) == "it refuses the role's password: set the one that it knows"
        await database.close()
