"""``baiyang figures`` against a platform that answers, and routing's own command over a database."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from cli import figures
from cli.__main__ import app
from kit.clock import DrivenClock
from kit.crypto import new_key
from kit.db import Database, UnitOfWork
from kit.testing.servers import NOW
from routing import ledger
from routing.service import opening
from sqlalchemy import text
from typer.testing import CliRunner

from tests.routing.conftest import lay_city, make_appeal

LINE = {
    "key": "",
    "figures": {"overdue": 3, "unrated": 2, "plans_open": 1},
    "rates": {
        "on_time": {"share": 0.75, "part": 3, "whole": 4, "excluded": 1},
        "redone": {"share": None, "part": 0, "whole": 0, "excluded": None},
    },
}


def test_rates_are_shown_with_what_they_are_of_and_what_was_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        page = {"items": [LINE], "next": None, "since": "2026-11-01", "until": "2026-11-30"}
        return httpx.Response(200, json=page)

    def client_of(*_: object) -> httpx.Client:
        return httpx.Client(base_url="http://city.test", transport=httpx.MockTransport(answer))

    monkeypatch.setattr(figures, "client_of", client_of)
    shown = CliRunner().invoke(app, ["figures", "show", "--as", "zhou.lan", "--since", "2026-11-01", "--by", "place"])
    assert shown.exit_code == 0
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.output.splitlines() if "│" in line]
    assert ["on_time", "75.0%", "3 / 4", "1"] in rows
    assert ["redone", "–", "0 / 0", ""] in rows
    assert ["overdue", "", "3", ""] in rows
    assert dict(asked[0].params) == {"since": "2026-11-01", "by": "place", "limit": "200"}


def test_what_works_beside_the_database_is_routings_own_command(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    class Done:
        returncode = 1

    def run(command: list[str], **_: object) -> Done:
        ran.append(command[1:])
        return Done()

    monkeypatch.setattr("subprocess.run", run)
    for words in (["compare"], ["rebuild"], ["verify"], ["freeze", "2026-10", "--as", "gao.ning"]):
        assert CliRunner().invoke(app, ["figures", *words]).exit_code == 1
    common = ["-m", "routing", "figures"]
    assert ran == [
        *([*common, word] for word in ("compare", "rebuild", "verify")),
        [*common, "freeze", "2026-10", "--by", "gao.ning"],
    ]


KEY = new_key("k1")


@pytest.fixture
def city_url(fresh_database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Two cases, one of them begun before figures were kept."""
    url = fresh_database_of("routing")
    monkeypatch.setenv("ROUTING_DATABASE_URL", url)
    monkeypatch.setenv("ROUTING_SERVICE_KEYS", KEY)

    def lay(uow: UnitOfWork) -> None:
        city = lay_city(uow)
        opening.open_cases(uow, [make_appeal(city), make_appeal(city)])

    on(url, "consumer", lay, now=NOW - timedelta(days=400))
    forget = "update cases set tally = null where case_id = (select min(case_id::text)::uuid from cases)"
    on(url, "consumer", lambda uow: uow.execute(text(forget)))
    uncounted = "delete from figure_increment i using cases c where c.case_id = i.case_id and c.tally is null"
    on(url, "clock", lambda uow: uow.execute(text(uncounted)))
    return url


def on(url: str, role: str, work: Callable[[UnitOfWork], object], *, now: datetime = NOW) -> None:
    async def run() -> None:
        database = Database(url, role=f"routing_{role}", clock=DrivenClock(now))
        try:
            await database.run_everywhere(work)
        finally:
            await database.close()

    asyncio.run(run())


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    with pytest.raises(SystemExit) as ended:
        ledger.main(arguments)
    said = capsys.readouterr()
    return int(ended.value.code or 0), (said.out + said.err).splitlines()


def test_the_command_counts_again_puts_right_freezes_and_verifies(
    city_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside steps that go on: each is one look at what had been committed."""
    code, said = command(capsys, "compare")
    assert (code, said) == (0, ["2 cases, 1 of them begun before figures were kept: `rebuild` counts those."])
    code, said = command(capsys, "rebuild")
    assert (code, said) == (0, ["1 histories of before were counted", "2 cases, 0 differences"])
    month = (NOW - timedelta(days=400)).strftime("%Y-%m")
    code, said = command(capsys, "freeze", month, "--by", "gao.ning")
    assert (code, said[0].startswith(f"{month} is frozen: ")) == (0, True)
    assert command(capsys, "verify") == (0, [])
    wrong = "update figure_kept set received = received + 1 where dimension = 'all' and grain = 'month'"
    on(city_url, "clock", lambda uow: uow.execute(text(wrong)))
    code, said = command(capsys, "compare")
    assert (code, said[1:]) == (1, [f"received at community, month {month}-01: kept 3, counted 2"])
    code, said = command(capsys, "rebuild")
    assert said == [
        f"put right: received at community, month {month}-01: kept 3, counted 2",
        "2 cases, 1 differences",
    ]
    assert command(capsys, "compare")[0] == 0
    code, said = command(capsys, "freeze", month, "--by", "gao.ning")
    assert (code, "is frozen" in said[0]) == (1, True)


def test_a_month_that_is_none_is_refused(city_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = command(capsys, "freeze", "13", "--by", "gao.ning")
    assert (code, "write it as 2026-10" in said[-1]) == (2, True)
