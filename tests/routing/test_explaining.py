"""A deadline explained: reckoned a second time, by its history and the rules, and held against what is stored."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from routing.domain.calendar import ORDINARY_HOURS, Calendar, CalendarDay, Hours
from routing.domain.explaining import Counting, reckon, summed_up
from routing.domain.promise import NO_MORE_THAN_THAT_DAY, Term, Unit, day_of, due, last_day, make_promise

from tests.routing.test_promise import (
    CALENDAR,
    SAME_DAY,
    SEVEN,
    THREE,
    ZONE,
    at,
    changes,
    closures_near,
    seasons_near,
    with_hours,
)
from tests.routing.test_promise import stations as any_stations

ZONES = ("Asia/Shanghai", "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Asia/Kathmandu")

#: Any start, and half of them within two days of a new year.
ANY_START = st.datetimes(datetime(2014, 1, 2), datetime(2026, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001
NEW_YEARS = st.builds(
    lambda year, minutes: datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    st.integers(2014, 2027),
    st.integers(-2880, 2880),
)
STARTS = st.one_of(ANY_START, NEW_YEARS)
COUNTED = [unit for unit in Unit if unit not in (Unit.SAME_DAY, Unit.GIVEN)]
TERMS = st.one_of(
    st.just(SAME_DAY), st.just(NO_MORE_THAN_THAT_DAY), st.builds(Term, st.sampled_from(COUNTED), st.integers(1, 40))
)
#: But for those that close as the day begins.
STATIONS = any_stations.filter(lambda hours: all(closes > time(0) for _, closes in hours.weekdays.values()))
#: Of which years the notice is out.
OFFICIAL = st.sampled_from((range(2014, 2029, 2), range(2013, 2029, 2), range(2014, 2027)))
CLOSED_ON_WEDNESDAYS = Hours({day: (time(9), time(17)) for day in (0, 1, 3, 4)})
#: In New York half past one comes twice on Sunday 2 November 2025, which is worked here.
AT_NIGHT = Hours({6: (time(0), time(1, 30)), 0: (time(9), time(17))})
WORKED_SUNDAY = {date(2025, 11, 2): 6}


def calendar_of(changed: dict[date, int], official: Iterable[int]) -> Calendar:
    """Weekdays off and weekend days worked, as drawn."""
    days = {
        day: CalendarDay(day, day.weekday() >= 5, "改", stands if day.weekday() >= 5 else None)
        for day, stands in changed.items()
    }
    return Calendar(7, days, frozenset(official))


#: With the hours of the station there: by weekday, by season, and its closures.
THERE = st.one_of(st.tuples(STARTS, STATIONS), st.tuples(STARTS, STATIONS, seasons_near, closures_near).map(with_hours))


@given(TERMS, THERE, changes, OFFICIAL, st.sampled_from(ZONES))
@example(THREE, (at("2025-12-26 10:00"), CLOSED_ON_WEDNESDAYS), {}, range(2014, 2026), ZONE)
@example(SAME_DAY, (datetime(2025, 11, 2, 6, 15, tzinfo=UTC), AT_NIGHT), WORKED_SUNDAY, range(2014, 2027), ZONES[4])
def test_whatever_is_counted_the_second_reckoning_comes_to_the_same(
    term: Term, there: tuple[datetime, Hours], changed: dict[date, int], official: range, zone: str
) -> None:
    start, hours = there
    calendar = calendar_of(changed, official)
    found = reckon(term, start, calendar=calendar, hours=hours, zone=zone)
    promise = make_promise(term, start, rule_version=1, calendar=calendar, hours=hours, zone=zone)
    assert (found.due_at, found.forecast) == (promise.due_at, promise.forecast)
    assert found.last.date == max(day_of(last_day(promise), zone=zone), found.days[0].date)
    if term.unit is not Unit.CLOCK_HOURS:
        assert found.counted == max(term.count, 1)
    days = [day.date for day in found.days]
    assert days == [days[0] + timedelta(days=ahead) for ahead in range(len(days))]


def test_none_of_the_first_count_is_used_in_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = due(SEVEN, at("2026-09-24 10:00"), calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the second reckoning is to be one of its own")

    for name in ("is_working", "weekday_of", "is_forecast", "working_days_after"):
        monkeypatch.setattr(Calendar, name, never)
    monkeypatch.setattr("routing.domain.promise.due", never)
    found = reckon(SEVEN, at("2026-09-24 10:00"), calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE)
    assert found.due_at == expected


def walked(term: Term, start: str, hours: Hours = ORDINARY_HOURS) -> list[tuple[str, str]]:
    found = reckon(term, at(start), calendar=CALENDAR, hours=hours, zone=ZONE)
    return [(f"{day.date:%m-%d}", day.why.value) for day in found.days]


def test_each_day_says_why_it_is_counted_or_not() -> None:
    assert walked(THREE, "2026-02-13 10:00") == [
        ("02-13", "first_day"),
        ("02-14", "make_up_day"),
        ("02-15", "weekend"),
        *((f"02-{day}", "holiday") for day in range(16, 21)),
        ("02-21", "weekend"),
        ("02-22", "weekend"),
        ("02-23", "holiday"),
        ("02-24", "working_day"),
        ("02-25", "working_day"),
    ]


def test_a_last_day_that_is_none_is_moved() -> None:
    assert walked(Term(Unit.CALENDAR_DAYS, 3), "2026-09-30 10:00") == [
        ("09-30", "first_day"),
        ("10-01", "calendar_day"),
        ("10-02", "calendar_day"),
        ("10-03", "calendar_day"),
        ("10-04", "weekend"),
        *((f"10-0{day}", "holiday") for day in (5, 6, 7)),
        ("10-08", "moved_to"),
    ]


def test_what_comes_after_closing_time_goes_to_the_next_day_on_which_the_station_opens() -> None:
    assert walked(SAME_DAY, "2026-11-24 18:00", CLOSED_ON_WEDNESDAYS) == [
        ("11-24", "after_closing"),
        ("11-25", "closed"),
        ("11-26", "same_day"),
    ]
    assert walked(SAME_DAY, "2026-11-23 10:00", Hours({})) == [("11-23", "closed"), ("11-24", "same_day")]


def test_holidays_are_named_and_make_up_days_say_for_which_weekday_they_stand() -> None:
    days = {day.date: day for day in reckon(THREE, at("2026-02-13 10:00"), **_ORDINARY).days}
    assert (days[date(2026, 2, 17)].note, days[date(2026, 2, 14)].stands_for) == ("春节", 4)


_ORDINARY: dict[str, Any] = {"calendar": CALENDAR, "hours": ORDINARY_HOURS, "zone": ZONE}


def test_of_a_long_count_the_middle_is_summed_up() -> None:
    days = reckon(Term(Unit.WORKING_DAYS, 200), at("2026-01-05 10:00"), **_ORDINARY).days
    runs = summed_up(days, most=20)
    assert len(runs) == 20
    (many,) = [run for run in runs if run.why is Counting.MANY]
    assert runs[0].first == date(2026, 1, 5)
    assert all(run.last + timedelta(days=1) == after.first for run, after in pairwise(runs))
    assert sum(run.counted for run in runs) == runs[-1].number == 200
    assert many.number == sum(run.counted for run in runs[: runs.index(many) + 1])


@given(TERMS, STARTS, st.integers(3, 30))
def test_however_it_is_summed_up_nothing_is_lost(term: Term, start: datetime, most: int) -> None:
    days = reckon(term, start, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE).days
    runs = summed_up(days, most=most)
    assert len(runs) <= most
    assert (runs[0].first, runs[-1].last) == (days[0].date, days[-1].date)
    assert runs[-1].number == sum(run.counted for run in runs) == sum(day.counted for day in days)


def test_clock_hours_are_one_line_however_many_days_they_run() -> None:
    days = reckon(Term(Unit.CLOCK_HOURS, 72), at("2026-02-16 20:00"), **_ORDINARY).days
    (run,) = summed_up(days, most=60)
    assert (run.first, run.last, run.why) == (date(2026, 2, 16), date(2026, 2, 19), Counting.CLOCK_HOURS)
