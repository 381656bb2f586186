"""What a container of `overlays/local` runs: a server as `make run` brings it up, told by its environment."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kit.migrations import ASPECTS
from local import serving
from local.home import SERVICES
from local.processes import NotStarted

ROLES = {f"{service}_{name}": "word" for service in SERVICES for name in ("owner", *ASPECTS)}


@pytest.fixture(autouse=True)
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "ready"
    monkeypatch.setattr(serving, "READY", file)
    return file


def told_to_end() -> threading.Event:
    closing = threading.Event()
    closing.set()
    return closing


class Server:
    """In the place of one that would have to be started."""

    given: Mapping[str, Any]
    child: Any = None
    laid: dict[str, Mapping[str, str]] = {}  # noqa: RUF012 - one for all that a test makes

    def __init__(self, home: Path, **given: Any) -> None:
        del home
        type(self).given = given

    def start(self) -> None:
        assert not serving.READY.exists(), "it is said to be ready before it is"

    def stop(self) -> None: ...

    def lay_roles(self, service: str, passwords: Mapping[str, str]) -> None:
        self.laid[service] = passwords

    def lay_database(self, service: str) -> None: ...


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    monkeypatch.setattr(serving, "_closing", told_to_end)
    monkeypatch.setattr(serving, "Postgres", Server)
    monkeypatch.setattr(serving, "Kafka", Server)
    yield Server
    Server.laid = {}


def test_postgresql_has_each_services_roles_with_the_passwords_that_are_told(
    stand_in: type[Server], tmp_path: Path, ready: Path
) -> None:
    ready.touch()
    assert serving.serve("postgres", tmp_path, {"PGPASSWORD": "all", **ROLES}) == 0
    assert stand_in.given["password"] == "all"
    assert {role: word for roles in stand_in.laid.values() for role, word in roles.items()} == ROLES


def test_a_password_that_is_missing_is_named(stand_in: type[Server], tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="grid_clock is not set: lay the secret"):
        serving.serve("postgres", tmp_path, {"PGPASSWORD": "all", **ROLES, "grid_clock": ""})
    with pytest.raises(NotStarted, match="KAFKA_ADMIN_USERNAME is not admin"):
        serving.serve("kafka", tmp_path, {"KAFKA_ADMIN_USERNAME": "root", "KAFKA_ADMIN_PASSWORD": "x"})


def test_kafka_tells_clients_its_services_name_and_those_from_outside_the_front(
    stand_in: type[Server], tmp_path: Path
) -> None:
    told = {"KAFKA_ADMIN_USERNAME": "admin", "KAFKA_ADMIN_PASSWORD": "x", "KAFKA_NAME": "kafka"}
    serving.serve("kafka", tmp_path, told)
    assert (stand_in.given["name"], stand_in.given["front"]) == ("kafka", None)
    serving.serve("kafka", tmp_path, {**told, "KAFKA_FRONT": "127.0.0.1:30806"})
    assert stand_in.given["front"].address == "127.0.0.1:30806"


def test_what_is_said_goes_out_but_for_what_would_tell_a_password(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("kafka", "kafka-format"):
        assert (
            serving.aloud(name, ["sh", "-c", f"echo {name} says; echo {name} fails >&2"], home=tmp_path).popen.wait()
            == 0
        )
    assert capfd.readouterr() == ("kafka says\n", "kafka fails\nkafka-format fails\n")


class Ended:
    name = "kafka"
    has_ended = True
    popen = type("Popen", (), {"returncode": 3})


def test_what_ends_by_itself_ends_its_container_and_is_not_ready_before(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_LOOK_EVERY", 0)
    ready.touch()
    with pytest.raises(NotStarted, match="kafka ended with 3"):
        serving._last(Ended, lambda: None, threading.Event())  # type: ignore[arg-type]
