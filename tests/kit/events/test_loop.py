"""The clock's loop."""

import asyncio
from datetime import timedelta

import pytest
from kit.loop import Loop
from kit.testing.waiting import running, until


async def test_work_is_called_until_nothing_is_due_and_then_again_later() -> None:
    due = [3, 2, 0, 1, 0]
    calls: list[int] = []

    async def work() -> int:
        calls.append(len(calls))
        return due[len(calls) - 1] if len(calls) <= len(due) else 0

    async def seen() -> bool:
        return len(calls) > len(due)

    async with running(Loop("clock", timedelta(milliseconds=1), work)):
        await until(seen, "the loop goes on")


async def test_a_failing_pass_is_tried_again_and_seen() -> None:
    fails = [True]

    async def work() -> int:
        if fails[0]:
            raise ConnectionError
        return 0

    loop = Loop("clock", timedelta(milliseconds=1), work, longest_pause=timedelta(milliseconds=5))

    async def troubled() -> bool:
        return not loop.check().ready

    async def well() -> bool:
        return loop.check().ready

    async with running(loop):
        await until(troubled, "the loop says that it fails")
        assert loop.check().alive
        assert "ConnectionError" in loop.check().detail
        fails[0] = False
        await until(well, "it is well again")


async def test_a_pass_that_never_ends_is_not_alive() -> None:
    go_on = asyncio.Event()

    async def work() -> int:
        await go_on.wait()
        return 0

    loop = Loop("clock", timedelta(milliseconds=1), work, stuck_after=timedelta(0))

    async def hangs() -> bool:
        return not loop.check().alive

    async with running(loop):
        await until(hangs, "a pass that hangs is seen")
        go_on.set()


async def test_a_pass_that_was_not_full_rests_so_that_what_comes_singly_is_done_together() -> None:
    due = [2, 2, 1]
    calls: list[int] = []

    async def work() -> int:
        calls.append(len(calls))
        return due[len(calls) - 1]

    loop = Loop("clock", timedelta(hours=1), work, full=2)

    async def all_done() -> bool:
        return len(calls) == len(due)

    async with running(loop):
        await until(all_done, "full passes follow one another")
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(calls) == len(due)


async def test_whoever_drives_the_clock_has_all_done_that_is_due_and_hears_what_fails() -> None:
    due = [2, 2, 1, 2]

    async def work() -> int:
        if not due:
            raise ConnectionError
        return due.pop(0)

    loop = Loop("clock", timedelta(hours=1), work, full=2)
    assert await loop.catch_up() == 5
    with pytest.raises(ConnectionError):
        await loop.catch_up()
