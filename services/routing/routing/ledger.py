"""``python -m routing figures rebuild | compare | freeze MONTH | verify``: as the clock's role, while the city runs.

What counts again is one look at what had been committed, and locks nothing; what writes does so piece by piece.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from kit.db import LONGEST_OF_A_COMMAND, Database, UnitOfWork
from kit.errors import ServiceError
from sqlalchemy import text

from routing.domain.releases import KNOWS
from routing.service import comparing, figures, freezing
from routing.service.comparing import CHUNK, Difference, Recount
from routing.settings import Settings

T = TypeVar("T")

_ONE_LOOK = text("set session characteristics as transaction isolation level repeatable read")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m routing figures", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    compares = commands.add_parser("compare", help="count again from the histories, and name each difference")
    compares.add_argument("--since", type=_month, default=date.min, help="the first month, as 2026-10; else all")
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
    match asked.command:
        case "compare":
            found = await _in_one_look(settings, partial(_compare, since=asked.since))
        case "verify":
            found = await _in_one_look(settings, partial(_verify, settings=settings))
        case "rebuild":
            return await _with_database(settings, partial(_rebuild, settings))
        case _:
            return await _with_database(settings, partial(_freeze, settings, asked.month, asked.by))
    for line in found:
        _say(line)
    return 1 if found else 0


async def _with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    url, role = settings.database_url, "routing_clock"
    database = Database(url, role=role, pool_size=1, longest=LONGEST_OF_A_COMMAND, knows=KNOWS)
    try:
        return await work(database)
    finally:
        await database.close()


async def _in_one_look(settings: Settings, work: Callable[[UnitOfWork], T]) -> T:
    """Nothing that it writes stays."""

    def look(uow: UnitOfWork) -> T:
        with uow.connection.begin_nested() as looking:
            found = work(uow)
            looking.rollback()
        return found

    async def look_alone(database: Database) -> T:
        await database.run_everywhere(lambda uow: uow.execute(_ONE_LOOK))
        return await database.run_everywhere(look)

    return await _with_database(settings, look_alone)


async def _freeze(settings: Settings, month: date, by: str, database: Database) -> int:
    """With little left to add up: whoever moves a place waits for it."""
    while await database.run_everywhere(figures.sweep_increments) == figures.BATCH:
        pass
    ring = settings.service_ring
    try:
        frozen = await database.run_everywhere(lambda uow: freezing.freeze_month(uow, month, ring=ring, by=by))
    except ServiceError as refused:
        sys.stderr.write(f"{refused.detail}\n")
        return 1
    _say(f"{month:%Y-%m} is frozen: {frozen.cells} cells, seal {frozen.seal}")
    return 0


def _compare(uow: UnitOfWork, *, since: date) -> list[str]:
    found = comparing.recount(uow, since=since)
    _say(f"{found.cases} cases, {found.uncounted} of them begun before figures were kept: `rebuild` counts those.")
    return [*map(_spoiled, found.spoiled), *map(str, comparing.compare(uow, since=since))]


def _spoiled(number: str) -> str:
    return f"case {number}: its tally is not where its history leads to"


def _recount(uow: UnitOfWork) -> tuple[Recount, list[Difference]]:
    return comparing.recount(uow), comparing.compare(uow)


async def _rebuild(settings: Settings, database: Database) -> int:
    """Whatever was booked when it ends early stands; begun again, it finds the rest."""
    while done := await database.run_everywhere(comparing.count_uncounted):
        _say(f"{done} histories of before were counted")
    while places := await database.run_everywhere(comparing.bring_home):
        _say_each("brought to where it lies now", places)
    found, differences = await _in_one_look(settings, _recount)
    if found.spoiled:
        # A step that is counted from where a tally should not be makes another difference.
        for numbers in _chunks(found.spoiled):
            await database.run_everywhere(partial(comparing.mend_tallies, numbers=numbers))
            _say_each("mended", map(_spoiled, numbers))
        found, differences = await _in_one_look(settings, _recount)
    for chunk in _chunks(differences):
        await database.run_everywhere(partial(comparing.put_right, differences=chunk))
        _say_each("put right", map(str, chunk))
    _say(f"{found.cases} cases, {len(differences)} differences")
    return 0


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[first : first + CHUNK] for first in range(0, len(items), CHUNK))


def _say_each(done: str, lines: Iterable[str]) -> None:
    for line in lines:
        _say(f"{done}: {line}")


def _verify(uow: UnitOfWork, *, settings: Settings) -> list[str]:
    _say(f"{len(freezing.list_freezes(uow))} frozen months")
    faults = freezing.list_faults(uow, ring=settings.service_ring)
    comparing.recount(uow)
    return [*faults, *map(str, comparing.compare_frozen(uow))]
