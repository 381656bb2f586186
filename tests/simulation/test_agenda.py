"""What is planned, by its instant."""

from datetime import UTC, datetime, timedelta

from simulation.agenda import Agenda

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def _nothing() -> None:
    return


def keys_until(agenda: Agenda, moment: datetime) -> list[object]:
    return [planned.key for planned in agenda.until(moment)]


def test_what_is_planned_comes_up_in_the_order_of_its_instants() -> None:
    agenda = Agenda()
    for key, at in (("late", NOON + HOUR), ("early", NOON - HOUR), ("next", NOON)):
        agenda.plan(at, _nothing, key=key)
    assert keys_until(agenda, NOON) == ["early", "next"]
    assert agenda.next_at == NOON + HOUR


def test_what_is_planned_again_takes_the_place_of_what_was_planned_before() -> None:
    agenda = Agenda()
    agenda.plan(NOON, _nothing, key="case")
    agenda.plan(NOON + HOUR, _nothing, key="case")
    assert keys_until(agenda, NOON) == []
    assert keys_until(agenda, NOON + HOUR) == ["case"]
    assert not agenda.has("case")


def test_what_is_planned_meanwhile_comes_up_too() -> None:
    agenda = Agenda()
    agenda.plan(NOON - HOUR, _nothing, key="first")
    seen = []
    for planned in agenda.until(NOON):
        seen.append(planned.key)
        if planned.key == "first":
            agenda.plan(NOON, _nothing, key="second")
    assert seen == ["first", "second"]
