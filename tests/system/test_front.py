"""What stands in front of PostgreSQL and Kafka, what keeps them away, and a Kafka that cannot be laid out."""

from pathlib import Path

import pytest
from kit import topics
from local import home as homes
from local.home import Home
from local.kafka import Front, Kafka
from local.parts import Platform
from local.processes import NotStarted


def test_services_go_through_what_stands_in_front_and_operators_past_it(tmp_path: Path) -> None:
    home = Home(tmp_path, 21000, front=21050)
    known = home.secrets()
    told = homes.service_environment(home, known, "routing")
    assert "127.0.0.1:21050/routing" in told["ROUTING_DATABASE_URL"]
    assert told["ROUTING_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:21051"
    operated = homes.operator_environment(home, known)
    assert "127.0.0.1:21020/routing" in operated["ROUTING_DATABASE_URL"]
    assert operated["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:21030"
    homes.lay_passwords(home, known)
    passwords = (tmp_path / "passwords" / "routing").read_text()
    assert ":21050:*:routing_api:" in passwords
    assert ":21020:*:routing_api:" in passwords


def test_nothing_in_front_is_told_of_where_nothing_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIYANG_HOME", str(tmp_path))
    monkeypatch.setenv("PORT", "21000")
    monkeypatch.delenv("FRONT_PORT", raising=False)
    home = Home.of_environment()
    assert home.told == {"postgres": 21020, "kafka": 21030}
    assert "kafka-front" not in home.ports
    monkeypatch.setenv("FRONT_PORT", "far")
    with pytest.raises(NotStarted, match="FRONT_PORT=far"):
        Home.of_environment()


def test_kafka_names_the_front_to_those_that_come_through_it_only(tmp_path: Path) -> None:
    node = Kafka(tmp_path, port=1, controller_port=2, password="secret", front=Front("127.0.0.1:50", listener=32))
    node._settle()
    lines = (tmp_path / "kafka.properties").read_text().splitlines()
    assert "listeners=CLIENTS://127.0.0.1:1,CONTROLLER://127.0.0.1:2,FRONT://127.0.0.1:32" in lines
    assert "advertised.listeners=CLIENTS://127.0.0.1:1,FRONT://127.0.0.1:50" in lines


def test_a_file_holds_a_part_back(tmp_path: Path) -> None:
    home = Home(tmp_path, 21000)
    assert not home.is_held("kafka")
    (tmp_path / "hold").mkdir()
    (tmp_path / "hold" / "kafka").touch()
    assert home.is_held("kafka")
    assert not home.is_held("postgres")


def test_a_kafka_that_cannot_have_its_topics_is_ended_to_be_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left running it would never have them: only what has ended is started again."""
    home = Home(tmp_path, 21000)
    platform = Platform(home, home.secrets())
    did: list[str] = []
    monkeypatch.setattr(platform.kafka, "start", lambda: did.append("start"))
    monkeypatch.setattr(platform.kafka, "stop", lambda: did.append("stop"))

    def fail(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(topics, "lay", fail)
    with pytest.raises(TimeoutError):
        platform.bring_up_kafka()
    assert did == ["start", "stop"]
