"""A month of a small city, by the command line; a whole year is for an evening: `baiyang simulate`."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from cli.__main__ import app
from simulation.city import City
from simulation.year import AFTER_DUE, BEAT, Year
from sqlalchemy import text
from typer.testing import CliRunner

from tests.simulation.conftest import ASKED
from tests.system.city import wait_until

BAIYANG = Path(sys.executable).parent / "baiyang"

#: Of its own size: a city of four communities with eight appeals a day is through with a month in a minute; it has the
#: long holiday, an outage at the end of that, and a revision of the calendar.
MONTH = ("--communities", "4", "--days", "30", "--appeals", "8", "--start", "2026-09-25")


def test_a_month_ends_with_all_that_must_hold() -> None:
    done = subprocess.run([BAIYANG, "simulate", *MONTH], capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    *lines, last = done.stdout.splitlines()
    assert last.startswith("invariants: ")
    assert last.endswith(" checked, 0 broken")
    assert [line[:10] for line in lines[:5]] == ["2026-10-01", "2026-10-08", "2026-10-15", "2026-10-22", "2026-10-24"]
    words = lines[0].split()
    assert (words[1:6:2], words[-1]) == (["appeals", "open", "breached"], "s")


@pytest.mark.parametrize("wrong", [["--days", "0"], ["--days", "400"], ["--communities", "0"], ["--start", "tomorrow"]])
def test_what_cannot_be_simulated_is_refused(wrong: list[str]) -> None:
    done = CliRunner().invoke(app, ["simulate", *wrong])
    assert done.exit_code == 2
    assert wrong[0] in done.stderr


def test_what_is_ended_from_outside_leaves_no_server_behind() -> None:
    running = subprocess.Popen([sys.executable, "-m", "simulation", "--days", "5", "--communities", "2"])
    try:
        wait_until(lambda: bool(servers_of(running.pid)), seconds=60, what="its PostgreSQL runs")
        (server,) = servers_of(running.pid)
        running.terminate()
        assert running.wait(60) == 143
        wait_until(lambda: not Path(f"/proc/{server}").exists(), seconds=10, what="its PostgreSQL is gone")
    finally:
        running.kill()


def servers_of(pid: int) -> list[str]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in children if Path(f"/proc/{child}/comm").read_text() == "postgres\n"]


@pytest.mark.asyncio(loop_scope="module")
async def test_in_an_outage_residents_file_and_nothing_is_carried_swept_or_sent(lived: Year) -> None:
    begins, ends = ASKED.outage
    rows = await _between(lived.city, "intake", "select received_at as at from appeal", begins, ends)
    assert rows
    opened = await _between(lived.city, "routing", "select opened_at as at from cases", begins, ends)
    breached = "select settled_at as at from deadline where state = 'breached'"
    fired = await _between(lived.city, "routing", breached, begins, ends)
    sent = await _between(lived.city, "notify", "select created_at as at from message", begins, ends)
    assert (opened, fired, sent) == (0, 0, 0)
    at_once = await _between(lived.city, "routing", "select opened_at as at from cases", ends, ends + BEAT)
    assert at_once >= rows


@pytest.mark.asyncio(loop_scope="module")
async def test_a_deadline_fires_a_second_after_its_instant(lived: Year) -> None:
    query = text("select due_at, settled_at from deadline where state = 'breached'")
    rows = await lived.city.audit("routing", lambda uow: uow.execute(query).all())
    late = [row.settled_at - row.due_at for row in rows if not lived.asked.is_out(row.due_at)]
    assert late
    assert set(late) == {AFTER_DUE}


@pytest.mark.asyncio(loop_scope="module")
async def test_what_consumers_take_again_changes_nothing(lived: Year) -> None:
    carried, again = lived.carried
    assert carried > again > 0


@pytest.mark.asyncio(loop_scope="module")
async def test_each_monday_connections_are_opened_anew(lived: Year) -> None:
    began = text("select min(backend_start) from pg_stat_activity where usename like 'routing%'")
    database = lived.city.database("routing", "auditor")
    before = await database.run_everywhere(lambda uow: uow.execute(began).scalar_one())
    await lived._live_day(date(2026, 10, 5))
    assert await database.run_everywhere(lambda uow: uow.execute(began).scalar_one()) > before


async def _between(city: City, service: str, query: str, since: object, until: object) -> int:
    counting = text(f"select count(*) from ({query}) as found where at >= :since and at < :until")
    asked = {"since": since, "until": until}
    return await city.audit(service, lambda uow: int(uow.execute(counting, asked).scalar_one()))
