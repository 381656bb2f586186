"""What holds for every event, in memory and over a real broker."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.envelope import Tombstone
from contracts.grid import PlaceChangedV1, PlaceState
from contracts.intake import AppealCorrectedV1, AppealWithdrawnV1
from kit.db import UnitOfWork
from kit.errors import Conflict, NotYet
from kit.kafka import consumes, consumes_tombstone, dead_letters
from kit.kafka.record import Record
from sqlalchemy import text

AT = datetime(2026, 11, 23, tzinfo=UTC)


def withdrawn(appeal: UUID, version: int, reason: str = "mistake") -> AppealWithdrawnV1:
    return AppealWithdrawnV1(appeal_id=appeal, version=version, withdrawn_at=AT, reason=reason)


def corrected(appeal: UUID, version: int, gist: str = "gist") -> AppealCorrectedV1:
    return AppealCorrectedV1(appeal_id=appeal, version=version, corrected_at=AT, gist=gist, placed_path="/")


def place(place_id: UUID, version: int, name: str = "Birch") -> PlaceChangedV1:
    return PlaceChangedV1(
        place_id=place_id,
        version=version,
        code="B1",
        name=name,
        tier="building",
        parent_id=None,
        path=f"/{place_id.hex}/",
        depth=1,
        state=PlaceState.ACTIVE,
    )


def note(uow: UnitOfWork, key: object, version: int, what: str) -> None:
    statement = text("insert into effect (key, version, what) values (:key, :version, :what)")
    uow.execute(statement, {"key": str(key), "version": version, "what": what})


@consumes(AppealWithdrawnV1)
def take_withdrawal(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    if event.reason == "refused":
        raise Conflict("already_closed", "The case is closed.")
    if event.reason == "bug":
        raise ZeroDivisionError(f"choked on {event.reason}")
    note(uow, event.appeal_id, event.version, event.reason)


@consumes(AppealCorrectedV1)
def take_correction(uow: UnitOfWork, event: AppealCorrectedV1) -> None:
    note(uow, event.appeal_id, event.version, event.gist)


async def test_each_event_takes_effect_once_and_in_the_order_of_its_key(pipeline: Any) -> None:
    keys = [uuid4() for _ in range(30)]
    await pipeline.start(take_withdrawal, take_correction)
    for version in range(1, 6):
        await pipeline.publish(*(withdrawn(k, version) if version % 2 else corrected(k, version) for k in keys))
    await pipeline.settle()
    effects = await pipeline.effects()
    assert {key: [v for k, v, _ in effects if k == key] for key, _, _ in effects} == {
        str(key): [1, 2, 3, 4, 5] for key in keys
    }


async def test_a_bad_event_costs_only_itself(pipeline: Any) -> None:
    good, bad = uuid4(), uuid4()
    await pipeline.start(take_withdrawal, take_correction)
    await pipeline.publish(
        withdrawn(good, 1), withdrawn(bad, 1), withdrawn(bad, 2, "refused"), withdrawn(bad, 3), withdrawn(good, 2)
    )
    await pipeline.settle()
    effects = await pipeline.effects()
    assert [v for k, v, _ in effects if k == str(good)] == [1, 2]
    assert [v for k, v, _ in effects if k == str(bad)] == [1, 3]
    letters = await pipeline.query("select reason, detail, key, attempts, state from dead_letter")
    assert [tuple(row) for row in letters] == [("already_closed", "The case is closed.", str(bad), 1, "open")]


async def test_a_bug_is_tried_again_and_then_dies_without_its_words(pipeline: Any) -> None:
    key = uuid4()
    await pipeline.start(take_withdrawal)
    await pipeline.publish(withdrawn(key, 1, "bug"), withdrawn(key, 2))
    await pipeline.settle()
    assert [v for _, v, _ in await pipeline.effects()] == [2]
    [letter] = await pipeline.query("select reason, detail, attempts from dead_letter")
    assert (letter.reason, letter.attempts) == ("bug", 5)
    assert "ZeroDivisionError" in letter.detail
    assert "choked" not in letter.detail


async def test_an_event_that_is_sent_again_changes_nothing(pipeline: Any) -> None:
    key = uuid4()
    await pipeline.start(take_withdrawal)
    await pipeline.publish(withdrawn(key, 1))
    await pipeline.settle()
    [row] = await pipeline.query("select event_id from inbox")
    headers = (
        ("ce_id", str(row.event_id).encode()),
        ("ce_type", b"intake.appeal.withdrawn.v1"),
        ("ce_subjectversion", b"1"),
        ("ce_time", b"2026-11-23T00:00:00Z"),
    )
    body = withdrawn(key, 1).model_dump_json().encode()
    await pipeline.append(Record("intake.appeal.v1", 0, 1, str(key).encode(), body, headers))
    await pipeline.settle()
    assert len(await pipeline.effects()) == 1


UNDECODABLE: dict[str, tuple[bytes, bytes, Any]] = {
    "header": (b"key", b"{}", (("ce_type", b"\xff\xfe"),)),
    "no type": (b"key", b"{}", ()),
    "body": (b"key", b"\xff{", "valid"),
    "not the model": (b"key", b'{"reason": 5}', "valid"),
    "no body": (b"key", b"", "valid"),
    "key": (b"\xff\xff", withdrawn(uuid4(), 1).model_dump_json().encode(), "valid"),
    "nul": (b"\x00", b"\x00", (("ce_type", b"intake.appeal.withdrawn.v1"), ("ce_id", b"\x00"))),
}


@pytest.mark.parametrize("case", sorted(UNDECODABLE))
async def test_what_cannot_be_decoded_becomes_a_dead_letter_with_its_bytes(pipeline: Any, case: str) -> None:
    key, value, headers = UNDECODABLE[case]
    if headers == "valid":
        headers = (
            ("ce_id", str(uuid4()).encode()),
            ("ce_type", b"intake.appeal.withdrawn.v1"),
            ("ce_subjectversion", b"1"),
            ("ce_time", b"2026-11-23T00:00:00Z"),
        )
    await pipeline.start(take_withdrawal)
    await pipeline.append(Record("intake.appeal.v1", 0, 0, key, value, headers))
    after = uuid4()
    await pipeline.publish(withdrawn(after, 1))
    await pipeline.settle()
    [letter] = await pipeline.query("select body, raw_key, reason, detail from dead_letter")
    assert (bytes(letter.body), bytes(letter.raw_key)) == (value, key)
    assert letter.reason in {"undecodable", "invalid_body"}
    assert [k for k, _, _ in await pipeline.effects()] == [str(after)]


async def test_unknown_types_pass(pipeline: Any) -> None:
    await pipeline.start(take_withdrawal)
    headers = (("ce_type", b"intake.appeal.sung.v9"), ("ce_id", b"x"))
    await pipeline.append(Record("intake.appeal.v1", 0, 0, b"k", b"{}", headers))
    await pipeline.publish(corrected(uuid4(), 1), withdrawn(uuid4(), 2))
    await pipeline.settle()
    assert [v for _, v, _ in await pipeline.effects()] == [2]
    assert await pipeline.query("select 1 from dead_letter") == []


@consumes(PlaceChangedV1, snapshot=True)
def copy_place(uow: UnitOfWork, event: PlaceChangedV1, *, version: int) -> None:
    known = uow.execute(
        text("select 1 from effect where key = :k and version >= :v"), {"k": str(event.place_id), "v": version}
    )
    if known.first() is None:
        note(uow, event.place_id, version, "place")


@consumes(AppealCorrectedV1)
def take_correction_at_place(uow: UnitOfWork, event: AppealCorrectedV1) -> None:
    if event.gist.startswith("at "):
        wanted = event.gist.removeprefix("at ")
        if uow.execute(text("select 1 from effect where key = :k"), {"k": wanted}).first() is None:
            raise NotYet("grid.place.v1", wanted)
    note(uow, event.appeal_id, event.version, "corrected")


async def test_a_key_waits_for_what_has_not_come_and_goes_on_in_order(pipeline: Any) -> None:
    appeal, other, missing = uuid4(), uuid4(), uuid4()
    await pipeline.start(copy_place, take_correction_at_place, take_withdrawal)
    await pipeline.publish(
        withdrawn(appeal, 1), corrected(appeal, 2, f"at {missing}"), withdrawn(appeal, 3), withdrawn(other, 1)
    )
    await pipeline.settle()
    assert sorted(k for k, _, _ in await pipeline.effects()) == sorted([str(appeal), str(other)])
    assert [r.n for r in await pipeline.query("select count(*) as n from parked")] == [2]
    await pipeline.publish(withdrawn(appeal, 4))
    await pipeline.publish(place(missing, 1), service="grid")
    await pipeline.settle()
    assert [v for k, v, _ in await pipeline.effects() if k == str(appeal)] == [1, 2, 3, 4]
    assert await pipeline.query("select 1 from parked") == []
    assert await pipeline.query("select 1 from dead_letter") == []


async def test_a_parked_event_that_comes_again_is_parked_once(pipeline: Any) -> None:
    appeal = uuid4()
    await pipeline.start(take_correction_at_place)
    await pipeline.publish(corrected(appeal, 1, f"at {uuid4()}"))
    await pipeline.settle()
    [row] = await pipeline.query("select event_id, body from parked")
    headers = (
        ("ce_id", str(row.event_id).encode()),
        ("ce_type", b"intake.appeal.corrected.v1"),
        ("ce_subjectversion", b"1"),
        ("ce_time", b"2026-11-23T00:00:00Z"),
    )
    await pipeline.append(Record("intake.appeal.v1", 0, 5, str(appeal).encode(), bytes(row.body), headers))
    await pipeline.settle()
    assert len(await pipeline.query("select 1 from parked")) == 1


@consumes(AppealWithdrawnV1, on_failure="park")
def take_withdrawal_or_wait(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    allowed = uow.execute(text("select 1 from effect where what = 'allowed'")).first()
    if event.reason == "refused" and allowed is None:
        raise Conflict("already_closed", "The case is closed.")
    note(uow, event.appeal_id, event.version, event.reason)


SETTLEMENTS: dict[str, tuple[Callable[..., None], list[int]]] = {
    "replay": (dead_letters.request_replay, [1, 2, 3, 4]),
    "discard": (dead_letters.discard, [1, 3, 4]),
}


@pytest.mark.parametrize("how", sorted(SETTLEMENTS))
async def test_what_follows_a_dead_letter_waits_until_it_is_settled(pipeline: Any, how: str) -> None:
    settle, expected = SETTLEMENTS[how]
    key = uuid4()
    await pipeline.start(take_withdrawal_or_wait, take_correction)
    await pipeline.publish(withdrawn(key, 1), withdrawn(key, 2, "refused"), corrected(key, 3))
    await pipeline.settle()
    await pipeline.publish(withdrawn(key, 4))
    await pipeline.settle()
    assert [v for k, v, _ in await pipeline.effects() if k == str(key)] == [1]
    [letter] = await pipeline.query("select id from dead_letter where blocks")
    await pipeline.change(lambda uow: note(uow, "-", 0, "allowed"))
    for _ in range(2):
        await pipeline.change(lambda uow: settle(uow, letter.id, by="wang.min", reason="looked at"))
        await pipeline.settle()
    assert [v for k, v, _ in await pipeline.effects() if k == str(key)] == expected


async def test_a_replay_that_fails_again_leaves_the_letter_open(pipeline: Any) -> None:
    key = uuid4()
    await pipeline.start(take_withdrawal)
    await pipeline.publish(withdrawn(key, 1, "refused"))
    await pipeline.settle()
    [letter] = await pipeline.query("select id from dead_letter")
    await pipeline.change(lambda uow: dead_letters.request_replay(uow, letter.id, by="wang.min", reason="try"))
    await pipeline.settle()
    [letter] = await pipeline.query("select state, attempts from dead_letter")
    assert (letter.state, letter.attempts) == ("open", 2)


@consumes(AppealWithdrawnV1, set_wise=True)
def take_withdrawals(uow: UnitOfWork, events: list[AppealWithdrawnV1]) -> None:
    for event in events:
        if event.reason == "refused":
            raise Conflict("already_closed", "The case is closed.")
        note(uow, event.appeal_id, event.version, event.reason)


async def test_a_set_is_taken_together_without_breaking_the_order_of_a_key(pipeline: Any) -> None:
    keys = [uuid4() for _ in range(10)]
    await pipeline.start(take_withdrawals, take_correction)
    await pipeline.publish(
        *(withdrawn(k, 1) for k in keys), corrected(keys[3], 2), withdrawn(keys[3], 3), withdrawn(keys[4], 2, "refused")
    )
    await pipeline.settle()
    effects = await pipeline.effects()
    assert [v for k, v, _ in effects if k == str(keys[3])] == [1, 2, 3]
    assert len(effects) == 12
    assert len(await pipeline.query("select 1 from dead_letter")) == 1


@consumes(AppealWithdrawnV1, set_wise=True)
@consumes(AppealCorrectedV1, set_wise=True)
def take_steps(uow: UnitOfWork, events: list[AppealWithdrawnV1 | AppealCorrectedV1]) -> None:
    for event in events:
        note(uow, event.appeal_id, event.version, f"of {len(events)}")


async def test_what_one_handler_takes_is_one_set_whatever_its_types(pipeline: Any) -> None:
    keys = [uuid4() for _ in range(5)]
    await pipeline.publish(*(say(k, v) for k in keys for v, say in ((1, withdrawn), (2, corrected), (3, withdrawn))))
    await pipeline.start(take_steps)
    await pipeline.settle()
    effects = await pipeline.effects()
    assert {key: [v for k, v, _ in effects if k == key] for key, _, _ in effects} == {str(k): [1, 2, 3] for k in keys}
    assert {int(what.removeprefix("of ")) % 3 for _, _, what in effects} == {0}, "a key's steps were torn apart"


@consumes(PlaceChangedV1, snapshot=True, set_wise=True)
def copy_places(uow: UnitOfWork, events: list[PlaceChangedV1], *, versions: list[int]) -> None:
    for event, version in zip(events, versions, strict=True):
        note(uow, event.place_id, version, event.name)


async def test_snapshots_in_a_set_come_each_with_its_version(pipeline: Any) -> None:
    first, second = uuid4(), uuid4()
    await pipeline.start(copy_places, forget_place)
    erased = Tombstone(topic="grid.place.v1", type="grid.place.changed.v1", key=str(first), version=3)
    await pipeline.publish(place(first, 1), place(second, 1, "Ash"), place(first, 2), erased, service="grid")
    await pipeline.publish(place(first, 4), service="grid")
    await pipeline.settle()
    effects = await pipeline.effects()
    assert [v for k, v, _ in effects if k == str(first)] == [1, 2, 3, 4]
    assert (str(second), 1, "Ash") in effects
    assert await pipeline.query("select 1 from inbox") == []


@consumes_tombstone("grid.place.v1")
def forget_place(uow: UnitOfWork, event: Tombstone, *, version: int) -> None:
    note(uow, event.key, version, "forgotten")


async def test_snapshots_come_with_their_version_and_tombstones_without_a_body(pipeline: Any) -> None:
    first = uuid4()
    await pipeline.start(copy_place, forget_place)
    await pipeline.publish(place(first, 1), place(first, 2), service="grid")
    erased = Tombstone(topic="grid.place.v1", type="grid.place.changed.v1", key=str(first), version=3)
    await pipeline.publish(erased, service="grid")
    await pipeline.settle()
    assert await pipeline.effects() == [
        (str(first), 1, "place"),
        (str(first), 2, "place"),
        (str(first), 3, "forgotten"),
    ]
    assert await pipeline.query("select 1 from inbox") == []
