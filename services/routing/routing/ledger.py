"""``python -m routing figures rebuild | compare | freeze MONTH | verify``: as the clock's role, while the city runs."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import date, datetime

from kit.db import LONGEST_OF_A_COMMAND, Database, UnitOfWork
from kit.errors import ServiceError
from sqlalchemy import text

from routing.domain.releases import KNOWS
from routing.service import comparing, freezing
from routing.settings import Settings

#: Nobody adds up, freezes or moves a place meanwhile; and the whole is one look at what had been committed.
_ALONE = (
    text("select pg_advisory_lock(hashtextextended('routing.figures', 0))"),
    text("set session characteristics as transaction isolation level repeatable read"),
)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m routing figures", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("compare", help="count again from the histories, and name each difference")
    commands.add_parser("rebuild", help="the same, and put right what differs")
    freezes = commands.add_parser("freeze", help="freeze the figures of a month that is over")
    freezes.add_argument("month", type=_month, help="as 2026-10")
    freezes.add_argument("--by", required=True, help="who freezes it, as the city knows them")
    commands.add_parser("verify", help="frozen months are as they were, signed, and come out of the histories again")
    asked = parser.parse_args(arguments)
    sys.exit(asyncio.run(_run(Settings(), asked)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  # a month has no zone
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no month: write it as 2026-10") from None


async def _run(settings: Settings, asked: argparse.Namespace) -> int:
    url, role = settings.database_url, "routing_clock"
    database = Database(url, role=role, pool_size=1, longest=LONGEST_OF_A_COMMAND, knows=KNOWS)
    try:
        if asked.command == "freeze":
            return await _freeze(database, settings, asked.month, asked.by)
        if asked.command == "rebuild":
            while done := await database.run_everywhere(comparing.count_uncounted):
                _say(f"{done} histories of before were counted")
        await database.run_everywhere(_stand_alone)
        work = {"compare": _compare, "rebuild": _rebuild, "verify": lambda uow: _verify(uow, settings)}
        found = await database.run_everywhere(work[asked.command])
    finally:
        await database.close()
    for line in found:
        _say(line)
    return 1 if found and asked.command != "rebuild" else 0


async def _freeze(database: Database, settings: Settings, month: date, by: str) -> int:
    ring = settings.service_ring
    try:
        frozen = await database.run_everywhere(lambda uow: freezing.freeze_month(uow, month, ring=ring, by=by))
    except ServiceError as refused:
        sys.stderr.write(f"{refused.detail}\n")
        return 1
    _say(f"{month:%Y-%m} is frozen: {frozen.cells} cells, seal {frozen.seal}")
    return 0


def _stand_alone(uow: UnitOfWork) -> None:
    for statement in _ALONE:
        uow.execute(statement)


def _compare(uow: UnitOfWork) -> list[str]:
    found = comparing.recount(uow)
    _say(f"{found.cases} cases, {found.uncounted} of them begun before figures were kept: `rebuild` counts those.")
    spoiled = [f"case {number}: its tally is not where its history leads to" for number in found.spoiled]
    return [*spoiled, *map(str, comparing.compare(uow, found))]


def _rebuild(uow: UnitOfWork) -> list[str]:
    found = comparing.recount(uow)
    differences = comparing.compare(uow, found)
    comparing.put_right(uow, found, differences)
    return [*(f"put right: {each}" for each in differences), f"{found.cases} cases, {len(differences)} differences"]


def _verify(uow: UnitOfWork, settings: Settings) -> list[str]:
    faults = freezing.list_faults(uow, ring=settings.service_ring)
    return [*faults, *map(str, comparing.compare_frozen(uow, comparing.recount(uow)))]
