"""When people work."""

from datetime import date, datetime

import pytest
from routing.domain.calendar import Calendar, CalendarDay
from simulation.city import ZONE
from simulation.days import Days

NATIONAL_DAY = date(2026, 10, 1)
MADE_UP = date(2026, 10, 10)
MARKED = (CalendarDay(NATIONAL_DAY, working=False, note=""), CalendarDay(MADE_UP, working=True, note="", stands_for=4))
DAYS = Days(Calendar(1, {marked.date: marked for marked in MARKED}))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "at, works",
    [
        ("2026-09-30T10:00:00", "2026-09-30T10:00:00"),
        ("2026-09-30T07:12:00", "2026-09-30T08:42:00"),
        ("2026-09-30T17:30:00", "2026-10-02T09:00:00"),
        ("2026-10-01T10:05:00", "2026-10-02T08:35:00"),
        ("2026-10-10T10:00:00", "2026-10-10T10:00:00"),
        ("2026-10-11T10:00:00", "2026-10-12T08:30:00"),
    ],
)
def test_people_work_in_the_hours_of_a_working_day(at: str, works: str) -> None:
    assert DAYS.at_work(local(at)) == local(works)
