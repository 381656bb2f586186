"""``baiyang figures`` against a platform that answers, and routing's own command over a database."""

import httpx
import pytest
from cli import figures
from cli.__main__ import app
from typer.testing import CliRunner

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

    monkeypatch.setattr(figures.subprocess, "run", run)
    for words in (["compare"], ["rebuild"], ["verify"], ["freeze", "2026-10", "--as", "gao.ning"]):
        assert CliRunner().invoke(app, ["figures", *words]).exit_code == 1
    common = ["-m", "routing", "figures"]
    assert ran == [
        *([*common, word] for word in ("compare", "rebuild", "verify")),
        [*common, "freeze", "2026-10", "--by", "gao.ning"],
    ]
