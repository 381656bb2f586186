"""What the loader writes of a case counts as its steps would have counted."""

from datetime import timedelta
from random import Random

import pytest
from contracts.intake import Channel, Language, Means
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from routing.domain.figures import Period
from routing.repository.figures import sum_up
from routing.service import comparing, figures

from tests.bench.state.course import Course, put_case
from tests.bench.state.ground import Spot, by_path, stands
from tests.bench.state.sheets import Sheets
from tests.bench.state.stories import End, Story
from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import misfigured
from tests.routing.conftest import City, lay_city, make_appeal, subject_of

COUNTED = {
    End.CLOSED: {"received", "accepted", "to_contact", "kept", "answered", "closed", "unrated"},
    End.LATE_CLOSED: {"missed", "answered", "closed"},
    End.LATE: {"missed", "overdue"},
    End.ANSWERED: {"kept", "answered", "dispatched", "at_first"},
    End.STARTED: {"received", "accepted", "to_contact"},
}


def story(city: City, end: End) -> Story:
    return Story(
        end=end,
        received=NOW,
        spot=Spot(city.ids["area"], city.paths["area"], city.paths["community"]),
        channel=Channel.WEB,
        category="municipal.street_lights",
        words="路灯不亮",
        address=None,
        language=Language.CHINESE,
        name=None,
        reach=None,
        means=Means.NONE,
        answer="已修好",
        handed_over=False,
        dispatched=False,
        withdrawn=None,
    )


@pytest.mark.parametrize("end", COUNTED)
def test_figures_of_what_is_loaded_are_what_its_histories_come_to(uow_of: UnitOfWorkOf, end: End) -> None:
    consumer, clock = uow_of("routing", role="consumer"), uow_of("routing", role="clock", now=NOW + timedelta(days=40))
    city, sheets = lay_city(consumer), Sheets()
    ground = by_path(stands(consumer))[city.paths["area"]]
    course = Course(ground, story(city, end), None, Random(1), clock.now)
    case = course.open(make_appeal(city))
    course.carry(case, taken_by=subject_of("window"))
    put_case(sheets, case, now=clock.now)
    copy_in(consumer, sheets)
    while figures.sweep_increments(clock):
        pass
    found = comparing.recount(clock)
    assert (found.cases, found.uncounted, found.spoiled, comparing.compare(clock)) == (1, 0, [], [])
    assert misfigured(clock) == []
    (line,) = sum_up(clock, [city.paths["community"]], Period(NOW.date(), clock.now.date()))
    assert {figure.value for figure, amount in line.sums.items() if amount} >= COUNTED[end]


def copy_in(uow: RolledBackUnitOfWork, sheets: Sheets) -> None:
    driver = as_superuser(uow.connection).connection.driver_connection
    assert driver is not None
    sheets.copy_into(driver)
