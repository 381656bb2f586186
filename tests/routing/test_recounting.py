"""What another calendar makes of a promise, and what a year's notice makes of the calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from routing.domain.calendar import ORDINARY_HOURS, Calendar, CalendarDay, Hours, Season, Status
from routing.domain.case import ANSWERED, DRAFTED, RECUSED, REVIEWED, Deadline, DeadlineKind, DeadlineState
from routing.domain.chain import Entry, link
from routing.domain.notice import Notice, NoticeRow, draft
from routing.domain.promise import (
    NO_MORE_THAN_THAT_DAY,
    Promise,
    Term,
    Unit,
    begin_of,
    counted_like,
    earliest_of,
    last_day,
    make_promise,
    working_days_left,
)
from routing.domain.recounting import find_kept, find_move, recount
from routing.errors import UnfitNotice, UnfitYear, YearIsOfficial

from tests.routing.test_promise import (
    CALENDAR,
    LOCAL,
    STATION,
    ZONE,
    at,
    changes,
    closures_near,
    dated,
    seasons_near,
    starts,
    terms,
)

Changed = dict[date, int]

#: A community's below its city's.
CITY, COMMUNITY = uuid4().hex, uuid4().hex
PATH = f"/{CITY}/{COMMUNITY}/"


def calendar_of(changed: Changed, *, version: int = 1, stations: Mapping[str, Hours] | None = None) -> Calendar:
    """Weekdays off, weekends worked."""
    days = {
        day: CalendarDay(day, day.weekday() >= 5, "", stands if day.weekday() >= 5 else None)
        for day, stands in changed.items()
    }
    return Calendar(version, days, stations=stations or {})


class Life:
    """A promise made by a calendar, and what was done with it: extended, suspended, resumed."""

    def __init__(self, calendar: Calendar, terms: Sequence[Term], start: datetime, hours: Hours) -> None:
        self.calendar = calendar
        self.gone: dict[UUID, Deadline] = {}
        hours = calendar.hours_at(PATH, otherwise=hours)
        count = partial(make_promise, rule_version=1, calendar=calendar, hours=hours, zone=ZONE, path=PATH)
        self._stand(earliest_of([(each, start) for each in terms], count))

    def extend(self, days: int) -> None:
        self._go_on(Term(Unit.MORE_WORKING_DAYS, days), last_day(self.promise), at=self.promise.start_at)

    def suspend(self, at: datetime, until: datetime) -> None:
        left = working_days_left(self.promise, at, calendar=self.calendar)
        self._go_on(Term(Unit.REMAINING_WORKING_DAYS, left), until, at=at)

    def resume(self, at: datetime) -> None:
        self._go_on(self.promise.term, at, at=at)

    @property
    def promise(self) -> Promise:
        return self.standing.promise

    def _go_on(self, term: Term, start: datetime, *, at: datetime) -> None:
        before = self.standing
        before.state, before.settled_at = DeadlineState.REPLACED, at
        self.gone[before.deadline_id] = before
        promise = counted_like(term, start, like=before.promise, calendar=self.calendar, path=PATH)
        self._stand(promise, before.deadline_id)

    def _stand(self, promise: Promise, goes_on_from: UUID | None = None) -> None:
        self.standing = Deadline(uuid4(), DeadlineKind.PROMISE, promise, goes_on_from=goes_on_from)


#: What is done with a promise, and after how many hours.
Deed = tuple[str, int, int]
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("extend"), st.just(0), st.integers(1, 10)),
        st.tuples(st.just("suspend"), st.integers(0, 200), st.integers(1, 60)),
    ),
    max_size=3,
)
#: Days that change, counted from the day on which the promise begins.
near = st.dictionaries(st.integers(0, 90), st.integers(0, 4), max_size=30)
#: Of one or several places.
promised = st.lists(terms.filter(lambda term: term.unit is not Unit.CLOCK_HOURS), min_size=1, max_size=3)


def lived(calendar: Calendar, terms: Sequence[Term], start: datetime, done: Sequence[Deed]) -> Life:
    """The same life by any calendar; what is suspended is resumed half way, where it is suspended once more."""
    life, now = Life(calendar, terms, start, STATION), start
    for deed, hours, days in done:
        if deed == "extend":
            life.extend(days)
            continue
        now += timedelta(hours=hours)
        until = begin_of((now + timedelta(days=days)).date(), zone=ZONE)
        life.suspend(now, until)
        now += (until - now) / 2
        if days % 2:
            life.resume(now)
    return life


def from_day(start: datetime, days: dict[int, int]) -> Changed:
    return {start.date() + timedelta(days=ahead): stands for ahead, stands in days.items()}


#: What a calendar knows of the hours on the line, counted from the day on which the promise begins.
hours_near = st.dictionaries(st.sampled_from((CITY, COMMUNITY)), st.tuples(seasons_near, closures_near))


def stations_from(start: datetime, near: Mapping[str, tuple[Any, Any]]) -> dict[str, Hours]:
    return {place: Hours({}, *dated(start.date(), *drawn)) for place, drawn in near.items()}


@given(promised, starts, deeds, st.tuples(near, hours_near), st.tuples(near, hours_near))
def test_counted_again_it_is_what_the_other_calendar_would_have_made_of_the_same_life(
    terms: Sequence[Term], start: datetime, done: Sequence[Deed], old: tuple[Any, Any], new: tuple[Any, Any]
) -> None:
    before, after = (
        calendar_of(from_day(start, days), version=version, stations=stations_from(start, hours))
        for version, (days, hours) in enumerate((old, new), start=1)
    )
    life, other = lived(before, terms, start, done), lived(after, terms, start, done)
    assert recount(life.standing, life.gone, calendar=before) == life.promise
    assert recount(life.standing, life.gone, calendar=after) == other.promise


@given(promised, starts, deeds, st.tuples(near, hours_near), st.tuples(near, hours_near))
def test_what_falls_due_before_the_first_change_does_not_move(
    terms: Sequence[Term], start: datetime, done: Sequence[Deed], old: tuple[Any, Any], new: tuple[Any, Any]
) -> None:
    """Whatever begins to differ on the day after, where the station opens by then."""
    shared, stations = from_day(start, old[0]), stations_from(start, old[1])
    before = calendar_of(shared, stations=stations)
    life = lived(before, terms, start, done)
    assume(not any(held_to_the_next(each.promise) for each in (*life.gone.values(), life.standing)))
    behind = life.promise.due_at.astimezone(LOCAL) + timedelta(days=1)
    later = {
        place: _both(stations.get(place), hours)
        for place, hours in stations_from(behind + timedelta(days=9), new[1]).items()
    }
    after = calendar_of(shared | from_day(behind, new[0]), version=2, stations={**stations, **later})
    first = after.first_change_from(before)
    assert first is None or life.promise.due_at <= begin_of(first, zone=ZONE)
    assert recount(life.standing, life.gone, calendar=after).due_at == life.promise.due_at


def held_to_the_next(promise: Promise) -> bool:
    """Of the same day, at a station that opens on none of the working days looked at: it falls due as the next one
    ends, though days behind that one were looked at too.
    """
    is_of_the_day = promise.term.unit is Unit.SAME_DAY or promise.term == NO_MORE_THAN_THAT_DAY
    return is_of_the_day and promise.due_at.astimezone(LOCAL).time() == time(0)


def test_a_station_that_opens_before_the_days_ahead_are_over_is_waited_for() -> None:
    """And so what was held to the next working day would fall due later, counted again."""
    start = at("2014-01-02T08:00")
    closed, opens = Season(date(2014, 1, 2), ()), Season(date(2014, 1, 13), ((0, time(9), time(17)),))
    before = calendar_of({}, stations={CITY: Hours({}, (closed,))})
    after = calendar_of({}, version=2, stations={CITY: Hours({}, (closed, opens))})
    life = lived(before, [Term(Unit.SAME_DAY, 0)], start, [])
    assert held_to_the_next(life.promise)
    assert life.promise.due_at == at("2014-01-04T00:00")
    assert recount(life.standing, life.gone, calendar=after).due_at == at("2014-01-13T17:00")


def _both(before: Hours | None, later: Hours) -> Hours:
    if before is None:
        return later
    closures = {**before.closures, **later.closures}
    seasons = {season.since: season for season in (*before.seasons, *later.seasons)}
    return Hours({}, tuple(seasons[since] for since in sorted(seasons)), closures)


@given(changes, changes)
def test_days_that_are_not_told_to_differ_do_not(old: Changed, new: Changed) -> None:
    before, after = calendar_of(old), calendar_of(new, version=2)
    told = {change.date for change in after.changes_from(before)}
    for day in {*old, *new} - told:
        assert after.is_working(day) == before.is_working(day)
        assert not after.is_working(day) or after.weekday_of(day) == before.weekday_of(day)
    assert after.first_change_from(before) == min(told, default=None)


def make_deadline(due: str, kind: DeadlineKind = DeadlineKind.PROMISE) -> Deadline:
    term = Term(Unit.WORKING_DAYS, 3)
    promise = make_promise(
        term, at("2026-11-23 10:00"), rule_version=1, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE
    )
    return Deadline(uuid4(), kind, replace(promise, due_at=at(due)))


@pytest.mark.parametrize(
    "kind, due, counted_anew, now, moves",
    [
        (DeadlineKind.PROMISE, "2026-11-26 17:00", "2026-11-27 17:00", "2026-11-25 09:00", True),
        (DeadlineKind.PROMISE, "2026-11-26 17:00", "2026-11-25 17:00", "2026-11-25 09:00", True),
        (DeadlineKind.PROMISE, "2026-11-26 17:00", "2026-11-26 17:00", "2026-11-25 09:00", False),
        # It had passed before anybody knew.
        (DeadlineKind.PROMISE, "2026-11-26 17:00", "2026-11-24 17:00", "2026-11-25 09:00", False),
        (DeadlineKind.RATING, "2026-11-26 17:00", "2026-11-27 17:00", "2026-11-25 09:00", True),
        (DeadlineKind.RATING, "2026-11-26 17:00", "2026-11-25 17:00", "2026-11-25 09:00", False),
    ],
)
def test_what_runs_moves_to_what_is_still_ahead(
    kind: DeadlineKind, due: str, counted_anew: str, now: str, moves: bool
) -> None:
    deadline = make_deadline(due, kind)
    promise = replace(deadline.promise, due_at=at(counted_anew))
    assert (find_move(deadline, promise, now=at(now)) is not None) == moves


def make_entry(step: str, when: str, **facts: object) -> Entry:
    return link("", case_id=uuid4(), seq=1, at=at(when), step=step, by=None, post_id=None, facts=facts, words=None)


@pytest.mark.parametrize(
    "later, kept",
    [
        ([], "2026-11-24 09:00"),
        ([make_entry(RECUSED, "2026-11-24 10:00", ruler=None)], "2026-11-24 09:00"),
        ([make_entry(RECUSED, "2026-11-24 10:00", draft_falls=True)], None),
        ([make_entry(REVIEWED, "2026-11-24 10:00", approved=False)], None),
        ([make_entry(REVIEWED, "2026-11-24 10:00", approved=True)], "2026-11-24 09:00"),
        (
            [
                make_entry(RECUSED, "2026-11-24 10:00", draft_falls=True),
                make_entry(ANSWERED, "2026-11-24 11:00"),
            ],
            "2026-11-24 11:00",
        ),
    ],
)
def test_what_is_handed_in_keeps_a_promise_unless_it_is_sent_back_or_falls_with_its_author(
    later: list[Entry], kept: str | None
) -> None:
    found = find_kept(make_deadline("2026-11-23 17:00"), [make_entry(DRAFTED, "2026-11-24 09:00"), *later])
    assert found == (at(kept) if kept else None)


def test_what_a_calendar_has_no_say_in_stays_as_it_is() -> None:
    for unit in (Unit.CLOCK_HOURS, Unit.GIVEN):
        deadline = make_deadline("2026-11-26 17:00")
        deadline = replace(deadline, promise=replace(deadline.promise, term=Term(unit, 4)))
        off = calendar_of({date(2026, 11, 24): 0}, version=2)
        assert recount(deadline, {}, calendar=off) == deadline.promise


#: Next year as law has it, made up of what the notice will probably say.
ROWS = (
    ("2027-01-01", "off", "元旦", ""),
    ("2027-02-05", "off", "春节", ""),
    ("2027-02-06", "off", "春节", ""),
    ("2027-02-08", "off", "春节", ""),
    ("2027-02-09", "off", "春节", ""),
    ("2027-02-10", "off", "春节", ""),
    ("2027-02-11", "off", "春节", ""),
    ("2027-02-12", "off", "春节", ""),
    ("2027-02-20", "work", "调休", "2027-02-11"),
    ("2027-04-05", "off", "清明", ""),
    ("2027-05-03", "off", "劳动节", ""),
    ("2027-06-09", "off", "端午", ""),
    ("2027-09-15", "off", "中秋", ""),
    ("2027-10-01", "off", "国庆", ""),
    ("2027-10-04", "off", "国庆", ""),
    ("2027-10-05", "off", "国庆", ""),
    ("2027-10-06", "off", "国庆", ""),
    ("2027-10-07", "off", "国庆", ""),
    ("2027-10-09", "work", "调休", "2027-10-07"),
)


def make_notice(*more: Sequence[str], without: Sequence[str] = (), **overrides: Any) -> Notice:
    listed = [row for row in ROWS if row[0] not in without] + [tuple(row) for row in more]
    rows = [NoticeRow(line, *row) for line, row in enumerate(listed, start=2)]
    return Notice(**{"year": 2027, "status": Status.OFFICIAL, "rows": rows, **overrides})


BASE = replace(CALENDAR, forecast=frozenset({2027}))


def test_a_years_notice_takes_the_place_of_what_the_calendar_had_of_that_year() -> None:
    drafted = draft(make_notice(), BASE, version=2)
    assert drafted.years == dict.fromkeys(range(2014, 2028), Status.OFFICIAL)
    of_year = {day.isoformat() for day in drafted.days if day.year == 2027}
    # A Saturday off is one anyway.
    assert of_year == {row[0] for row in ROWS} - {"2027-02-06"}
    assert drafted.days[date(2027, 10, 9)] == CalendarDay(date(2027, 10, 9), True, "调休", 3)
    others = {day: known for day, known in BASE.days.items() if day.year != 2027}
    assert {day: known for day, known in drafted.days.items() if day.year != 2027} == others
    assert drafted.working_days_in(2027) == 261 - 16 + 2


def test_the_citys_own_days_and_the_nations_leave_each_other_alone() -> None:
    own = replace(make_notice(own=True), rows=[NoticeRow(2, "2027-04-09", "off", "三月三")])
    with_own = draft(own, BASE, version=2)
    assert with_own.days[date(2027, 4, 9)].own
    again = draft(make_notice(), with_own, version=3)
    assert again.days[date(2027, 4, 9)].own
    assert set(again.days) - set(draft(make_notice(), BASE, version=2).days) == {date(2027, 4, 9)}


@pytest.mark.parametrize(
    "row, why",
    [
        (("2027-02-30", "off", "", ""), "line 21: 2027-02-30 is no day: write it as 2027-10-01"),
        (("", "off", "", ""), "line 21: nothing is no day"),
        (("2027-10-01", "off", "", ""), "line 21: repeats line 15"),
        (("2027-11-01", "holiday", "", ""), "line 21: the kind is off or work"),
        (("2026-11-02", "off", "", ""), "line 21: 2026-11-02 is no day of 2027"),
        (("2027-11-01", "work", "", "2027-10-01"), "line 21: 2027-11-01 is a Monday, no weekend"),
        (("2027-11-06", "work", "", ""), "line 21: a make-up day needs the day off"),
        (("2027-11-06", "work", "", "soon"), "line 21: soon is no day"),
        (("2027-11-06", "work", "", "2027-11-05"), "line 21: 2027-11-05 is no weekday off"),
        (("2027-11-06", "work", "", "2027-11-07"), "line 21: 2027-11-07 is no weekday off"),
        (("2027-11-01", "off", "", "2027-10-01"), "line 21: a day off stands for none"),
    ],
)
def test_a_line_that_no_calendar_could_follow_is_named(row: Sequence[str], why: str) -> None:
    with pytest.raises(UnfitNotice) as refused:
        draft(make_notice(row), BASE, version=2)
    assert why in refused.value.detail


def test_every_line_that_is_wrong_is_named_at_once() -> None:
    bad = (("2027-02-30", "off", "", ""), ("2027-11-01", "work", "", "2027-10-01"), ("2027-10-01", "off", "", ""))
    with pytest.raises(UnfitNotice) as refused:
        draft(make_notice(*bad), BASE, version=2)
    assert all(f"line {line}: " in refused.value.detail for line in (21, 22, 23))


def test_a_day_of_the_nations_is_not_the_citys_own_too() -> None:
    own = replace(make_notice(own=True), rows=[NoticeRow(2, "2027-10-01", "off")])
    with pytest.raises(UnfitNotice, match="line 2: 2027-10-01 is the nation's already"):
        draft(own, draft(make_notice(), BASE, version=2), version=3)


WEEKDAYS_OF_2027 = [date(2027, 1, 1) + timedelta(days=ahead) for ahead in range(365)]


@pytest.mark.parametrize("count, fits", [(0, False), (1, True), (21, True), (22, False)])
def test_a_year_has_between_240_and_260_working_days(count: int, fits: bool) -> None:
    """2027 has 261 weekdays."""
    days = [day for day in WEEKDAYS_OF_2027 if day.weekday() < 5][:count]
    rows = [NoticeRow(line, day.isoformat(), "off") for line, day in enumerate(days, start=2)]
    notice = replace(make_notice(), rows=rows)
    if fits:
        assert draft(notice, BASE, version=2).working_days_in(2027) == 261 - count
        return
    with pytest.raises(UnfitYear, match=f"2027 would have {261 - count} working days"):
        draft(notice, BASE, version=2)


def test_a_notice_that_is_out_is_no_forecast_again() -> None:
    with pytest.raises(YearIsOfficial):
        draft(make_notice(year=2026, status=Status.FORECAST), BASE, version=2)


words = st.text(max_size=12)
rows = st.builds(
    NoticeRow,
    st.integers(2, 400),
    st.one_of(words, st.dates(date(2026, 12, 1), date(2028, 1, 31)).map(date.isoformat)),
    st.one_of(words, st.sampled_from(["off", "work"])),
    words,
    st.one_of(words, st.dates(date(2026, 12, 1), date(2028, 1, 31)).map(date.isoformat)),
)


@given(st.lists(rows, max_size=40))
def test_whatever_is_in_the_file_is_a_calendar_or_refused_by_line(listed: list[NoticeRow]) -> None:
    try:
        drafted = draft(replace(make_notice(), rows=listed), BASE, version=2)
    except (UnfitNotice, UnfitYear):
        return
    assert 240 <= drafted.working_days_in(2027) <= 260
    for day in drafted.days.values():
        assert day.date.year != 2027 or (day.working == (day.date.weekday() >= 5))
