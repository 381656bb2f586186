"""Days pass under chaos, and what officers change is drafted by one and activated by another."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.days import CHANGES, Days
from tests.chaos.fault import ChaosCity
from tests.chaos.inside.arming import CITY, Arming
from tests.chaos.people import ACTIVATES, OPERATOR, People

PEOPLE = People((), (), {}, {}, {}, {name: name for name in (OPERATOR, ACTIVATES)})
RULES = CHANGES[0]


@pytest.fixture
def city(tmp_path: Path) -> ChaosCity:
    return ChaosCity(home=tmp_path / "home", port=0, armed=tmp_path / "armed")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Who asked for what of a routing that drafts version 4."""
    asked = []

    def post(url: str, *, headers: dict[str, str], **_: Any) -> httpx.Response:
        asked.append((headers["Authorization"].removeprefix("Bearer "), url.partition("/routing")[2]))
        since = "2026-06-01T00:00:00Z" if "activations" in url else None
        return httpx.Response(201, json={"version": 4, "effective_from": since})

    monkeypatch.setattr("tests.chaos.days.httpx.post", post)
    return asked


def answer(monkeypatch: pytest.MonkeyPatch, status: int, **said: str) -> None:
    monkeypatch.setattr("tests.chaos.days.httpx.post", lambda *_, **__: httpx.Response(status, json=said))


def test_what_one_operator_drafts_another_activates(city: ChaosCity, asked: list[tuple[str, str]]) -> None:
    assert Days(city, PEOPLE)._put_into_force(RULES)
    assert asked == [(OPERATOR, "/v1/rule-sets"), (ACTIVATES, "/v1/rule-sets/4/activations")]


def test_what_nobody_answers_is_drafted_again(city: ChaosCity, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 503, code="database_away")
    assert not Days(city, PEOPLE)._put_into_force(RULES)


def test_what_was_activated_without_an_answer_is_in_force(city: ChaosCity, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 409, code="no_rule_changes")
    assert Days(city, PEOPLE)._put_into_force(RULES)


def test_changes_come_when_the_citys_clock_says_so(city: ChaosCity, monkeypatch: pytest.MonkeyPatch) -> None:
    driven = Days(city, PEOPLE)
    monkeypatch.setattr(driven, "_put_into_force", lambda _: True)
    for _ in range(5):
        driven._live()
    assert driven.left == [*CHANGES]
    driven._live()
    assert driven.left == [*CHANGES[1:]]


def test_days_pass_in_every_process_until_a_log_would_be_dropped(city: ChaosCity) -> None:
    driven = Days(city, PEOPLE, left=[])
    for _ in range(1_000):
        driven._live()
    inside = Arming("routing", city.armed).value("ahead", of=CITY)
    assert timedelta(seconds=float(inside)) == city.ahead == timedelta(days=12)
