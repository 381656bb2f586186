"""Opening hours and closures: drafted from a file, put into force by another, and what they move."""

from typing import Any

import pytest
from contracts.routing import CaseState, DeadlineMovedV1
from kit.testing.servers import RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineKind
from routing.domain.reading_aloud import read_aloud
from routing.domain.timetable import Timetable, TimetableRow
from routing.errors import NothingChanges, NotTheOperator, ReleaseBeforeRuns, SecondPersonNeeded, UnfitTimetable
from routing.repository import cases, policy
from routing.service import calendars, dispatching
from sqlalchemy import text

from tests.routing.conftest import At, City, local
from tests.routing.test_calendars import (
    OFF_ON_THURSDAY,
    ONE,
    OTHER,
    doubts_of,
    make_case,
    make_extended,
    put_into_force,
    said,
    sweep,
)
from tests.routing.test_explained import standing


def timetable(*rows: dict[str, str]) -> Timetable:
    """Of the community, unless a row says otherwise; its lines are numbered from the second on."""
    told: list[dict[str, Any]] = [{"place": "community", "day": "2026-11-26", **row} for row in rows]
    return Timetable([TimetableRow(line, **row) for line, row in enumerate(told, start=2)])


def closed(day: str, closes: str = "", **more: str) -> dict[str, str]:
    return {"kind": "closed", "day": day, "closes": closes, **more}


def hours(weekday: str, opens: str = "", closes: str = "", **more: str) -> dict[str, str]:
    return {"kind": "hours", "weekday": weekday, "opens": opens, "closes": closes, **more}


def bring(at: At, *rows: dict[str, str]) -> int:
    """Drafted by one operator, put into force by another."""
    version = calendars.draft_hours(at(ONE), timetable(*rows)).version.version
    calendars.activate_calendar(at(OTHER), version)
    return version


def due(uow: RolledBackUnitOfWork, case: Case) -> Any:
    return cases.get_case(uow, case.case_id).promise_due


@pytest.mark.parametrize(
    "rows, line, why",
    [
        ([hours("monday", "9:00", "17:00")], 2, "9:00 is no hour, under opens: write it as 09:00"),
        ([hours("monday", "09:00")], 2, "nothing is no hour, under closes: write it as 09:00"),
        ([hours("monday", "09:00", "25:00")], 2, "25:00 is no hour, under closes: write it as 09:00"),
        ([hours("monday", "17:00", "09:00")], 2, "it closes at 09:00, before it opens at 17:00"),
        ([hours("monday", "09:00", "09:00")], 2, "it closes at 09:00, before it opens at 09:00"),
        (
            [hours("monday", "09:00", "12:00"), hours("周一", "11:30", "17:00")],
            3,
            "these hours overlap those of line 2",
        ),
        ([hours("someday", "09:00", "12:00")], 2, "someday is no weekday: write it as monday or 周一"),
        ([hours("monday", "09:00", "12:00", day="soon")], 2, "soon is no day: write it as 2026-12-01"),
        ([closed("2026-02-30")], 2, "2026-02-30 is no day: write it as 2026-12-01"),
        ([closed("0001-01-01")], 2, "0001-01-01 is no day of 2014 to 2199"),
        ([closed("2026-11-26", "noon")], 2, "noon is no hour, under closes: write it as 09:00"),
        ([closed("2026-11-26", opens="09:00")], 2, "only the hour from which it is closed may be named, in closes"),
        ([closed("2026-11-26"), closed("2026-11-26", "12:00")], 3, "repeats line 2"),
        ([{"kind": "open"}], 2, "community is not closed on 2026-11-26"),
        ([{"kind": "shut"}], 2, "the kind is hours, closed or open"),
        ([closed("2026-11-26", place="nowhere")], 2, "there is no place with the code nowhere"),
    ],
)
def test_a_line_by_which_no_station_could_open_is_named_and_nothing_is_kept(  # noqa: PLR0917  # fixtures, and a table
    uow: RolledBackUnitOfWork, city: City, at: At, rows: list[dict[str, str]], line: int, why: str
) -> None:
    with pytest.raises(UnfitTimetable) as refused:
        calendars.draft_hours(at(ONE), timetable(*rows))
    assert refused.value.detail == f"Nothing was changed. Put right: line {line}: {why}."
    assert uow.execute(text("select count(*) from calendar")).scalar_one() == 1


def test_every_line_that_is_wrong_is_named_at_once(city: City, at: At) -> None:
    with pytest.raises(UnfitTimetable, match=r"line 2: .* no weekday.*; line 4: .* no day"):
        calendars.draft_hours(at(ONE), timetable(hours("x", "09:00", "12:00"), closed("2026-11-27"), closed("2026")))


def test_hours_are_drafted_by_one_operator_and_put_into_force_by_another(city: City, at: At) -> None:
    with pytest.raises(NotTheOperator):
        calendars.draft_hours(at(city.person("window")), timetable(closed("2026-11-26")))
    drafted = calendars.draft_hours(at(ONE), timetable(closed("2026-11-26", "12:00", note="停电")))
    (change,) = drafted.stations
    assert (change.place, str(change.since), change.before.listed()) == ("community", "2026-11-26", [])
    assert change.after.listed() == [{"date": "2026-11-26", "closes": "12:00", "note": "停电"}]
    assert (drafted.version.year, drafted.working_days, drafted.days) == (None, None, [])
    with pytest.raises(SecondPersonNeeded):
        calendars.activate_calendar(at(ONE), drafted.version.version)
    calendars.activate_calendar(at(OTHER), drafted.version.version)
    with pytest.raises(NothingChanges):
        calendars.draft_hours(at(ONE), timetable(closed("2026-11-26", "12:00", note="停电")))


def test_hours_wait_until_no_process_of_a_release_before_is_connected(city: City, at: At) -> None:
    version = calendars.draft_hours(at(ONE), timetable(closed("2026-11-26"))).version.version
    uow = at(OTHER)
    uow.execute(text("set application_name = 'routing_api'"))
    with pytest.raises(ReleaseBeforeRuns, match="routing_api"):
        calendars.activate_calendar(uow, version)


def test_a_draft_shows_what_it_would_move_and_moves_nothing(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    drafted = calendars.draft_hours(at(ONE), timetable(closed("2026-11-30", "12:00")))
    assert (drafted.earlier, drafted.later) == (1, 0)
    assert sweep(at).published == []
    assert due(uow, case) == local("2026-11-30T17:00")


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([closed("2026-11-30", "12:00")], "2026-11-30T12:00"),
        ([closed("2026-11-30")], "2026-12-01T00:00"),
        ([closed("2026-11-27")], "2026-11-30T17:00"),
        # The city's hold where the community has none of its own; its own go before them, from when they begin.
        ([hours("周一", "09:00", "15:00", place="city")], "2026-11-30T15:00"),
        (
            [hours("周一", "09:00", "15:00", place="city"), hours("周一", "09:00", "16:00", day="2026-11-30")],
            "2026-11-30T16:00",
        ),
        (
            [hours("周一", "09:00", "15:00", place="city"), hours("周一", "09:00", "16:00", day="2026-12-01")],
            "2026-11-30T15:00",
        ),
        ([closed("2026-11-30", "11:00", place="city")], "2026-11-30T11:00"),
        ([closed("2026-11-30", "11:00", place="city"), closed("2026-11-27")], "2026-11-30T11:00"),
        ([closed("2026-11-30", "11:00", place="city"), closed("2026-11-30", "12:00")], "2026-11-30T12:00"),
        # In two parts, and closed between them; never on Mondays; never at all.
        (
            [hours("周一", "09:00", "12:00"), hours("周一", "14:00", "18:00"), closed("2026-11-30", "13:00")],
            "2026-11-30T12:00",
        ),
        ([hours("周二", "09:00", "17:00")], "2026-12-01T00:00"),
        ([hours("")], "2026-12-01T00:00"),
        # Another community's.
        ([closed("2026-11-30", place="other")], "2026-11-30T17:00"),
    ],
)
def test_a_working_day_promise_ends_when_business_ends_there_on_its_last_day(
    uow: RolledBackUnitOfWork, city: City, at: At, rows: list[dict[str, str]], expected: str
) -> None:
    before = make_case(uow, city)
    bring(at, *rows)
    sweep(at)
    after = make_case(uow, city)
    assert (due(uow, before), due(uow, after)) == (local(expected), local(expected))
    assert doubts_of(at, before.case_id) == doubts_of(at, after.case_id) == []


def test_the_same_day_after_closing_goes_to_the_next_opening(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    bring(at, closed("2026-11-26", "12:00"), closed("2026-11-27"))
    morning, noon = (
        make_case(uow, city, suggested_category="administrative.hukou", received_at=local(f"2026-11-26T{hour}"))
        for hour in ("11:00", "12:00")
    )
    assert due(uow, morning) == local("2026-11-26T12:00")
    assert due(uow, noon) == local("2026-11-30T17:00")
    assert doubts_of(at, noon.case_id) == []


def test_what_is_urgent_runs_by_the_clock_whoever_has_closed(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    before = make_case(uow, city, urgent=True)
    bring(at, closed("2026-11-23"), closed("2026-11-24"), hours("", day="2026-11-01"))
    assert said(sweep(at), DeadlineMovedV1) == []
    after = make_case(uow, city, urgent=True)
    assert due(uow, before) == due(uow, after) == local("2026-11-24T09:00")


def test_a_closure_that_is_taken_back_moves_it_back_and_is_told_each_time(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    bring(at, closed("2026-11-30", "12:00"))
    (earlier,) = said(sweep(at), DeadlineMovedV1)
    bring(at, {"kind": "open", "day": "2026-11-30"})
    (later,) = said(sweep(at), DeadlineMovedV1)
    assert (earlier.due_at, later.due_before) == (local("2026-11-30T12:00"),) * 2
    assert (later.due_at, later.promise_due) == (local("2026-11-30T17:00"),) * 2
    assert cases.get_case(uow, case.case_id).state is CaseState.ASSIGNED
    assert doubts_of(at, case.case_id) == []


def test_a_notice_and_hours_go_on_together(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    bring(at, closed("2026-12-01", "12:00"))
    put_into_force(at, OFF_ON_THURSDAY)
    sweep(at)
    assert due(uow, case) == local("2026-12-01T12:00")
    assert doubts_of(at, case.case_id) == []
    bring(at, closed("2026-12-01"))
    sweep(at)
    assert due(uow, case) == local("2026-12-02T00:00")
    assert not policy.get_calendar(uow).is_working(local("2026-11-26T00:00").date())
    assert doubts_of(at, case.case_id) == []


def test_what_is_placed_elsewhere_is_counted_again_by_the_hours_that_it_was_counted_by(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    everywhere = [hours(day, "09:00", "16:00") for day in ("周一", "周二")]
    bring(at, *everywhere, *(row | {"place": "other", "closes": "18:00"} for row in everywhere))
    case, above = make_case(uow, city), at(city.person("district_dispatcher"))
    elsewhere = city.ids["other"]
    dispatching.re_sort_case(above, case.case_id, version=case.version, place_id=elsewhere, words="地点有误")
    assert due(uow, case) == local("2026-11-30T16:00")
    put_into_force(at, OFF_ON_THURSDAY)
    sweep(at)
    assert due(uow, case) == local("2026-12-01T16:00")
    assert doubts_of(at, case.case_id) == []
    found = standing(at(role="api"), case)
    assert found.station == "area"
    assert "按事项当时所在地“area”的窗口时间计算。" in read_aloud(found)["zh"]
    assert "Counted by the hours of the station of area, where the case was then." in read_aloud(found)["en"]


def test_what_is_extended_ends_by_the_hours_that_hold_then(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    bring(at, hours("周三", "09:00", "12:30", day="2026-12-01"))
    case = make_case(uow, city)
    extended = make_extended(city, at, case)
    assert extended.promise_due == local("2026-12-02T12:30")
    bring(at, closed("2026-11-30", "12:00"), closed("2026-12-02", "11:00"))
    sweep(at)
    assert due(uow, case) == local("2026-12-02T11:00")
    assert doubts_of(at, case.case_id) == []


def test_an_explanation_says_why_it_ends_before_business_does_as_a_rule(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    bring(at, closed("2026-11-26"), closed("2026-11-30", "12:00", note="停电"))
    sweep(at)
    found = standing(at(role="api"), case)
    assert (found.agrees, found.kind) == (True, DeadlineKind.PROMISE)
    said = read_aloud(found)
    assert "Monday 30 November: the station closes early, at 12:00 (停电)." in said["en"]
    assert "11月30日（星期一）窗口提前至12:00下班（停电）。" in said["zh"]
    assert "11月26日（星期四）窗口临时不开。" in said["zh"]
    assert any("12:00 on Monday 30 November 2026" in sentence for sentence in said["en"])


def test_hours_that_the_row_does_not_have_are_found(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    bring(at, closed("2026-11-30", "12:00"))
    sweep(at)
    without = "update deadline set hours = '[]' where case_id = :case and state = 'open'"
    uow.execute(text(without), {"case": case.case_id})
    assert not standing(at(role="api"), case).agrees
