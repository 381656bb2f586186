"""A month is frozen: signed, sealed to the one before, reproduced from the histories, and corrected beside."""

from datetime import date, timedelta

import pytest
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from routing.domain.figures import Figure, Rate
from routing.domain.freezing import Freeze
from routing.errors import FiguresElsewhere, FrozenAlready, MonthNotOver, NotFrozen
from routing.service import comparing, freezing, sweeping
from sqlalchemy import Connection, text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City
from tests.routing.test_database import superuser
from tests.routing.test_excluding import ask, review
from tests.routing.test_figures import answer
from tests.routing.test_steps import As, make_case

__all__ = ["superuser"]

MONTH, NEXT = date(2026, 11, 1), NOW + timedelta(days=10)
RING = KeyRing.parse(new_key("k1"))
PAGE = Page(limit=50, of_list="corrections", ring=RING)


@pytest.fixture
def clock(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing", role="clock", now=NEXT)


@pytest.fixture
def november(uow: RolledBackUnitOfWork, city: City, as_person: As, clock: RolledBackUnitOfWork) -> Freeze:
    """One case was answered, and one is late."""
    answer(as_person(city.person("municipal")), make_case(uow, city))
    make_case(uow, city)
    sweeping.sweep_due(clock)
    return freezing.freeze_month(clock, MONTH, ring=RING, by="gao.ning")


@pytest.fixture
def corrected(november: Freeze, city: City, as_person: As, clock: RolledBackUnitOfWork) -> None:
    """Of the one that is late a review has said that it does not count; and a month before was frozen too."""
    holder, above = (as_person(city.person(code), now=NEXT) for code in ("municipal", "district_dispatcher"))
    review(above, ask(holder, Rate.ON_TIME))
    freezing.freeze_month(clock, date(2026, 10, 1), ring=RING, by="gao.ning")


def faults(clock: RolledBackUnitOfWork, ring: KeyRing = RING) -> list[str]:
    comparing.recount(clock)
    return [*freezing.list_faults(clock, ring=ring), *map(str, comparing.compare_frozen(clock))]


@pytest.mark.usefixtures("november")
def test_a_frozen_month_comes_out_of_the_histories_again(
    city: City, as_person: As, clock: RolledBackUnitOfWork
) -> None:
    assert faults(clock) == []
    seen = freezing.get_frozen(as_person(city.person("dispatcher"), now=NEXT), MONTH)
    assert seen.frozen.sums == seen.now.sums
    assert (seen.frozen.sums[Figure.KEPT], seen.frozen.sums[Figure.MISSED]) == (1, 1)
    elsewhere = freezing.get_frozen(as_person(city.person("other_dispatcher"), now=NEXT), MONTH)
    assert not any(elsewhere.frozen.sums.values())
    with pytest.raises(FiguresElsewhere):
        freezing.get_frozen(as_person(city.person("dispatcher")), MONTH, place_id=city.ids["district"])


@pytest.mark.usefixtures("november")
def test_what_comes_later_is_listed_beside_and_changes_nothing_in_it(
    city: City, as_person: As, clock: RolledBackUnitOfWork
) -> None:
    holder, above = (as_person(city.person(code), now=NEXT) for code in ("municipal", "district_dispatcher"))
    case = review(above, ask(holder, Rate.ON_TIME))
    freezing.freeze_month(clock, date(2026, 10, 1), ring=RING, by="gao.ning")  # adds up, as the clock does
    seen = freezing.get_frozen(above, MONTH)
    assert (seen.frozen.sums[Figure.MISSED], seen.now.sums[Figure.MISSED]) == (1, 0)
    assert seen.now.sums[Figure.NOT_ON_TIME_EXCLUDED] == 1
    listed = freezing.list_corrections(above, MONTH, PAGE).items
    assert {(each.number, each.count.figure.value, each.count.amount) for each in listed} == {
        (case.number, "missed", -1),
        (case.number, "excluded_on_time", 1),
    }
    assert faults(clock) == []


@pytest.mark.usefixtures("november")
@pytest.mark.parametrize(
    "spoil, said",
    [
        ("update figure_frozen set kept = kept + 1", "not those that were frozen"),
        ("delete from figure_frozen where dimension = 'post'", "not those that were frozen"),
        ("update figure_freeze set frozen_by = 'somebody'", "who froze it or when was changed"),
        ("update figure_freeze set seal = repeat('0', 64)", "signature is by none"),
        ("update figure_freeze set signature = 'none'", "signature is by none"),
        ("delete from figure_correction where amount < 0", "counted"),
    ],
)
def test_what_is_changed_in_it_is_found(
    corrected: None, clock: RolledBackUnitOfWork, superuser: Connection, spoil: str, said: str
) -> None:
    assert faults(clock) == []
    as_superuser(superuser).execute(text(spoil))
    clock.connection.info.pop("entered", None)
    assert any(said in fault for fault in faults(clock)), faults(clock)


def test_a_month_that_is_left_out_is_missed(
    november: Freeze, clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    later = freezing.freeze_month(clock, date(2026, 10, 1), ring=RING, by="gao.ning")
    assert (later.before, later.nth) == (november.seal, 2)
    as_superuser(superuser).execute(text("delete from figure_frozen where month = '2026-11-01'"))
    superuser.execute(text("delete from figure_freeze where month = '2026-11-01'"))
    clock.connection.info.pop("entered", None)
    assert "2026-10: it does not follow the month that was frozen before it" in faults(clock)


@pytest.mark.usefixtures("november")
def test_a_signature_by_another_key_is_not_ours(clock: RolledBackUnitOfWork) -> None:
    (fault,) = faults(clock, KeyRing.parse(new_key("k2")))
    assert "ROUTING_SERVICE_KEYS" in fault


@pytest.mark.usefixtures("november")
def test_what_is_frozen_stays_so_and_what_runs_is_not_frozen(
    city: City, as_person: As, clock: RolledBackUnitOfWork
) -> None:
    with pytest.raises(FrozenAlready):
        freezing.freeze_month(clock, MONTH, ring=RING, by="gao.ning")
    with pytest.raises(MonthNotOver):
        freezing.freeze_month(clock, date(2026, 12, 1), ring=RING, by="gao.ning")
    with pytest.raises(NotFrozen):
        freezing.get_frozen(as_person(city.person("dispatcher")), date(2026, 9, 1))
