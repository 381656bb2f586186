"""The figures counted again from the histories: each difference is named, and put right."""

from datetime import date, timedelta

import pytest
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from routing.service import comparing
from routing.service.comparing import Recount
from sqlalchemy import Connection, text

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import misfigured
from tests.routing.conftest import City
from tests.routing.test_database import superuser
from tests.routing.test_figures import add_up, answer, sums
from tests.routing.test_steps import As, make_case

__all__ = ["superuser"]


@pytest.fixture
def clock(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing", role="clock")


@pytest.fixture
def counted(uow: RolledBackUnitOfWork, city: City, as_person: As, clock: RolledBackUnitOfWork) -> None:
    """One case was answered and added up, and one was opened since."""
    answer(as_person(city.person("municipal")), make_case(uow, city))
    add_up(clock)
    make_case(uow, city)


def spoil(clock: RolledBackUnitOfWork, superuser: Connection, statement: str) -> None:
    as_superuser(superuser).execute(text(statement))
    clock.connection.info.pop("entered", None)


def compared(clock: RolledBackUnitOfWork) -> tuple[Recount, list[str]]:
    found = comparing.recount(clock)
    return found, [str(each) for each in comparing.compare(clock)]


@pytest.mark.usefixtures("counted")
def test_what_was_kept_is_what_the_histories_come_to(clock: RolledBackUnitOfWork) -> None:
    found, differences = compared(clock)
    assert (found.cases, found.uncounted, found.spoiled, differences) == (2, 0, [], [])


@pytest.mark.usefixtures("counted")
def test_what_differs_is_named_and_put_right(
    city: City, as_person: As, clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    before = sums(as_person(city.person("dispatcher")))
    spoil(clock, superuser, "update figure_kept set kept = kept + 2 where dimension = 'all' and grain = 'month'")
    spoil(clock, superuser, "delete from figure_kept where dimension = 'channel'")
    spoil(clock, superuser, "delete from figure_increment where figure = 'received'")
    _, differences = compared(clock)
    assert "kept at community, month 2026-11-01: kept 3, counted 1" in differences
    assert "answered at community of channel web, day 2026-11-23: kept 0, counted 1" in differences
    assert "received at community, day 2026-11-23: kept 1, counted 2" in differences
    assert misfigured(clock) != []
    comparing.put_right(clock, comparing.compare(clock))
    assert compared(clock)[1] == []
    assert misfigured(clock) == []
    assert sums(as_person(city.person("dispatcher"))) == before


@pytest.mark.usefixtures("counted")
def test_sums_of_all_below_a_place_are_those_of_the_places_there_or_put_right(
    clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    spoil(clock, superuser, "update figure_above set kept = kept + 2 where dimension = 'all' and grain = 'month'")
    spoil(clock, superuser, "delete from figure_above where dimension = 'channel'")
    _, differences = compared(clock)
    assert "kept below district, month 2026-11-01: kept 3, counted 1" in differences
    assert "answered below city of channel web, day 2026-11-23: kept 0, counted 1" in differences
    assert not [each for each in differences if "at community" in each]
    comparing.put_right(clock, comparing.compare(clock))
    assert compared(clock)[1] == []


@pytest.mark.usefixtures("counted")
def test_of_the_last_months_what_differs_is_named_without_the_rest(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    """A history that nothing was added to since is not even read; what an older entry counted is not compared."""
    later = as_person(city.person("municipal"), now=NOW + timedelta(days=10))
    answer(later, make_case(uow, city))
    spoil(clock, superuser, "update figure_kept set answered = answered + 1 where grain = 'month'")
    spoil(clock, superuser, "update figure_increment set amount = 2 where figure = 'answered' and day >= '2026-12-01'")
    found = comparing.recount(clock, since=date(2026, 12, 1))
    assert found.cases == 1
    named = [str(each) for each in comparing.compare(clock, since=date(2026, 12, 1))]
    assert "answered at community, month 2026-12-01: kept 2, counted 1" in named
    assert {name.split(", ")[1].split(":")[0] for name in named} == {"month 2026-12-01", "day 2026-12-03"}


@pytest.mark.usefixtures("counted")
def test_a_tally_that_is_not_where_its_history_leads_to_is_named_and_put_right(
    clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    spoil(clock, superuser, """update cases set tally = '{"promise": "missed"}' where state = 'answered'""")
    found, differences = compared(clock)
    assert (len(found.spoiled), differences) == (1, [])
    comparing.mend_tallies(clock, found.spoiled)
    assert compared(clock)[0].spoiled == []


def test_histories_from_before_figures_were_kept_are_counted_once(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    """By the command, or by the next step on the case, whichever comes first."""
    cases = [make_case(uow, city) for _ in range(2)]
    spoil(clock, superuser, "update cases set tally = null")
    spoil(clock, superuser, "delete from figure_increment")
    assert compared(clock)[0].uncounted == 2
    answer(as_person(city.person("municipal")), cases[0])
    assert comparing.count_uncounted(clock) == 1
    assert comparing.count_uncounted(clock) == 0
    found, differences = compared(clock)
    assert (found.uncounted, differences) == (0, [])
    assert sums(as_person(city.person("dispatcher")), since=date(2026, 11, 23))["received"] == 2


def test_a_case_from_before_figures_were_kept_goes_on_step_by_step(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    """Its entries say the place alone, and no zone."""
    case = make_case(uow, city)
    spoil(clock, superuser, "update case_entry set facts = facts - 'counted' - 'contact_by'")
    spoil(clock, superuser, "update cases set tally = null")
    spoil(clock, superuser, "delete from figure_increment")
    assert comparing.count_uncounted(clock) == 1
    answer(as_person(city.person("municipal")), case)
    add_up(clock)
    found, differences = compared(clock)
    assert (found.uncounted, found.spoiled, differences) == (0, [], [])
