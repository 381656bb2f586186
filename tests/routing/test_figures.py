"""Figures: what each step counts, where it is seen, and that adding it up changes nothing."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealRatedV1, AppealWithdrawnV1, Channel
from contracts.routing import Ask, Outcome, RecordKind
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from routing.domain.case import Case
from routing.domain.figures import Figure, Group, Line, Period, Rate
from routing.domain.promise import day_of
from routing.domain.recording import Work
from routing.domain.waiting import Plan
from routing.errors import FiguresElsewhere, NotKeptSo, UnfitPeriod, UnknownPlaceAsked
from routing.repository import cases
from routing.repository import figures as kept
from routing.service import (
    asking,
    comparing,
    dispatching,
    figures,
    merging,
    opening,
    planning,
    rating,
    recording,
    reporting_back,
    steps,
    sweeping,
)
from routing.service.figures import FirstDispatch
from sqlalchemy import Connection, text

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import misfigured
from tests.routing.conftest import City, make_appeal, make_post, put_post, statements_of, subject_of
from tests.routing.test_database import superuser
from tests.routing.test_reporting_back import make_assignment
from tests.routing.test_steps import As, make_case

__all__ = ["superuser"]

TODAY = date(2026, 11, 23)


def answer(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return steps.answer_case(uow, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已修好")


@pytest.fixture
def as_clock(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing", role="clock")


def add_up(clock: RolledBackUnitOfWork) -> None:
    """All that steps have counted."""
    while figures.sweep_increments(clock, limit=7):
        pass


FIRST_PAGE = Page(limit=50, of_list="figures", ring=KeyRing.parse(new_key("k1")))


def lines(uow: RolledBackUnitOfWork, **asked: Any) -> dict[str | None, Line]:
    return {line.key: line for line in figures.get_figures(uow, FIRST_PAGE, **asked).sheet.items}


def sums(uow: RolledBackUnitOfWork, **asked: Any) -> dict[str, int]:
    """All together, but for what is none."""
    found = lines(uow, **asked)
    return {figure.value: amount for figure, amount in found[""].sums.items() if amount} if found else {}


def rate(uow: RolledBackUnitOfWork, wanted: Rate, **asked: Any) -> tuple[int, int, float | None]:
    part = next(part for part in lines(uow, **asked)[""].rates if part.rate is wanted)
    return part.part, part.whole, part.share


def counted(uow: RolledBackUnitOfWork, **asked: Any) -> tuple[int, int, float | None]:
    figure: FirstDispatch = figures.get_first_dispatch(uow, **asked)
    return figure.answered, figure.at_first, figure.share


def test_it_is_a_success_when_the_first_post_answers(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    assert counted(dispatcher) == (0, 0, None)
    answer(mine, make_case(uow, city))
    assert counted(dispatcher) == (1, 1, 1.0)


def test_what_is_watched_comes_with_the_code_of_its_place(
    uow: RolledBackUnitOfWork, city: City, as_person: As, as_clock: RolledBackUnitOfWork
) -> None:
    answer(as_person(city.person("municipal")), make_case(uow, city))
    codes = "select distinct code from figure_increment join place_copy using (place_id)"
    (code,) = as_clock.execute(text(codes)).scalars()
    seen: kept.Seen = []
    figures.sweep_increments(as_clock, seen=seen)
    assert sorted(seen) == [(code, "accepted", 1), (code, "answered", 1), (code, "received", 1)]
    assert figures.sweep_increments(as_clock, seen=seen) == 0
    assert len(seen) == 3


def test_it_is_none_once_it_was_given_elsewhere_though_it_came_back(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher, mine = as_person(city.person("dispatcher")), as_person(city.person("municipal"))
    case = make_case(uow, city)
    for to in ("legal", "municipal"):
        to_post = city.posts[to].post_id
        case = dispatching.re_dispatch_case(dispatcher, case.case_id, version=case.version, to=to_post, words="改派")
    answer(mine, case)
    assert counted(dispatcher) == (1, 0, 0.0)


def test_it_is_none_when_a_return_was_granted_and_one_still_when_it_was_refused(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher, holder = as_person(city.person("dispatcher")), as_person(city.person("municipal"))
    for granted, expected in ((False, (1, 1)), (True, (2, 1))):
        case = make_case(uow, city)
        case = asking.ask_dispatcher(
            holder, case.case_id, ask=Ask.RETURN, version=case.version, reason="not_our_remit", words="非本岗职责"
        )
        to = city.posts["legal"].post_id if granted else None
        case = asking.rule_on_case(dispatcher, case.case_id, version=case.version, granted=granted, words="已核", to=to)
        answer(as_person(city.person("legal" if granted else "municipal")), case)
        assert counted(dispatcher)[:2] == expected


def test_a_dispatcher_who_answers_over_the_holders_head_is_not_the_first_post(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    answer(dispatcher, make_case(uow, city))
    assert counted(dispatcher) == (1, 0, 0.0)


def test_what_was_settled_while_it_was_taken_was_dispatched_by_nobody(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    spot = make_appeal(city, done_on_the_spot=True, taken_by=subject_of("window"))
    opening.open_cases(uow, [spot])
    assert counted(as_person(city.person("city_dispatcher"))) == (0, 0, None)


def test_it_counts_for_the_place_that_sent_it_and_for_all_above(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    answer(as_person(city.person("municipal")), make_case(uow, city, place="area"))
    bare = make_case(uow, city, place="bare", suggested_category="legal.aid")
    answer(as_person(city.person("city_dispatcher")), bare)
    top = as_person(city.person("city_dispatcher"))
    seen = {code: counted(top, place_id=city.ids[code])[0] for code in ("city", "district", "community", "other")}
    assert seen == {"city": 2, "district": 1, "community": 1, "other": 0}


def test_who_sees_no_more_than_the_case_still_counts_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    """The post of a bureau, or of an area, is below the place that it counts for."""
    put_post(uow, make_post(city, "chief", Duty.AREA_CHIEF, "area"), version=1)
    dispatcher = as_person(city.person("dispatcher"))
    case = make_case(uow, city)
    case = dispatching.re_dispatch_case(
        dispatcher, case.case_id, version=case.version, to=city.posts["chief"].post_id, words="改派"
    )
    answer(as_person(city.person("chief")), case)
    assert counted(dispatcher) == (1, 0, 0.0)


def test_a_period_is_asked_for_by_its_days_in_the_citys_time(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, later = make_case(uow, city), make_case(uow, city)
    answer(as_person(city.person("municipal")), case)
    # Half past midnight in the city, half past four in the afternoon before in UTC.
    answer(as_person(city.person("municipal"), now=NOW + timedelta(hours=15, minutes=30)), later)
    tomorrow = TODAY + timedelta(days=1)
    reader = as_person(city.person("dispatcher"), now=NOW + timedelta(days=9))
    assert counted(reader)[0] == 2
    assert counted(reader, since=TODAY, until=TODAY)[0] == 1
    assert counted(reader, since=tomorrow, until=tomorrow)[0] == 1
    assert counted(reader, since=tomorrow + timedelta(days=1))[0] == 0


def test_periods_and_places_that_cannot_be_answered_are_refused(city: City, as_person: As) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    for since, until in ((TODAY, TODAY - timedelta(days=1)), (TODAY - timedelta(days=366), TODAY)):
        with pytest.raises(UnfitPeriod):
            figures.get_first_dispatch(dispatcher, since=since, until=until)
    with pytest.raises(FiguresElsewhere):
        figures.get_first_dispatch(dispatcher, place_id=city.ids["other"])
    with pytest.raises(FiguresElsewhere):
        figures.get_first_dispatch(dispatcher, place_id=city.ids["district"])
    with pytest.raises(UnknownPlaceAsked):
        figures.get_first_dispatch(dispatcher, place_id=uuid4())


def test_counts_go_with_their_place_when_that_moves(
    uow: RolledBackUnitOfWork, city: City, as_person: As, as_clock: RolledBackUnitOfWork, uow_of: UnitOfWorkOf
) -> None:
    """Out of the sums of the places that it leaves, into those that it comes to; whether added up or not."""
    answer(as_person(city.person("municipal")), make_case(uow, city))
    elsewhere = f"{city.paths['bare']}{city.ids['community'].hex}/"
    for _ in range(2):
        for path in (elsewhere, city.paths["community"]):
            kept.move_place(uow, city.ids["community"], path)
            answered = {
                code: kept.sum_up(uow_of("routing"), [city.paths[code]], Period(TODAY, TODAY))
                for code in ("city", "district", "bare")
            }
            seen = {code: line.sums[Figure.DISPATCHED] for code, found in answered.items() for line in found}
            assert {code for code, amount in seen.items() if amount} == {
                "city",
                "bare" if path == elsewhere else "district",
            }
        add_up(as_clock)
    comparing.recount(as_clock)
    assert comparing.compare(as_clock) == []


def test_a_city_reads_no_communitys_sums_but_those_of_all_below_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, as_clock: RolledBackUnitOfWork, superuser: Connection
) -> None:
    """However many communities it has: theirs could be anything."""
    for code in ("community", "other", "bare"):
        make_case(uow, city, place=code)
    add_up(as_clock)
    as_superuser(superuser).execute(
        text("update figure_kept set received = 100, accepted = 100 where path like '/%/%/%/'")
    )
    top = as_person(city.person("city_dispatcher"))
    assert sums(top)["received"] == 3
    districts = {key: line.sums[Figure.RECEIVED] for key, line in lines(top, by=Group.PLACE).items()}
    assert districts == {city.ids["district"].hex: 2, city.ids["bare"].hex: 1}
    assert lines(top, by=Group.CHANNEL)["web"].sums[Figure.RECEIVED] == 3
    by_post = [line.sums[Figure.ACCEPTED] for line in lines(top, by=Group.POST).values()]
    assert sum(by_post) == sums(top)["accepted"] < 100
    assert sums(top, place_id=city.ids["district"], only={Group.CATEGORY: "municipal"})["received"] == 2
    assert sums(as_person(city.person("dispatcher")))["received"] == 100


def test_who_looks_from_two_places_of_which_one_holds_the_other_counts_nothing_twice(
    uow: RolledBackUnitOfWork, city: City, as_clock: RolledBackUnitOfWork, uow_of: UnitOfWorkOf
) -> None:
    make_case(uow, city)
    for _ in range(2):
        both = [city.paths["community"], city.paths["district"]]
        (line,) = kept.sum_up(uow_of("routing"), both, Period(TODAY, TODAY))
        assert line.sums[Figure.RECEIVED] == 1
        add_up(as_clock)


def test_counting_costs_no_statement_and_locks_no_row_of_figures(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """Steps of a city never wait for one another's figures: they add rows, in the statement that saves the case."""
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    sent = [statement for statement, _ in statements_of(mine, lambda: answer(mine, case))]
    (counting,) = [statement for statement in sent if "figure_" in statement]
    assert "update cases" in counting
    assert "insert into figure_increment" in counting
    assert "figure_kept" not in counting


def test_what_is_opened_again_and_answered_again_counts_once(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    case = answer(mine, make_case(uow, city, assignment=make_assignment()))
    case = reporting_back.report_back(mine, case.case_id, version=case.version, words="已办结")
    case = reporting_back.enter_review(
        dispatcher, case.case_id, version=case.version, accepted=False, words="退回", due_at=NOW + timedelta(days=2)
    )
    to = city.posts["legal"].post_id
    case = dispatching.re_dispatch_case(dispatcher, case.case_id, version=case.version, to=to, words="改派")
    answer(as_person(city.person("legal")), case)
    assert counted(dispatcher) == (1, 1, 1.0)


def test_each_step_counts_what_it_is(
    uow: RolledBackUnitOfWork, city: City, as_person: As, as_clock: RolledBackUnitOfWork
) -> None:
    """One case, from its opening to its end, before and after it was added up."""
    dispatcher, mine = as_person(city.person("dispatcher")), as_person(city.person("municipal"))
    case = make_case(uow, city)
    opened = {"received": 1, "accepted": 1, "to_contact": 1}
    assert sums(dispatcher) == opened
    recording.record_work(mine, case.case_id, Work(RecordKind.INTERIM_WORD, words="明日来修"))
    assert sums(dispatcher) == {**opened, "contacted": 1}
    case = answer(mine, cases.get_case(mine, case.case_id))
    answered = {**opened, "contacted": 1, "answered": 1, "kept": 1, "dispatched": 1, "at_first": 1}
    assert sums(dispatcher) == answered
    said: dict[str, Any] = {"answer": 1, "solved": True, "rating": 4, "rated_at": NOW}
    rating.take_rating(uow, AppealRatedV1(version=2, appeal_id=case.appeals[0].appeal_id, **said))
    case = cases.get_case(mine, case.case_id)
    steps.close_case(mine, case.case_id, version=case.version)
    ended = {**answered, "solved": 1, "satisfied": 1, "closed": 1, "of_district": 1, "in_district": 1}
    assert sums(dispatcher) == ended
    add_up(as_clock)
    assert sums(dispatcher) == ended
    assert misfigured(as_clock) == []
    assert rate(dispatcher, Rate.SATISFIED) == (1, 1, 1.0)


def test_silence_is_not_rated_and_a_late_word_takes_it_back(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = answer(as_person(city.person("municipal")), make_case(uow, city))
    later = NOW + timedelta(days=12)
    sweeping.sweep_due(uow_of("routing", role="clock", now=later))
    reader = as_person(city.person("dispatcher"), now=later)
    assert sums(reader)["unrated"] == 1
    assert rate(reader, Rate.SATISFIED) == (0, 0, None)
    word: dict[str, Any] = {"answer": 1, "solved": True, "rating": 2, "rated_at": later}
    late = uow_of("routing", role="consumer", now=later + timedelta(days=1))
    rating.take_rating(late, AppealRatedV1(version=2, appeal_id=case.appeals[0].appeal_id, **word))
    after = sums(as_person(city.person("dispatcher"), now=later + timedelta(days=1)))
    assert "unrated" not in after
    assert (after["solved"], after["dissatisfied"]) == (1, 1)


def test_what_is_overdue_counts_while_nobody_answers_and_the_breach_for_good(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    late = NOW + timedelta(days=40)
    sweeping.sweep_due(uow_of("routing", role="clock", now=late))
    reader = as_person(city.person("dispatcher"), now=late)
    # It fell due long before the last thirty days, and stands in their stock all the same.
    assert sums(reader) == {"overdue": 1}
    due = day_of(case.due or NOW, zone="Asia/Shanghai")
    assert sums(reader, since=due, until=due) == {"missed": 1, "overdue": 1}
    assert sums(reader, since=TODAY, until=due - timedelta(days=1)) == {"received": 1, "accepted": 1, "to_contact": 1}
    answer(as_person(city.person("municipal"), now=late), cases.get_case(reader, case.case_id))
    assert sums(reader) == {"answered": 1, "dispatched": 1, "at_first": 1}
    assert rate(reader, Rate.ON_TIME, since=TODAY) == (0, 1, 0.0)
    months = lines(reader, since=TODAY, by=Group.MONTH)
    assert {key: line.sums[Figure.OVERDUE] for key, line in months.items()} == {"2026-11-01": 1, "2027-01-01": 0}


def test_what_is_planned_is_neither_kept_nor_missed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    case = make_case(uow, city)
    case = planning.plan_case(mine, case.case_id, Plan(TODAY + timedelta(days=7), "列入计划"), version=case.version)
    planned = sums(dispatcher)
    assert (planned["planned"], planned["plans_open"], "kept" in planned) == (1, 1, False)
    answer(mine, case)
    after = sums(dispatcher)
    assert (after["plans_kept"], "plans_open" in after, "kept" in after) == (1, False, False)


def test_a_plan_that_was_put_off_is_not_kept(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    case = make_case(uow, city)
    days = (Plan(TODAY + timedelta(days=ahead), "列入计划") for ahead in (7, 9))
    case = planning.plan_case(mine, case.case_id, next(days), version=case.version)
    answer(mine, planning.re_plan_case(dispatcher, case.case_id, next(days), version=case.version))
    assert rate(dispatcher, Rate.PLANS_KEPT) == (0, 1, 0.0)


def test_a_plan_counts_as_put_off_once_and_not_where_its_day_comes_sooner(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    for days, expected in (((9, 7), (1, 0)), ((7, 9, 11), (1, 1))):
        plans = [Plan(TODAY + timedelta(days=ahead), "列入计划") for ahead in days]
        case = make_case(uow, city)
        case = planning.plan_case(mine, case.case_id, plans[0], version=case.version)
        for plan in plans[1:]:
            case = planning.re_plan_case(dispatcher, case.case_id, plan, version=case.version)
        answer(mine, case)
        found = sums(dispatcher)
        assert (found["plans_kept"], found.get("plans_moved", 0)) == expected


def test_a_matter_is_contained_while_it_lies_with_nobody_above_its_remit(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    for to in (None, "district_dispatcher"):
        case = make_case(uow, city, suggested_category="administrative.hukou")
        who = "window"
        if to is not None:
            post = city.posts[to].post_id
            # Handed up, solved there, and brought back before the end.
            for each in (post, city.posts["window"].post_id):
                case = dispatching.re_dispatch_case(
                    as_person(city.person("district_dispatcher")),
                    *(case.case_id,),
                    version=case.version,
                    to=each,
                    words="改派",
                )
        case = answer(as_person(city.person(who)), case)
        said: dict[str, Any] = {"answer": 1, "solved": True, "rating": 5, "rated_at": NOW}
        rating.take_rating(uow, AppealRatedV1(version=2, appeal_id=case.appeals[0].appeal_id, **said))
        case = cases.get_case(dispatcher, case.case_id)
        steps.close_case(dispatcher, case.case_id, version=case.version)
    remit = sums(dispatcher)
    assert (remit["of_community"], remit["in_community"]) == (2, 1)


def test_groups_and_filters_are_of_the_same_cases(
    uow: RolledBackUnitOfWork, city: City, as_person: As, as_clock: RolledBackUnitOfWork
) -> None:
    make_case(uow, city, channel=Channel.WINDOW)
    make_case(uow, city, place="other", suggested_category="municipal.water")
    top = as_person(city.person("district_dispatcher"))
    for _ in range(2):
        by = {group: {key: line.sums[Figure.RECEIVED] for key, line in lines(top, by=group).items()} for group in Group}
        assert by[Group.PLACE] == {city.ids["community"].hex: 1, city.ids["other"].hex: 1}
        assert by[Group.CATEGORY] == {"municipal.street_lights": 1, "municipal.water": 1}
        assert by[Group.CHANNEL] == {"web": 1, "window": 1}
        assert by[Group.DAY] == {"2026-11-23": 2}
        assert sums(top, only={Group.CATEGORY: "municipal"})["received"] == 2
        assert sums(top, only={Group.CATEGORY: "municipal.water"})["received"] == 1
        assert sums(top, only={Group.CATEGORY: "municipal.wat"}) == {}
        assert sums(top, only={Group.POST: str(city.posts["municipal"].post_id)})["accepted"] == 1
        assert set(lines(top, by=Group.PLACE, only={Group.CHANNEL: "window"})) == {city.ids["community"].hex}
        add_up(as_clock)
    assert sums(as_person(city.person("dispatcher")))["received"] == 1
    assert sums(as_person(city.person("other_dispatcher")))["received"] == 1


def test_two_marks_at_once_are_refused_with_what_to_ask_instead(city: City, as_person: As) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    with pytest.raises(NotKeptSo, match="name one"):
        lines(dispatcher, only={Group.CHANNEL: "web", Group.CATEGORY: "municipal"})
    with pytest.raises(NotKeptSo, match="place, month or day"):
        lines(dispatcher, by=Group.POST, only={Group.CHANNEL: "web"})
    with pytest.raises(UnfitPeriod):
        lines(dispatcher, by=Group.DAY, since=TODAY - timedelta(days=92))


def test_what_is_sealed_counts_where_it_is_kept_and_as_its_kind_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    make_case(uow, city, complained_of=[subject_of("dispatcher")], suggested_category="stability.discipline")
    assert sums(as_person(city.person("dispatcher"))) == {}
    above = as_person(city.person("district_dispatcher"))
    assert sums(above)["received"] == 1
    assert set(lines(above, by=Group.PLACE)) == {city.ids["district"].hex}
    assert set(lines(above, by=Group.CATEGORY)) == {"stability"}
    for marked in (Group.CHANNEL, Group.OFFICE, Group.POST):
        assert lines(above, by=marked) == {}


def test_a_finished_past_counts_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    opening.open_cases(uow, [make_appeal(city, historic=True)])
    assert sums(as_person(city.person("city_dispatcher"))) == {}


def test_a_merged_case_was_reached_by_being_told_so(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    case, into = make_case(uow, city), make_case(uow, city)
    merging.merge_case(dispatcher, case.case_id, version=case.version, into=into.number, words="同一件事")
    assert sums(dispatcher) == {"received": 2, "accepted": 2, "to_contact": 2, "contacted": 1, "merged": 1}


def test_whoever_withdraws_before_anybody_was_late_need_not_be_reached(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    for days, expected in ((0, 0), (5, 1)):
        case = make_case(uow, city)
        later = uow_of("routing", role="consumer", now=NOW + timedelta(days=days))
        gone: dict[str, Any] = {"withdrawn_by": "resident", "reason": "自行解决", "withdrawn_at": later.now}
        opening.withdraw_appeal(later, AppealWithdrawnV1(version=2, appeal_id=case.appeals[0].appeal_id, **gone))
        counted = sums(as_person(city.person("dispatcher"), now=later.now))
        assert counted.get("to_contact", 0) == expected
