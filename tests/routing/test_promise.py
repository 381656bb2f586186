"""Promises against the State Council's real notices, worked by hand, and against a slow count day by day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import starmap
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from routing.domain.calendar import ORDINARY_HOURS, Calendar, CalendarDay, Closure, Hours, Season
from routing.domain.explaining import Counting, reckon
from routing.domain.promise import Term, Unit, due, in_words, make_promise, working_days_left
from routing.migrations import first_data

from tests.chaos.invariants import deadlines as harness

ZONE = "Asia/Shanghai"
LOCAL = ZoneInfo(ZONE)

DAYS = {
    row["date"]: CalendarDay(row["date"], row["working"], row["note"], row["stands_for"])
    for row in first_data.days_that_differ()
}
CALENDAR = Calendar(1, DAYS, frozenset(first_data.OFFICIAL_YEARS))

SAME_DAY = Term(Unit.SAME_DAY)
THREE = Term(Unit.WORKING_DAYS, 3)
SEVEN = Term(Unit.WORKING_DAYS, 7)
REST = Term(Unit.REMAINING_WORKING_DAYS, 0)
TWO_LEFT = Term(Unit.REMAINING_WORKING_DAYS, 2)
MORE = Term(Unit.MORE_WORKING_DAYS, 3)

#: Open on Saturday mornings too, closed on Wednesday afternoons.
STATION = Hours(
    {day: (time(8, 30), time(17, 30)) for day in (0, 1, 3, 4)} | {2: (time(8, 30), time(12)), 5: (time(9), time(12))}
)


def days(count: int) -> Term:
    return Term(Unit.CALENDAR_DAYS, count)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


WORKED = (Counting.WORKING_DAY, Counting.MAKE_UP_DAY, Counting.SAME_DAY, Counting.MOVED_TO)
OFF = (Counting.WEEKEND, Counting.HOLIDAY)


def due_locally(term: Term, start: str, hours: Hours = ORDINARY_HOURS) -> str:
    return f"{due(term, at(start), calendar=CALENDAR, hours=hours, zone=ZONE).astimezone(LOCAL):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    "term, start, expected, why",
    [
        (THREE, "2026-11-23 10:00", "2026-11-26 17:00", "Monday is not counted: Tuesday, Wednesday, Thursday"),
        (THREE, "2026-11-20 18:30", "2026-11-25 17:00", "taken on Friday after closing: still Monday to Wednesday"),
        (THREE, "2026-11-21 10:00", "2026-11-25 17:00", "taken on a Saturday: Monday is the first day"),
        (SAME_DAY, "2026-11-23 10:00", "2026-11-23 17:00", "before closing: today's close"),
        (SAME_DAY, "2026-11-23 17:00", "2026-11-24 17:00", "at closing time it is too late for today"),
        (SAME_DAY, "2026-11-23 05:00", "2026-11-23 17:00", "before opening: today's close"),
        (SAME_DAY, "2026-11-20 18:00", "2026-11-23 17:00", "Friday after closing: Monday's close"),
        (SAME_DAY, "2026-02-13 18:00", "2026-02-14 17:00", "Saturday 14 February 2026 is worked"),
        (SAME_DAY, "2026-02-14 18:00", "2026-02-24 17:00", "Spring Festival 2026: off from 15 to 23 February"),
        (THREE, "2026-02-13 10:00", "2026-02-25 17:00", "14 (worked Saturday), then 24 and 25 February"),
        (SEVEN, "2026-09-24 10:00", "2026-10-12 17:00", "25 off; 28, 29, 30 September, 8, 9, Saturday 10, 12 October"),
        (THREE, "2025-09-30 10:00", "2025-10-11 17:00", "off 1–8 October 2025: 9, 10, worked Saturday 11"),
        (THREE, "2024-02-09 10:00", "2024-02-20 17:00", "off 10–17 February 2024: worked Sunday 18, 19, 20"),
        (THREE, "2020-01-23 10:00", "2020-02-05 17:00", "2020 was lengthened to 2 February: 3, 4, 5 February"),
        (THREE, "2015-09-02 10:00", "2015-09-08 17:00", "3 and 4 September off for the parade: Sunday 6, 7, 8"),
        (THREE, "2019-04-30 10:00", "2019-05-07 17:00", "May 2019 revised to 1–4 off, Sunday 5 worked: 5, 6, 7"),
        (SEVEN, "2014-09-30 10:00", "2014-10-15 17:00", "off 1–7: 8, 9, 10, Saturday 11, 13, 14, 15"),
        (days(3), "2026-09-30 10:00", "2026-10-08 17:00", "the third day is a holiday: the 8th"),
        (days(5), "2026-11-23 23:59", "2026-11-30 17:00", "28 November is a Saturday: Monday"),
        (REST, "2026-11-23 00:00", "2026-11-23 17:00", "suspended on its last day: the rest of the first"),
        (REST, "2026-11-21 00:00", "2026-11-23 17:00", "goes on on a Saturday: Monday's close"),
        (Term(Unit.CLOCK_HOURS, 12), "2026-02-16 20:00", "2026-02-17 08:00", "clock hours run through the night"),
        (THREE, "2014-01-30 10:00", "2014-02-10 17:00", "off until 6 February: 7, worked Saturday 8, Monday 10"),
        (THREE, "2014-04-30 10:00", "2014-05-06 17:00", "off 1–3 May: worked Sunday 4, 5, 6"),
        (SAME_DAY, "2015-01-04 10:00", "2015-01-04 17:00", "off 1–3 January; Sunday 4 is worked for it"),
        (SEVEN, "2015-02-17 10:00", "2015-03-04 17:00", "off 18–24: 25, 26, 27, worked Saturday 28, 2 to 4 March"),
        (SAME_DAY, "2016-02-06 18:00", "2016-02-14 17:00", "worked Saturday; off 7–13; worked Sunday 14"),
        (THREE, "2016-09-14 10:00", "2016-09-20 17:00", "off 15–17 September 2016: worked Sunday 18, 19, 20"),
        (SEVEN, "2016-09-30 10:00", "2016-10-14 17:00", "off 1–7: worked Saturday 8, Sunday 9, 10 to 14"),
        (THREE, "2017-03-31 10:00", "2017-04-06 17:00", "worked Saturday 1 April; off 2–4; Wednesday 5, Thursday 6"),
        (SAME_DAY, "2017-09-30 17:30", "2017-10-09 17:00", "worked Saturday 30, after closing; off 1–8: Monday 9"),
        (THREE, "2018-02-14 10:00", "2018-02-24 17:00", "off 15–21 February 2018: 22, 23, worked Saturday 24"),
        (THREE, "2018-12-28 10:00", "2019-01-03 17:00", "worked Saturday 29; off until 1 January; 2, 3 January"),
        (SEVEN, "2019-02-01 10:00", "2019-02-15 17:00", "worked Saturday 2, Sunday 3; off 4–10; 11, 12, 13, 14, 15"),
        (days(3), "2019-04-29 10:00", "2019-05-05 17:00", "2 May is off by the revision: worked Sunday 5"),
        (SAME_DAY, "2020-01-23 18:00", "2020-02-03 17:00", "after closing; off 24 January – 2 February as lengthened"),
        (days(7), "2020-01-25 10:00", "2020-02-03 17:00", "lengthened: Saturday 1 February is off as well"),
        (THREE, "2020-06-24 10:00", "2020-06-30 17:00", "off 25–27 June 2020: worked Sunday 28, 29, 30"),
        (SEVEN, "2021-02-10 10:00", "2021-02-25 17:00", "off 11–17: 18, 19, worked Saturday 20, 22 to 25"),
        (THREE, "2021-09-17 10:00", "2021-09-23 17:00", "worked Saturday 18; off 19–21; 22, 23"),
        (THREE, "2022-01-28 10:00", "2022-02-07 17:00", "worked Saturday 29, Sunday 30; off until 6 February; 7"),
        (THREE, "2022-09-30 10:00", "2022-10-10 17:00", "Friday; off 1–7 October: worked Saturday 8, Sunday 9, 10"),
        (THREE, "2023-01-20 10:00", "2023-01-30 17:00", "off 21–27 January: worked Saturday 28, Sunday 29, 30"),
        (SAME_DAY, "2023-06-21 17:01", "2023-06-25 17:00", "a minute after closing; off 22–24 June; worked Sunday 25"),
        (SEVEN, "2023-09-28 10:00", "2023-10-13 17:00", "off until 6 October: worked Saturday 7, Sunday 8, 9 to 13"),
        (days(5), "2024-04-30 10:00", "2024-05-06 17:00", "the fifth, Sunday 5 May, is off with 1–4: Monday 6"),
        (THREE, "2024-09-13 10:00", "2024-09-19 17:00", "worked Saturday 14; off 15–17; Wednesday 18, Thursday 19"),
        (THREE, "2025-01-24 10:00", "2025-02-05 17:00", "worked Sunday 26, 27; off until 4 February; 5"),
        (SAME_DAY, "2025-09-30 17:00", "2025-10-09 17:00", "at closing time before the week off 1–8: Thursday 9"),
        (MORE, "2025-09-28 16:59", "2025-10-09 17:00", "was due on worked Sunday 28: 29, 30; off 1–8 October; 9"),
        (THREE, "2025-12-31 10:00", "2026-01-06 17:00", "off 1–3 January: worked Sunday 4, 5, 6"),
        (SEVEN, "2026-04-30 10:00", "2026-05-13 17:00", "off 1–5 May: 6, 7, 8, worked Saturday 9, 11, 12, 13"),
        (THREE, "2026-09-18 10:00", "2026-09-22 17:00", "Saturday 19 is off; worked Sunday 20, 21, 22"),
        (Term(Unit.CLOCK_HOURS, 24), "2026-09-30 16:00", "2026-10-01 16:00", "clock hours run on National Day"),
        (TWO_LEFT, "2026-02-14 00:00", "2026-02-25 17:00", "goes on on worked Saturday 14: 24, 25"),
    ],
)  # fmt: skip
def test_a_date_worked_by_hand_from_the_notices(term: Term, start: str, expected: str, why: str) -> None:
    assert due_locally(term, start) == expected, why
    walked = reckon(term, at(start), calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE)
    assert walked.due_at == at(expected)
    assert all(chinese_calendar.is_workday(day.date) for day in walked.days if day.why in WORKED)
    assert all(chinese_calendar.is_holiday(day.date) for day in walked.days if day.why in OFF)


#: From December on, in two parts but for a Wednesday morning, and never on Mondays.
WINTER = Season(date(2026, 12, 1), ((1, time(9), time(12)), (1, time(14), time(17)), (2, time(9), time(12))))


@pytest.mark.parametrize(
    "term, start, closed, expected",
    [
        # Due on Thursday 26 November: closed from an hour on, from before it opens, all day.
        (THREE, "2026-11-23 10:00", ("2026-11-26", "12:00"), "2026-11-26 12:00"),
        (THREE, "2026-11-23 10:00", ("2026-11-26", "18:00"), "2026-11-26 17:00"),
        (THREE, "2026-11-23 10:00", ("2026-11-26", "09:00"), "2026-11-27 00:00"),
        (THREE, "2026-11-23 10:00", ("2026-11-26", None), "2026-11-27 00:00"),
        # A closure takes away no working day.
        (THREE, "2026-11-23 10:00", ("2026-11-25", None), "2026-11-26 17:00"),
        # The same day: what comes after it is closed goes to the next opening.
        (SAME_DAY, "2026-11-26 11:59", ("2026-11-26", "12:00"), "2026-11-26 12:00"),
        (SAME_DAY, "2026-11-26 12:00", ("2026-11-26", "12:00"), "2026-11-27 17:00"),
        (SAME_DAY, "2026-11-26 08:00", ("2026-11-26", None), "2026-11-27 17:00"),
        # From Tuesday 1 December on, other hours; on Thursdays it does not open then.
        (THREE, "2026-11-26 10:00", ("2026-11-02", None), "2026-12-01 17:00"),
        (THREE, "2026-11-26 10:00", ("2026-12-01", "13:00"), "2026-12-01 12:00"),
        (THREE, "2026-11-27 10:00", ("2026-11-02", None), "2026-12-02 12:00"),
        (THREE, "2026-11-30 10:00", ("2026-11-02", None), "2026-12-04 00:00"),
        (SAME_DAY, "2026-12-02 12:30", ("2026-11-02", None), "2026-12-08 17:00"),
        # The clock runs on, whoever has closed.
        (Term(Unit.CLOCK_HOURS, 12), "2026-11-26 10:00", ("2026-11-26", None), "2026-11-26 22:00"),
    ],
)
def test_hours_and_closures_worked_by_hand(
    term: Term, start: str, closed: tuple[str, str | None], expected: str
) -> None:
    day, hour = date.fromisoformat(closed[0]), time.fromisoformat(closed[1]) if closed[1] else None
    hours = Hours(ORDINARY_HOURS.weekdays, (WINTER,), {day: Closure(day, hour)})
    assert due_locally(term, start, hours) == expected
    walked = reckon(term, at(start), calendar=CALENDAR, hours=hours, zone=ZONE)
    assert f"{walked.due_at.astimezone(LOCAL):%Y-%m-%d %H:%M}" == expected


def test_a_make_up_day_runs_on_the_hours_of_the_weekday_that_it_stands_for() -> None:
    # Saturday 10 October 2026 makes up for Wednesday the 7th, when this station closes at noon.
    assert due_locally(SAME_DAY, "2026-10-10 09:00", STATION) == "2026-10-10 12:00"
    assert due_locally(SAME_DAY, "2026-10-10 13:00", STATION) == "2026-10-12 17:30"


def test_a_window_open_on_saturdays_makes_no_working_day() -> None:
    assert due_locally(SAME_DAY, "2026-11-21 10:00", STATION) == "2026-11-23 17:30"
    assert due_locally(THREE, "2026-11-20 10:00", STATION) == "2026-11-25 12:00"


def test_a_last_day_without_business_ends_at_midnight() -> None:
    closed_on_wednesdays = Hours({day: (time(9), time(17)) for day in (0, 1, 3, 4)})
    assert due_locally(THREE, "2026-11-20 10:00", closed_on_wednesdays) == "2026-11-26 00:00"
    assert due_locally(SAME_DAY, "2026-11-24 18:00", closed_on_wednesdays) == "2026-11-26 17:00"


def test_a_station_that_never_opens_is_held_to_the_next_working_day() -> None:
    assert due_locally(SAME_DAY, "2026-11-23 10:00", Hours({})) == "2026-11-25 00:00"


def test_the_seeded_calendar_agrees_with_an_independent_one_on_every_day() -> None:
    day, differing = date(2014, 1, 1), []
    while day.year < 2027:
        if CALENDAR.is_working(day) != chinese_calendar.is_workday(day):
            differing.append(day)
        day += timedelta(days=1)
    assert differing == []


def test_every_make_up_day_stands_for_a_weekday_off() -> None:
    made_up = [day for day in DAYS.values() if day.working]
    assert len(made_up) == 80
    assert all(day.stands_for is not None and day.stands_for < 5 and day.date.weekday() >= 5 for day in made_up)


def test_a_year_without_its_notice_is_a_forecast() -> None:
    inside = make_promise(
        THREE, at("2026-11-23 10:00"), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE
    )
    across = make_promise(
        THREE, at("2026-12-30 10:00"), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE
    )
    assert (inside.forecast, across.forecast) == (False, True)


def test_a_promise_reads_in_both_languages() -> None:
    promise = make_promise(
        THREE, at("2026-11-23 10:00"), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE
    )
    assert in_words(promise) == {
        "zh": "3个工作日内答复或办结，2026年11月26日17:00前",
        "en": "within 3 working days, by 17:00 on 26 November 2026",
    }


@pytest.mark.parametrize(
    "came, chinese, english",
    [
        ("2026-11-23 10:00", "当日办结，2026年11月23日17:00前", "the same working day, by 17:00 on 23 November 2026"),
        (
            "2026-11-22 10:00",
            "下一工作日办结，2026年11月23日17:00前",
            "the next working day, by 17:00 on 23 November 2026",
        ),
        (
            "2026-11-23 18:00",
            "下一工作日办结，2026年11月24日17:00前",
            "the next working day, by 17:00 on 24 November 2026",
        ),
    ],
)
def test_what_comes_when_the_station_is_closed_is_not_promised_for_that_day(
    came: str, chinese: str, english: str
) -> None:
    promise = make_promise(SAME_DAY, at(came), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE)
    assert in_words(promise) == {"zh": chinese, "en": english}


@pytest.mark.parametrize(
    "now, left",
    [("2026-11-23 10:00", 3), ("2026-11-24 23:59", 2), ("2026-11-26 16:59", 0), ("2026-11-22 10:00", 4)],
)
def test_of_a_promise_the_working_days_after_today_are_left(now: str, left: int) -> None:
    promise = make_promise(
        THREE, at("2026-11-23 10:00"), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE
    )
    assert working_days_left(promise, at(now), calendar=CALENDAR) == left


@pytest.mark.parametrize(
    "count, chinese, english",
    [
        (0, "恢复办理当日，", "the day on which it goes on, "),
        (1, "恢复办理后1个工作日，", "1 working day after it goes on, "),
        (4, "恢复办理后4个工作日，", "4 working days after it goes on, "),
    ],
)
def test_what_is_left_of_a_promise_reads_in_both_languages(count: int, chinese: str, english: str) -> None:
    term = Term(Unit.REMAINING_WORKING_DAYS, count)
    promise = make_promise(
        term, at("2026-11-23 00:00"), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE
    )
    said = in_words(promise)
    assert said["zh"].startswith(chinese)
    assert said["en"].startswith(english)


# An oracle that shares nothing with the code but the data: it walks minute-free, day by day, by strings and sets.


def _oracle(  # noqa: C901  # one long walk, so that it shares no structure with the code
    term: Term, start: datetime, off: set[date], worked: dict[date, int], hours: Hours
) -> datetime:
    def works(day: date) -> bool:
        return day in worked or (day.strftime("%a") not in ("Sat", "Sun") and day not in off)

    def close(day: date) -> datetime | None:
        weekday = worked.get(day, day.weekday())
        parts = [span for of, span in hours.weekdays.items() if of == weekday]
        for season in hours.seasons:
            parts = parts if season.since > day else [part[1:] for part in season.parts if part[0] == weekday]
        for closed in (closure.closes for closure in hours.closures.values() if closure.date == day):
            parts = [(opens, min(closes, closed)) for opens, closes in parts if closed and opens < closed]
        return datetime.combine(day, max(closes for _, closes in parts), LOCAL) if parts else None

    def end(day: date) -> datetime:
        return close(day) or datetime.combine(day + timedelta(days=1), time(0), LOCAL)

    today = start.astimezone(LOCAL).date()
    if term.unit is Unit.CLOCK_HOURS:
        return start + timedelta(minutes=60 * term.count)
    if term.unit is Unit.SAME_DAY:
        day, first, tries = today, None, 0
        while tries < 8:
            closing = close(day)
            if works(day) and closing is not None and (day != today or start < closing):
                return closing
            day += timedelta(days=1)
            if works(day):
                first, tries = first or day, tries + 1
        assert first is not None
        return end(first)
    day, left = today, term.count
    if term.unit is Unit.CALENDAR_DAYS:
        for _ in range(term.count):
            day += timedelta(days=1)
        while not works(day):
            day += timedelta(days=1)
        return end(day)
    while left:
        day += timedelta(days=1)
        left -= 1 if works(day) else 0
    return end(day)


clock_times = st.times().map(lambda clock: clock.replace(microsecond=0))
spans = st.tuples(clock_times, clock_times).map(lambda pair: (min(pair), max(pair)))
stations = st.dictionaries(st.integers(0, 6), spans, max_size=7).map(Hours)

#: By days from the first: the parts of weekdays of a season; when it is closed, or none for the whole day.
minutes = st.times().map(lambda clock: clock.replace(second=0, microsecond=0)).filter(lambda clock: clock > time(0))
parts = st.tuples(st.integers(0, 6), minutes, minutes).filter(lambda part: part[1] < part[2])
seasons_near = st.dictionaries(st.integers(-5, 30), st.lists(parts, max_size=10), max_size=3)
closures_near = st.dictionaries(st.integers(-2, 20), st.one_of(st.none(), minutes), max_size=8)


def dated(
    first: date, seasons: Mapping[int, Iterable[Any]], closures: Mapping[int, time | None]
) -> tuple[tuple[Season, ...], dict[date, Closure]]:
    begin = {first + timedelta(days=ahead): tuple(sorted(each)) for ahead, each in sorted(seasons.items())}
    closed = {first + timedelta(days=ahead): closes for ahead, closes in closures.items()}
    return tuple(starmap(Season, begin.items())), {day: Closure(day, closes, "停电") for day, closes in closed.items()}


def with_hours(drawn: tuple[datetime, Hours, Any, Any]) -> tuple[datetime, Hours]:
    start, weekly, seasons, closures = drawn
    return start, Hours(weekly.weekdays, *dated(start.date(), seasons, closures))


FIRST, LAST = datetime(2014, 1, 2), datetime(2026, 11, 30)  # noqa: DTZ001  # Hypothesis wants them naive
starts = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
terms = st.one_of(
    st.just(SAME_DAY),
    st.builds(Term, st.sampled_from([u for u in Unit if u not in (Unit.SAME_DAY, Unit.GIVEN)]), st.integers(1, 30)),
)
changes = st.dictionaries(st.dates(date(2014, 1, 1), date(2027, 2, 1)), st.integers(0, 4), max_size=40)


@given(terms, starts, stations)
@example(SAME_DAY, datetime(2026, 2, 14, 10, 0, tzinfo=UTC), STATION)
def test_a_promise_is_what_a_count_day_by_day_finds(term: Term, start: datetime, hours: Hours) -> None:
    off = {day.date for day in DAYS.values() if not day.working}
    worked = {day.date: day.stands_for or 0 for day in DAYS.values() if day.working}
    assert due(term, start, calendar=CALENDAR, hours=hours, zone=ZONE) == _oracle(term, start, off, worked, hours)


@given(terms, st.tuples(starts, stations, seasons_near, closures_near).map(with_hours))
def test_seasons_and_closures_are_counted_as_day_by_day(term: Term, drawn: tuple[datetime, Hours]) -> None:
    start, hours = drawn
    off = {day.date for day in DAYS.values() if not day.working}
    worked = {day.date: day.stands_for or 0 for day in DAYS.values() if day.working}
    assert due(term, start, calendar=CALENDAR, hours=hours, zone=ZONE) == _oracle(term, start, off, worked, hours)


@given(terms, st.tuples(starts, st.just(STATION), seasons_near, closures_near).map(with_hours))
def test_the_harness_counts_the_same_of_what_is_stored(term: Term, drawn: tuple[datetime, Hours]) -> None:
    start, hours = drawn
    assert Hours.of(hours.listed()) == hours
    promise = make_promise(term, start, rule_version=1, calendar=CALENDAR, hours=hours, zone=ZONE)
    stored = {"unit": term.unit.value, "count": term.count, "start_at": start, "zone": ZONE}
    days = {day.date.isoformat(): {"working": day.working, "stands_for": day.stands_for} for day in DAYS.values()}
    assert harness.due({**stored, "hours": promise.hours.listed()}, days) == promise.due_at


@given(terms, starts, changes)
def test_any_calendar_is_counted_as_day_by_day(term: Term, start: datetime, changed: dict[date, int]) -> None:
    weekend = {day: stands for day, stands in changed.items() if day.weekday() >= 5}
    off = {day for day in changed if day.weekday() < 5}
    days = {day: CalendarDay(day, False, "") for day in off} | {
        day: CalendarDay(day, True, "", stands) for day, stands in weekend.items()
    }
    found = due(term, start, calendar=Calendar(1, days), hours=STATION, zone=ZONE)
    assert found == _oracle(term, start, off, weekend, STATION)


@given(terms, starts, st.integers(1, 72))
def test_who_comes_later_is_never_promised_earlier(term: Term, start: datetime, hours: int) -> None:
    first = due(term, start, calendar=CALENDAR, hours=STATION, zone=ZONE)
    second = due(term, start + timedelta(hours=hours), calendar=CALENDAR, hours=STATION, zone=ZONE)
    assert start < first <= second
