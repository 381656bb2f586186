"""What must hold at the end of a simulated time; and each of it can fail."""

import pytest
from local.postgres import Postgres
from simulation import report
from simulation.invariants import (
    INVARIANTS,
    Checked,
    Invariant,
    check,
    every_appeal_that_was_receipted_is_there,
    every_deadline_fires_once_and_on_its_instant,
    every_tier_is_reached,
    every_warning_is_given_once_and_on_its_instant,
    figures_counted_again_are_those_that_were_kept,
    no_case_is_without_a_holder,
    no_promise_is_other_than_its_explanation,
    nothing_is_lost_nor_told_twice,
    what_is_late_climbs_on_its_instant,
)
from simulation.year import Year

#: What breaks each, in whose database, and what is said of it.
PLANTED: tuple[tuple[Invariant, str, str, str], ...] = (
    (
        every_deadline_fires_once_and_on_its_instant,
        "routing",
        "update deadline set settled_at = settled_at + interval '1 hour' where state = 'breached'",
        "breached",
    ),
    (
        every_deadline_fires_once_and_on_its_instant,
        "routing",
        "update deadline set state = 'breached' where state = 'met'",
        "0 breaches",
    ),
    (
        every_warning_is_given_once_and_on_its_instant,
        "routing",
        "update deadline set warnings = '[]'",
        "of its time passed None",
    ),
    (
        what_is_late_climbs_on_its_instant,
        "routing",
        "update supervision set due_at = due_at - interval '30 days'",
        "stands at",
    ),
    (
        no_promise_is_other_than_its_explanation,
        "routing",
        "update deadline set due_at = due_at + interval '1 day' where kind = 'promise'",
        "reckoning says due_at",
    ),
    (
        figures_counted_again_are_those_that_were_kept,
        "routing",
        "update figure_kept set answered = answered + 1",
        "counted",
    ),
    (no_case_is_without_a_holder, "routing", "delete from vacancy; delete from holding_copy", "no dispatcher is told"),
    (no_case_is_without_a_holder, "routing", "update cases set holder_post_id = null, queue = null", "with nobody"),
    (nothing_is_lost_nor_told_twice, "notify", "delete from inbox_item", "inbox_item_missing"),
    (every_appeal_that_was_receipted_is_there, "routing", "delete from case_appeal", "is lost"),
    (
        every_tier_is_reached,
        "routing",
        "delete from case_entry where step in ('assigned', 'helper_called')",
        "district",
    ),
)


@pytest.mark.asyncio(loop_scope="module")
async def test_each_holds_and_each_can_fail(lived: Year, postgres_server: Postgres) -> None:
    for invariant, service, statement, said in PLANTED:
        if invariant is not every_tier_is_reached:
            assert named(await check(lived, invariant)) == [] or said in SPOILT
        with postgres_server.connect(service) as connection:
            connection.execute(statement)
        assert any(said in each for each in named(await check(lived, invariant))), f"{said}: {statement}"
    assert {invariant for invariant, *_ in PLANTED} == set(INVARIANTS)


#: By then what was planted before them has spoilt theirs.
SPOILT = ("0 breaches", "with nobody", "inbox_item_missing")


def named(checked: Checked) -> list[str]:
    return [f"{found.about} {found.detail}" for found in checked.findings]


def test_what_is_broken_is_named_and_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    whole, broken = Checked("no case is lost", things=3), Checked("nobody is told twice")
    broken.hold(that=False, about="case 1", detail="told 2 times")
    monkeypatch.setattr(report, "_figures", lambda _: iter(()))
    assert report.tell(None, [whole], say=said.append)  # type: ignore[arg-type]
    assert said[-1] == "invariants: 1 checked, 0 broken"
    assert not report.tell(None, [whole, broken], say=said.append)  # type: ignore[arg-type]
    assert said[-2:] == ["broken: nobody is told twice: case 1: told 2 times", "invariants: 2 checked, 1 broken"]
