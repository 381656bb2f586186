import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from kit import app as kit_app
from kit import crypto
from kit.app import revisions, watching
from kit.app.serving import listen
from kit.app.watching import Timekeeper
from kit.db import Database
from kit.health import Health
from kit.testing.tokens import Identity
from sqlalchemy import Connection, text

from tests.kit.conftest import AppOf, client_of

HERE = Path(__file__).parent


class Part:
    """A running part that is as it is told to be."""

    def __init__(self, name: str = "consumer", health: Health | None = None) -> None:
        self.name = name
        self.health = health or Health()

    async def run(self) -> None: ...

    async def stop(self) -> None: ...

    def check(self) -> Health:
        return self.health


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package ``scratch`` with one revision, 0001."""
    versions = tmp_path / "scratch" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "scratch" / "__init__.py").touch()
    _add_revision(versions, "0001", None)
    monkeypatch.syspath_prepend(tmp_path)
    revisions.newest.cache_clear()
    yield versions
    sys.modules.pop("scratch", None)
    revisions.newest.cache_clear()


def _add_revision(versions: Path, revision: str, before: str | None) -> None:
    (versions / f"{revision}.py").write_text(
        f"revision = {revision!r}\ndown_revision = {before!r}\nbranch_labels = depends_on = None\ndef upgrade(): ...\n"
    )


def test_a_schema_serves_from_where_the_last_that_takes_away_says(migrations: Path) -> None:
    _add_revision(migrations, "0002", "0001")
    assert revisions.serves("scratch") == "0001"
    with (migrations / "0002.py").open("a") as file:
        file.write('serves = "0002"\n')
    _add_revision(migrations, "0003", "0002")
    assert revisions.serves("scratch") == "0002"


async def ready(app: Any) -> tuple[int, dict[str, Any]]:
    async with client_of(app) as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.json()["parts"]


class TestReadiness:
    async def test_a_database_at_the_newest_revision_is_ready(self, app_of: AppOf, migrations: Path) -> None:
        assert migrations.name
        assert await ready(app_of()) == (200, {"database": {"alive": True, "ready": True, "detail": "ok"}})

    async def test_a_schema_behind_is_named_with_the_remedy(self, app_of: AppOf, migrations: Path) -> None:
        _add_revision(migrations, "0002", "0001")
        status, parts = await ready(app_of())
        assert (status, parts["database"]["detail"]) == (
            503,
            "the schema stands at 0001, behind 0002: run python -m scratch migrate",
        )

    async def test_a_schema_ahead_is_named_with_the_remedy(
        self, app_of: AppOf, migrations: Path, as_superuser: Connection
    ) -> None:
        assert migrations.name
        as_superuser.execute(text("update alembic_version set version_num = '0009'"))
        status, parts = await ready(app_of())
        assert (status, parts["database"]["detail"]) == (
            503,
            "the schema stands at 0009, ahead of 0001: run the release that made it, or a newer one",
        )

    async def test_a_schema_ahead_that_serves_this_release_still_is_ready(
        self, app_of: AppOf, migrations: Path, as_superuser: Connection
    ) -> None:
        assert migrations.name
        as_superuser.execute(text("update alembic_version set version_num = '0009'"))
        as_superuser.execute(text("comment on table alembic_version is 'serves 0001'"))
        assert (await ready(app_of()))[0] == 200
        as_superuser.execute(text("comment on table alembic_version is 'serves 0002'"))
        assert (await ready(app_of()))[0] == 503

    @pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(hours=-1)])
    async def test_a_clock_that_is_wrong_is_named_with_the_remedy(
        self, app_of: AppOf, migrations: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta
    ) -> None:
        assert migrations.name
        monkeypatch.setattr(watching, "_this_machines_time", lambda: datetime.now(UTC) + by)
        status, parts = await ready(app_of())
        assert status == 503
        assert re.fullmatch(
            r"this machine's clock and the database's are 3\d\d\d s apart: set both by NTP", parts["database"]["detail"]
        )

    async def test_a_clock_that_goes_wrong_ends_its_parts(
        self, app_of: AppOf, migrations: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert migrations.name
        keeper = Timekeeper(app_of().state.watch, every=timedelta(milliseconds=1))
        keeping = asyncio.create_task(keeper.run())
        done, _ = await asyncio.wait([keeping], timeout=0.1)
        assert not done
        monkeypatch.setattr(watching, "_this_machines_time", lambda: datetime.now(UTC) + timedelta(hours=1))
        await asyncio.wait_for(keeping, 10)
        assert "set both by NTP" in caplog.records[-1].__dict__["detail"]

    async def test_a_database_that_takes_no_connections_is_named_with_the_remedy(
        self, app_of: AppOf, migrations: Path, as_superuser: Connection
    ) -> None:
        assert migrations.name
        name = as_superuser.execute(text("select current_database()")).scalar_one()
        as_superuser.execute(text(f'alter database "{name}" connection limit 0'))
        status, parts = await ready(app_of())
        assert (status, parts["database"]["detail"]) == (
            503,
            "the database takes no more connections: it is being restored, or max_connections is too small",
        )

    async def test_a_database_that_is_away_makes_it_unready_but_not_unlive(
        self, app_of: AppOf, migrations: Path
    ) -> None:
        assert migrations.name
        app = app_of()
        app.state.watch.database = Database("postgresql+asyncpg://{role}@127.0.0.1:1/x", role="scratch_api")
        status, parts = await ready(app)
        assert (status, parts["database"]["detail"]) == (
            503,
            "the database does not answer: start it, or set SCRATCH_DATABASE_URL",
        )
        async with client_of(app) as client:
            assert (await client.get("/healthz")).status_code == 200

    async def test_an_api_is_ready_whatever_its_consumers_say_for_it_accepts_all_the_same(
        self, app_of: AppOf, migrations: Path
    ) -> None:
        assert migrations.name
        app = app_of()
        app.state.watch.components = [Part(health=Health(ready=False, detail="Kafka does not answer"))]
        status, parts = await ready(app)
        assert status == 200
        assert parts["consumer"]["detail"] == "Kafka does not answer"

    async def test_an_aspect_without_api_is_as_ready_as_its_parts(self) -> None:
        part = Part(health=Health(ready=False, detail="Kafka does not answer"))
        assert (await ready(kit_app.defaults.side_app("scratch", None, [part])))[0] == 503
        part.health = Health()
        assert (await ready(kit_app.defaults.side_app("scratch", None, [part])))[0] == 200

    async def test_a_stuck_part_is_unlive(self) -> None:
        part = Part(health=Health(alive=False, detail="no progress for 60 s"))
        async with client_of(kit_app.defaults.side_app("scratch", None, [part])) as client:
            answer = await client.get("/healthz")
        assert (answer.status_code, answer.json()["alive"]) == (503, False)


async def test_metrics_count_requests_by_route_template(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    await client.get("/scratch/v1/open/K7F2-9QXM-4T6P-A")
    await client.get("/scratch/v1/notes", headers=clerk_a)
    shown = (await client.get("/metrics")).text
    assert 'method="GET",route="/scratch/v1/open/{code}",service="scratch",status="200"' in shown
    assert "K7F2" not in shown
    assert 'le="0.005"' in shown


async def test_the_pages_need_no_internet(client: AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "http://" not in page.replace("http://scratch.test", "")
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"docs/assets/{asset}" in page
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200
    assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.1")


def test_a_port_in_use_is_named_with_the_remedy(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert listen("intake", "127.0.0.1", port) is None
    assert caplog.records[-1].__dict__["remedy"] == f"port {port} is in use: stop who holds it, or set INTAKE_PORT"


@pytest.fixture
def environment(identity: Identity, scratch_url: str, migrations: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(migrations.parents[2]),
        "SCRATCH_DATABASE_URL": scratch_url,
        "SCRATCH_SERVICE_KEYS": crypto.new_key("k1"),
        "SCRATCH_PORT": "0",
        "SCRATCH_OIDC_ISSUER": identity.issuer,
        "SCRATCH_OIDC_JWKS_URL": identity.jwks_url,
    }


Start = Callable[..., Any]


class Process:
    """A service's process, and what it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []

    async def says(self, event: str) -> dict[str, Any]:
        assert self.process.stderr
        async with asyncio.timeout(60):
            while line := await self.process.stderr.readline():
                self.said.append(json.loads(line))
                if self.said[-1]["event"] == event:
                    return self.said[-1]
        raise AssertionError(f"it ended without saying {event!r}: {self.said}")

    async def ends(self) -> int:
        async with asyncio.timeout(60):
            assert self.process.stderr
            while line := await self.process.stderr.readline():
                self.said.append(json.loads(line))
            return await self.process.wait()


@pytest.fixture
async def start(environment: dict[str, str]) -> AsyncIterator[Start]:
    started: list[asyncio.subprocess.Process] = []

    async def start(aspect: str, **changes: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, HERE / "scratch_service.py", aspect, env=environment | changes,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return Process(process)

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


class TestProcess:
    async def test_on_sigterm_it_finishes_what_is_in_hand_and_ends_well(self, start: Start, identity: Identity) -> None:
        running = await start("all")
        port = (await running.says("starts"))["port"]
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await running.says("part runs")
            slow = asyncio.create_task(client.post("/slow", headers=identity.headers("clerk.a")))
            await running.says("slow begins")
            running.process.send_signal(signal.SIGTERM)
            assert (await slow).json() == {"done": True}
        assert await running.ends() == 0
        said = [line["event"] for line in running.said]
        assert said.index("part ended") < said.index("ended")

    async def test_a_part_that_crashes_takes_the_process_down_with_a_clear_line(self, start: Start) -> None:
        running = await start("crash")
        assert await running.ends() == 1
        line = next(line for line in running.said if line["event"].startswith("a part has ended by itself"))
        assert (line["component"], line["error"]) == ("crashing", "RuntimeError")
        assert "13912345678" not in json.dumps(running.said)

    async def test_a_part_that_ends_unasked_takes_the_process_down_too(self, start: Start) -> None:
        running = await start("leave")
        assert await running.ends() == 1

    async def test_with_its_database_away_it_starts_and_waits(self, start: Start) -> None:
        running = await start("api", SCRATCH_DATABASE_URL="postgresql+asyncpg://{role}@127.0.0.1:1/x")
        port = (await running.says("starts"))["port"]
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/readyz")).status_code == 503
        running.process.send_signal(signal.SIGTERM)
        assert await running.ends() == 0
        line = next(line for line in running.said if line["event"] == "readiness")
        assert line["detail"].startswith("the database does not answer")

    async def test_its_parts_wait_for_a_schema_that_they_fit(
        self, start: Start, migrations: Path, as_superuser: Connection
    ) -> None:
        _add_revision(migrations, "0002", "0001")
        running = await start("consumer")
        port = (await running.says("starts"))["port"]
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/healthz")).json()["alive"]
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()["parts"]["part"]["detail"]) == (503, "waits for the schema")
            assert not [line for line in running.said if line["event"] == "part runs"]
            as_superuser.execute(text("update alembic_version set version_num = '0002'"))
            await running.says("part runs")
            assert (await client.get("/readyz")).status_code == 200

    async def test_one_that_waits_for_the_schema_ends_when_it_is_told(self, start: Start, migrations: Path) -> None:
        _add_revision(migrations, "0002", "0001")
        running = await start("consumer")
        port = (await running.says("starts"))["port"]
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/readyz")).status_code == 503
        running.process.send_signal(signal.SIGTERM)
        assert await running.ends() == 0

    async def test_an_unknown_aspect_and_missing_settings_are_named(self, environment: dict[str, str]) -> None:
        for aspect, changes, told in (
            ("what", {}, "usage: python -m scratch api | all | crash | leave"),
            (
                "api",
                {"SCRATCH_SERVICE_KEYS": "k1:short"},
                "scratch does not start: SCRATCH_SERVICE_KEYS cannot be used: ",
            ),
        ):
            process = await asyncio.create_subprocess_exec(
                sys.executable, HERE / "scratch_service.py", aspect, env=environment | changes,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            _, stderr = await process.communicate()
            assert process.returncode == 1
            assert told.split(" api")[0] in stderr.decode()
            assert "Traceback" not in stderr.decode()

    @pytest.mark.parametrize("aspect", ["api", "consumer"])
    async def test_a_missing_secret_is_named_in_one_line_and_nothing_starts(
        self, environment: dict[str, str], aspect: str
    ) -> None:
        del environment["SCRATCH_SERVICE_KEYS"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, HERE / "scratch_service.py", aspect, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, stderr = await process.communicate()
        assert process.returncode == 1
        assert stderr.decode() == "scratch does not start: SCRATCH_SERVICE_KEYS is not set: set it\n"
