"""First-dispatch success: counted once a case as it is answered, for the place whose dispatcher sent it."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.grid import Duty
from contracts.routing import Ask, Outcome
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.errors import FiguresElsewhere, UnfitPeriod, UnknownPlaceAsked
from routing.repository import figures as kept
from routing.service import asking, dispatching, figures, opening, reporting_back, steps
from routing.service.figures import FirstDispatch
from sqlalchemy import text

from tests.routing.conftest import City, make_appeal, make_post, put_post, statements_of, subject_of
from tests.routing.test_reporting_back import make_assignment
from tests.routing.test_steps import As, make_case

TODAY = date(2026, 11, 23)


def answer(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return steps.answer_case(uow, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已修好")


def counted(uow: RolledBackUnitOfWork, **asked: Any) -> tuple[int, int, float | None]:
    figure: FirstDispatch = figures.get_first_dispatch(uow, **asked)
    return figure.answered, figure.at_first, figure.share


def test_it_is_a_success_when_the_first_post_answers(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    assert counted(dispatcher) == (0, 0, None)
    answer(mine, make_case(uow, city))
    assert counted(dispatcher) == (1, 1, 1.0)


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
    rows = uow.execute(text("select place_id, day from first_dispatch_day")).all()
    assert {tuple(row) for row in rows} == {(city.ids["community"], TODAY), (city.ids["city"], TODAY)}


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


def test_counts_go_with_their_place_when_that_moves(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    answer(as_person(city.person("municipal")), make_case(uow, city))
    kept.move_place(uow, city.ids["community"], "/moved/")
    assert kept.sum_first_dispatch(uow, ["/moved/"], TODAY, TODAY) == (1, 1)


def test_counting_costs_one_statement(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    sent = [statement for statement, _ in statements_of(mine, lambda: answer(mine, case))]
    assert len([statement for statement in sent if "count_first_dispatch" in statement]) == 1


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
