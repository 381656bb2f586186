"""Backup and restore: what is refused and why, then a city that goes on from one, without its Kafka and with it."""

import csv
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import obstore
import psycopg
import pytest
from cli.backup import manifest, places, servers
from cli.backup.refusal import Refusal
from kit import crypto, topics
from kit.app import revisions
from kit.migrations import ASPECTS
from kit.topics import Refused
from local.postgres import Postgres
from obstore.store import MemoryStore

from tests.commands import run
from tests.system.city import SERVICES, City, assert_reconciled, free_port_range, wait_until

KEYS = {service: crypto.new_key("k1") for service in SERVICES}


Four = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def four(postgres_server: Postgres, template_of: Callable[[str], str]) -> Iterator[Four]:
    """Makes four databases, as migrations have laid them or (``laid=False``) empty, and tells their names."""
    made: list[str] = []

    def four(*, laid: bool = True) -> dict[str, str]:
        names = {service: f"{service}_{uuid4().hex[:12]}" for service in SERVICES}
        for service, name in names.items():
            postgres_server.lay_database(service, name=name, template=template_of(service) if laid else None)
            made.append(name)
        return names

    yield four
    for name in made:
        postgres_server.drop_database(name)


class Reached:
    """The command line, against databases of the test's own and a Kafka in which nothing is."""

    def __init__(self, patch: pytest.MonkeyPatch, server: Postgres, home: Path) -> None:
        self._patch = patch
        self._server = server
        patch.setenv("BAIYANG_HOME", str(home))
        patch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
        for service, key in KEYS.items():
            self.keys(service, key)
        patch.setattr(topics, "positions", lambda _: {})
        patch.setattr(topics, "published_since", lambda *_: [])
        patch.setattr(topics, "begin_anew", lambda *_: None)

    def use(self, names: dict[str, str]) -> None:
        for service, name in names.items():
            self._patch.setenv(f"{service.upper()}_DATABASE_URL", self._server.url(name))

    def keys(self, service: str, ring: str) -> None:
        self._patch.setenv(f"{service.upper()}_SERVICE_KEYS", ring)


@pytest.fixture(scope="module")
def laid(four: Four) -> dict[str, str]:
    """Four databases that no test changes."""
    return four()


@pytest.fixture(scope="module")
def taken(postgres_server: Postgres, laid: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taken")
    with pytest.MonkeyPatch.context() as patch:
        Reached(patch, postgres_server, folder).use(laid)
        code, said = run("backup", "take", folder)
    assert code == 0, said
    return folder


@pytest.fixture
def reached(
    monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres, laid: dict[str, str], tmp_path: Path
) -> Reached:
    reached = Reached(monkeypatch, postgres_server, tmp_path)
    reached.use(laid)
    return reached


@pytest.fixture
def backup(taken: Path, reached: Reached, tmp_path: Path) -> Path:
    """A copy that a test may damage, with the command line before the databases of which it is."""
    return Path(shutil.copytree(taken, tmp_path / "backup"))


def refused(*arguments: str | Path) -> str:
    """What is said, in one line."""
    code, said = run(*arguments)
    assert code == 1, said
    assert said.count("\n") == 1, said
    return said


def limits(server: Postgres, names: dict[str, str]) -> set[Any]:
    with server.connect() as connection:
        asked = "select datconnlimit from pg_database where datname = any(%s)"
        return {row[0] for row in connection.execute(asked, [list(names.values())]).fetchall()}


def change(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_comes_back_is_what_was_there_with_its_owners_and_its_policies(
    backup: Path, four: Four, reached: Reached, postgres_server: Postgres
) -> None:
    empty = four(laid=False)
    reached.use(empty)
    code, said = run("backup", "restore", backup)
    assert code == 0, said
    assert limits(postgres_server, empty) == {-1}
    with postgres_server.connect(empty["routing"]) as connection:
        asked = "select relforcerowsecurity, relowner::regrole::text from pg_class where relname = 'cases'"
        assert connection.execute(asked).fetchone() == (True, "routing_owner")
        assert connection.execute("select epoch from event_epoch").fetchone() == (1,)
    with (
        postgres_server.connect(empty["routing"], role="routing_api") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("delete from event_log")


def test_a_city_that_migrations_have_laid_and_nobody_has_used_is_empty(
    backup: Path, four: Four, reached: Reached
) -> None:
    reached.use(four())
    assert run("backup", "restore", backup)[0] == 0


def test_a_city_in_use_is_refused(backup: Path, four: Four, reached: Reached, postgres_server: Postgres) -> None:
    names = four()
    reached.use(names)
    with postgres_server.connect(names["notify"]) as connection:
        connection.execute("insert into consumer_topic values ('notify', 'routing.case.v1', 0, 'x')")
    assert "notify's database is in use by a city: restore into an empty one" in refused("backup", "restore", backup)
    assert limits(postgres_server, names) == {-1}


def test_a_process_that_runs_is_refused(backup: Path, four: Four, reached: Reached, postgres_server: Postgres) -> None:
    names = four()
    reached.use(names)
    with postgres_server.connect(names["intake"], role="intake_api"):
        assert "intake's database is in use by intake_api" in refused("backup", "restore", backup)


def test_a_restore_that_did_not_finish_keeps_everybody_out_and_is_begun_again(
    backup: Path, four: Four, reached: Reached, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = four(laid=False)
    reached.use(names)
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise Refusal("the power went")

        broken.setattr(topics, "begin_anew", fail)
        code, said = run("backup", "restore", backup)
        assert (code, said.splitlines()[-1]) == (1, "the power went")
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        postgres_server.connect(names["intake"], role="intake_api")
    assert run("backup", "restore", backup)[0] == 0
    postgres_server.connect(names["intake"], role="intake_api").close()


def test_a_damaged_file_a_missing_one_and_no_manifest_are_refused(backup: Path) -> None:
    content = (backup / "grid.dump").read_bytes()
    (backup / "grid.dump").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "grid.dump is damaged" in refused("backup", "restore", backup)
    (backup / "grid.dump").unlink()
    assert "grid.dump is missing" in refused("backup", "restore", backup)
    (backup / "manifest.json").write_text("{}")
    assert "manifest.json is damaged" in refused("backup", "restore", backup)
    (backup / "manifest.json").unlink()
    assert "one that did not finish" in refused("backup", "restore", backup)


def test_a_newer_format_and_a_newer_schema_are_refused(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = revisions.known
    monkeypatch.setattr(revisions, "known", lambda s: known(s) - {revisions.newest(s)})
    assert "which this release does not know" in refused("backup", "restore", backup)
    change(backup / "manifest.json", format=2)
    assert "the backup is of format 2, not 1" in refused("backup", "restore", backup)


def test_keys_that_are_missing_or_others_are_refused(backup: Path, reached: Reached) -> None:
    reached.keys("notify", crypto.new_key("k2"))
    assert "NOTIFY_SERVICE_KEYS lacks key k1" in refused("backup", "restore", backup)
    reached.keys("notify", crypto.new_key("k1"))
    assert "NOTIFY_SERVICE_KEYS has another key k1" in refused("backup", "check", backup)
    reached.keys("notify", f"{crypto.new_key('k2')},{KEYS['notify']}")
    assert run("backup", "check", backup)[0] == 0
    assert all(key.partition(":")[2] not in (backup / "manifest.json").read_text() for key in KEYS.values())


def test_roles_that_are_missing_are_refused(backup: Path, reached: Reached, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "ASPECTS", (*ASPECTS, "painter"))
    assert "the server lacks grid_painter" in refused("backup", "restore", backup)


def test_a_list_that_cannot_be_written_is_refused_before_anything_is_changed(backup: Path) -> None:
    said = refused("backup", "restore", backup, "--forgotten", backup / "manifest.json" / "forgotten.csv")
    assert "cannot be written" in said


def test_a_kafka_that_is_away_is_refused_by_a_restore_and_not_by_a_backup(
    reached: Reached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise Refused

    monkeypatch.setattr(topics, "positions", away)
    code, said = run("backup", "take", tmp_path / "backup")
    assert (code, "taken without its positions" in said) == (0, True)
    assert "Kafka does not answer" in refused("backup", "restore", tmp_path / "backup")


def test_a_backup_goes_into_an_empty_place_and_one_that_fails_is_none(
    backup: Path, reached: Reached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{backup} is not empty" in refused("backup", "take", backup)
    monkeypatch.setenv("POSTGRES_PROGRAMS", str(tmp_path))
    assert "pg_dump is not there" in refused("backup", "take", tmp_path / "second")
    assert "one that did not finish" in refused("backup", "check", tmp_path / "second")


def test_a_role_that_row_level_security_holds_back_takes_no_backup(
    reached: Reached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_ROLE", "intake_auditor")
    assert "grid's database" in refused("backup", "take", tmp_path / "backup")
    assert not (tmp_path / "backup" / "manifest.json").exists()


async def test_what_one_snapshot_has_taken_another_has_said(
    four: Four, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that a consumer has in hand is waited for, and what comes after the snapshots is in none of them."""
    names = four()
    databases = servers.Servers({s: postgres_server.url(name) for s, name in names.items()}, "postgres", "")
    with postgres_server.connect(names["notify"]) as consumer, monkeypatch.context() as patch:
        patch.setattr(servers, "_PATIENCE", "50ms")
        consumer.execute("begin")
        consumer.execute("select from parked")
        with pytest.raises(Refusal, match="consumers were busy"):
            await databases.snapshots().__aenter__()
    async with databases.snapshots() as snapshots:
        with postgres_server.connect(names["notify"]) as consumer:
            consumer.execute("select from parked")
            consumer.execute("insert into consumer_topic values ('notify', 'routing.case.v1', 0, 'x')")
        assert not await snapshots["notify"].connection.run_sync(servers.is_used)


def test_a_bucket_has_the_manifest_last_and_gives_all_back(backup: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    places.send(backup, store)
    written = {m["path"]: m["last_modified"] for m in obstore.list_with_delimiter(store)["objects"]}
    assert max(written, key=written.__getitem__) == manifest.NAME
    (tmp_path / "fetched").mkdir()
    places.fetch(store, tmp_path / "fetched")
    assert manifest.read(tmp_path / "fetched") == manifest.read(backup)


class Resident:
    """Files appeals, one after the other, and keeps the numbers that were acknowledged."""

    def __init__(self, city: City) -> None:
        self._address = f"{city.address}/intake/v1/appeals"
        self._token = city.baiyang("token", "resident").stdout.strip()
        self.numbers: list[str] = []

    def file(self) -> None:
        who = {"kind": "outsider", "name": "周平", "means": "sandbox", "address": "sandbox:zhou-ping"}
        body = {"channel": "web", "place": "A3-15", "words": "楼道的灯坏了。", "who": who}
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": uuid4().hex}
        taken = httpx.post(self._address, json=body, headers=headers, timeout=30)
        assert taken.status_code == 201, taken.text
        self.numbers.append(taken.json()["number"])

    @contextmanager
    def going_on(self) -> Iterator[None]:
        over = threading.Event()

        def file() -> None:
            while not over.is_set():
                self.file()

        filing = threading.Thread(target=file)
        filing.start()
        try:
            yield
        finally:
            over.set()
            filing.join()


def local(city: City, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", "local", *map(str, arguments)]
    done = subprocess.run(command, env=city.environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def forgotten(city: City) -> list[dict[str, str]]:
    with (city.home / "forgotten.csv").open() as listed:
        return list(csv.DictReader(listed))


def numbers_in(city: City) -> set[str]:
    with city.connect("intake", "postgres") as connection:
        return {row[0] for row in connection.execute("select number from appeal").fetchall()}


def all_is_sent(city: City) -> bool:
    return not any(city.count(service, "select count(*) from event_pending") for service in SERVICES)


@pytest.fixture(scope="module")
def restored(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Another home, with the keys of the city and the record of what was acknowledged in it, and nothing else yet."""
    home = tmp_path_factory.mktemp("restored")
    shutil.copy(city.home / "secrets.json", home)
    other = City(home, free_port_range())
    yield other
    other.local("down")
    shutil.rmtree(home, ignore_errors=True)


def test_a_city_goes_on_from_a_backup_without_its_kafka_and_then_with_it(
    city: City, restored: City, tmp_path: Path
) -> None:
    city.baiyang("import", str(few_appeals(tmp_path)), "--channel", "web", "--source", "backed-up")
    shutil.copytree(city.home / "imports", restored.home / "imports")
    before, during = Resident(city), Resident(city)
    before.file()
    with during.going_on():
        wait_until(lambda: len(during.numbers) > 3, seconds=30, what="requests go on")
        city.baiyang("backup", "take", str(tmp_path / "backup"))

    local(restored, "restore", tmp_path / "backup")
    assert forgotten(restored) == []
    local(restored, "up")
    assert numbers_in(restored) >= {*before.numbers, *during.numbers[:3]}
    assert_reconciled(restored, grace=0)
    assert numbers_in(restored) < numbers_in(city)

    after = Resident(restored)
    after.file()
    wait_until(lambda: all_is_sent(restored), seconds=60, what="all is sent")
    local(restored, "down")
    shutil.rmtree(restored.home / "postgres")
    local(restored, "restore", tmp_path / "backup")
    lost = forgotten(restored)
    assert {one["number"] for one in lost if one["kind"] == "intake.appeal.received.v1"} == set(after.numbers)
    assert not any(word in str(lost) for word in ("周平", "zhou", "灯"))
    local(restored, "up")
    assert_reconciled(restored, grace=0)
    assert not set(after.numbers) & numbers_in(restored)


def few_appeals(folder: Path) -> Path:
    file = folder / "few.jsonl"
    file.write_text(
        "".join(json.dumps({"id": f"few-{n}", "text": "A3区西湖街道的路灯坏了。"}) + "\n" for n in range(3))
    )
    return file
