"""``baiyang figures`` against a platform that answers, and routing's own command over a database."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
from cli import figures
from cli.__main__ import app
from kit.clock import DrivenClock
from kit.crypto import new_key
from kit.db import Database, UnitOfWork
from kit.testing.servers import NOW
from psycopg import Connection
from routing import consumers, ledger
from routing.repository.figures import LOCK
from routing.service import comparing, opening
from routing.service import figures as figures_kept
from routing.service.comparing import Difference
from sqlalchemy import text
from typer.testing import CliRunner

from tests import commands
from tests.routing.conftest import City, lay_city, make_appeal

T = TypeVar("T")

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

    commands.reach(monkeypatch, figures, commands.only("zhou.lan", answer))
    shown = CliRunner().invoke(app, ["figures", "show", "--as", "zhou.lan", "--since", "2026-11-01", "--by", "place"])
    assert shown.exit_code == 0
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.output.splitlines() if "│" in line]
    assert ["on_time", "75.0%", "3 / 4", "1"] in rows
    assert ["redone", "–", "0 / 0", ""] in rows
    assert ["overdue", "", "3", ""] in rows
    assert dict(asked[0].params) == {"since": "2026-11-01", "by": "place", "limit": "200"}


def test_what_lines_are_of_is_named_and_not_by_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/grid/v1/posts/p1":
            return httpx.Response(200, json={"title": "二号服务窗口", "code": "HZ-BY/window-2"})
        if request.url.path != "/routing/v1/figures":
            return httpx.Response(404)
        items = [{**LINE, "key": key} for key in ("p1", "gone", None)]
        return httpx.Response(200, json={"items": items, "next": None, "since": "2026-11-01", "until": "2026-11-30"})

    commands.reach(monkeypatch, figures, commands.only("zhou.lan", answer))
    shown = CliRunner().invoke(app, ["figures", "show", "--as", "zhou.lan", "--by", "post"])
    assert shown.exit_code == 0
    for heading in ("二号服务窗口 (HZ-BY/window-2), 2026-11-01", "gone, 2026-11-01", "Of no post, 2026-11-01"):
        assert heading in " ".join(shown.output.split())


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


#: When the cases were opened.
THEN = NOW - timedelta(days=400)


@dataclass(frozen=True)
class Laid:
    url: str
    city: City

    def open_case(self) -> None:
        on(self.url, "consumer", lambda uow: opening.open_cases(uow, [make_appeal(self.city)]), now=THEN)


@pytest.fixture
def laid(fresh_database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Laid:
    """Two cases, one of them begun before figures were kept."""
    url = fresh_database_of("routing")
    monkeypatch.setenv("ROUTING_DATABASE_URL", url)
    monkeypatch.setenv("ROUTING_SERVICE_KEYS", KEY)
    laid = Laid(url, on(url, "consumer", lay_city, now=THEN))
    for _ in range(2):
        laid.open_case()
    forget = "update cases set tally = null where case_id = (select min(case_id::text)::uuid from cases)"
    on(url, "consumer", lambda uow: uow.execute(text(forget)))
    uncounted = "delete from figure_increment i using cases c where c.case_id = i.case_id and c.tally is null"
    on(url, "clock", lambda uow: uow.execute(text(uncounted)))
    return laid


@pytest.fixture
def city_url(laid: Laid) -> str:
    return laid.url


def on(url: str, role: str, work: Callable[[UnitOfWork], T], *, now: datetime = NOW) -> T:
    async def run() -> T:
        database = Database(url, role=f"routing_{role}", clock=DrivenClock(now))
        try:
            return await database.run_everywhere(work)
        finally:
            await database.close()

    return asyncio.run(run())


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
    assert command(capsys, "verify") == (0, ["1 frozen months"])
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


@pytest.fixture
def adding_up(city_url: str) -> Iterator[Connection[Any]]:
    """Somebody adds figures up, for longer than anybody should wait."""
    with psycopg.connect(city_url.format(role="routing_clock").replace("+asyncpg", "")) as connection:
        connection.execute(LOCK)
        yield connection


@pytest.mark.usefixtures("adding_up")
def test_counting_again_waits_for_nobody_who_adds_up(city_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(capsys, "compare")[0] == 0
    assert command(capsys, "verify") == (0, ["0 frozen months"])


def test_a_place_that_moves_meanwhile_holds_no_case(laid: Laid, adding_up: Connection[Any]) -> None:
    move = partial(consumers._move_place, place_id=laid.city.ids["area"], path="/moved/")
    moving = Thread(target=on, args=(laid.url, "consumer", move))
    moving.start()
    while adding_up.execute("select from pg_locks where locktype = 'advisory' and not granted").fetchone() is None:
        pass
    held = text("select case_id from cases for update nowait")
    assert len(on(laid.url, "clock", lambda uow: uow.execute(held).all())) == 2
    adding_up.rollback()
    moving.join()
    moved = "select count(*) from cases where placed_path = '/moved/'"
    assert on(laid.url, "clock", lambda uow: uow.execute(text(moved)).scalar_one()) == 2


def test_what_lies_where_its_place_lay_before_is_brought_home(laid: Laid, capsys: pytest.CaptureFixture[str]) -> None:
    command(capsys, "rebuild")
    on(laid.url, "clock", figures_kept.sweep_increments)
    spoil(laid, "update figure_kept set path = '/elsewhere/' where path <> '/'")
    code, said = command(capsys, "rebuild")
    assert (code, [line.partition(":")[0] for line in said[:-1]]) == (0, ["brought to where it lies now"])
    astray = text("select count(*) from figure_kept where path = '/elsewhere/'")
    assert on(laid.url, "clock", lambda uow: uow.execute(astray).scalar_one()) == 0
    assert command(capsys, "rebuild")[1] == [said[-1]]


def test_steps_go_on_while_figures_are_put_right_piece_by_piece(
    laid: Laid, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of a case of the same day and place, whose sums are wrong and are just being booked."""
    command(capsys, "rebuild")
    spoil(laid, "update figure_kept set accepted = accepted + 1")
    spoil(laid, """update cases set tally = '{"promise": "missed"}'""")
    monkeypatch.setattr(ledger, "CHUNK", 4)
    put_right, pieces = comparing.put_right, []

    def beside_steps(uow: UnitOfWork, differences: Sequence[Difference]) -> None:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(laid.open_case).result()
            put_right(uow, differences)
            pieces.append(len(differences))
            beside.submit(laid.open_case).result()

    monkeypatch.setattr(comparing, "put_right", beside_steps)
    assert command(capsys, "rebuild")[0] == 0
    assert len(pieces) > 1
    code, said = command(capsys, "compare")
    assert (code, said[0].split(",")[0]) == (0, f"{2 + 2 * len(pieces)} cases")


def test_what_was_booked_before_it_was_ended_stands_and_the_rest_is_found(
    laid: Laid, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command(capsys, "rebuild")
    spoil(laid, "update figure_kept set accepted = accepted + 1")
    wrong = len(command(capsys, "compare")[1]) - 1
    monkeypatch.setattr(ledger, "CHUNK", 4)
    put_right = comparing.put_right

    def once(uow: UnitOfWork, differences: Sequence[Difference]) -> None:
        put_right(uow, differences)
        monkeypatch.setattr(comparing, "put_right", end)

    def end(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing, "put_right", once)
    with pytest.raises(KeyboardInterrupt):
        ledger.main(["rebuild"])
    monkeypatch.setattr(comparing, "put_right", put_right)
    capsys.readouterr()
    assert command(capsys, "rebuild")[1][-1] == f"2 cases, {wrong - 4} differences"
    assert command(capsys, "compare")[0] == 0


def spoil(laid: Laid, statement: str) -> None:
    """When all has been added up."""
    on(laid.url, "clock", figures_kept.sweep_increments)
    on(laid.url, "clock" if "figure_kept" in statement else "consumer", lambda uow: uow.execute(text(statement)))


def test_a_month_that_is_none_is_refused(city_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = command(capsys, "freeze", "13", "--by", "gao.ning")
    assert (code, "write it as 2026-10" in said[-1]) == (2, True)
