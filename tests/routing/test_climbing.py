"""What is missed has to be seen to by the superior, then by the tier above, and so on up, until it goes on."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from contracts.grid import Duty
from contracts.routing import Ask, CaseClosedV1, DeadlineBreachedV1, Kind, Outcome, Remit, SupervisionClimbedV1
from kit.clock import DrivenClock
from kit.crypto import KeyRing, new_key
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case, DeadlineKind
from routing.domain.promise import Term, Unit
from routing.domain.rules import Rule, RuleSet
from routing.domain.supervising import SupervisionLine
from routing.domain.waiting import Plan
from routing.errors import UnfitRules
from routing.repository import cases, policy
from routing.repository.claims import Claim
from routing.service import planning, recounting, recusing, steps, supervising, sweeping
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import At, City, lay_city, local, make_post, put_post, statements_of, subject_of
from tests.routing.test_accompanying import accompany
from tests.routing.test_asking import ask, re_dispatch, re_sort, rule
from tests.routing.test_calendars import OFF_ON_THURSDAY, notice_of_2026, put_into_force
from tests.routing.test_deadlines import history_faults, open_many, set_limits, until_done
from tests.routing.test_merging import make_shared, merge, split
from tests.routing.test_reporting_back import IN_A_DAY, assigned
from tests.routing.test_steps import As, make_case
from tests.routing.test_suspending import ask as ask_suspension
from tests.routing.test_transferring import transfer

SECOND = timedelta(seconds=1)
PAGE = Page(9, "a list", KeyRing.parse(new_key("k1")))

#: Of street lights that were reported on Monday 23 November: missed at Monday's close, a working day for each tier.
MISSED = local("2026-11-30T17:00") + SECOND
CLIMBS, COMES_BACK, AGAIN = (local(f"2026-12-0{day}T17:00") + SECOND for day in (1, 2, 3))


Sweep = Callable[[datetime], list[Any]]


@pytest.fixture
def sweep_at(uow_of: UnitOfWorkOf) -> Sweep:
    """What a sweep at that instant says, but for warnings."""
    kinds = {kind.TYPE: kind for kind in (DeadlineBreachedV1, SupervisionClimbedV1, CaseClosedV1)}

    def sweep_at(now: datetime) -> list[Any]:
        clock = uow_of("routing", role="clock", now=now)
        while sweeping.sweep_due(clock):
            pass
        said = [event for event in clock.published if event.type in kinds]
        return [kinds[event.type].model_validate_json(event.body or "") for event in said]

    return sweep_at


@pytest.fixture
def lines_of(city: City, as_person: As) -> Callable[..., list[SupervisionLine]]:
    def lines_of(*codes: str, now: datetime = AGAIN) -> list[SupervisionLine]:
        return list(supervising.list_mine(as_person(city.person(*codes), now=now), PAGE).items)

    return lines_of


Lines = Callable[..., list[SupervisionLine]]


def now_of(uow: UnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def subject(handler: Any) -> str | None:
    return handler.subject if handler else None


def test_at_a_breach_the_superior_gets_a_duty_with_a_limit_and_the_holder_keeps_the_case(
    uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    (breached,) = sweep_at(MISSED)
    assert (subject(breached.superior), breached.supervise_by) == (subject_of("district_supervisor"), CLIMBS - SECOND)
    after = now_of(uow, case)
    assert after.holder_post_id == city.posts["municipal"].post_id
    assert after.supervisor_post_id == city.posts["district_supervisor"].post_id
    (line,) = lines_of("district_supervisor", now=MISSED)
    duty = line.supervision
    assert (duty.case_id, duty.tier, duty.since, duty.due_at) == (case.case_id, "district", MISSED, CLIMBS - SECOND)
    assert (line.case_number, line.version, duty.repeats, duty.lapsed_at) == (case.number, after.version, 0, None)
    assert (duty.term, duty.rule_version) == (Term(Unit.WORKING_DAYS, 1), policy.get_policy(uow, [], [])[0].version)
    (entry,) = cases.list_entries(uow, after)[-1:]
    assert entry.facts["supervise_by"] == breached.supervise_by.isoformat()


def test_it_climbs_tier_by_tier_and_comes_back_at_the_top(
    uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    sweep_at(MISSED)
    assert sweep_at(CLIMBS - SECOND) == []
    (climbed,) = sweep_at(CLIMBS)
    assert (subject(climbed.superior), subject(climbed.late)) == tuple(
        map(subject_of, ("city_dispatcher", "district_supervisor"))
    )
    assert (climbed.repeats, climbed.due_at, subject(climbed.handler)) == (
        *(0, COMES_BACK - SECOND),
        subject_of("municipal"),
    )
    facts = cases.list_entries(uow, now_of(uow, case))[-1].facts
    assert (facts["superior"], facts["late"]) == (subject(climbed.superior), subject(climbed.late))
    (below,) = lines_of("district_supervisor")
    assert below.supervision.lapsed_at == CLIMBS
    for nth, instant in enumerate((COMES_BACK, AGAIN), start=1):
        assert sweep_at(instant - SECOND) == []
        (back,) = sweep_at(instant)
        assert (subject(back.superior), back.late, back.repeats) == (subject_of("city_dispatcher"), None, nth)
        assert (back.supervision_id, back.due_at) == (climbed.supervision_id, instant - SECOND + timedelta(days=1))
    (top,) = lines_of("city_dispatcher")
    assert (top.supervision.repeats, top.supervision.tier, top.supervision.since) == (2, "city", CLIMBS)
    assert now_of(uow, case).supervisor_post_id == city.posts["city_dispatcher"].post_id
    assert history_faults(uow, case.case_id) == []
    assert faults_of(uow, case.case_id) == []


def test_what_nobody_is_above_stands_first_and_then_the_oldest(
    uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep, lines_of: Lines
) -> None:
    """The urgent one has come back by then; it is the youngest of the three."""
    for code in ("dispatcher", "district_dispatcher", "district_supervisor"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    oldest, younger = make_case(uow, city), make_case(uow, city, received_at=NOW + timedelta(days=1))
    sweep_at(MISSED)
    tuesday = MISSED + timedelta(days=1)
    sweep_at(tuesday)
    urgent = make_case(uow, city, category="municipal.emergency", received_at=tuesday - timedelta(hours=12))
    sweep_at(tuesday + SECOND)
    uow.execute(text("update supervision set repeats = 0, rank = 1"))
    sweep_at(tuesday + timedelta(hours=2) + 2 * SECOND)
    lines = lines_of("city_dispatcher")
    assert [line.supervision.case_id for line in lines] == [case.case_id for case in (urgent, oldest, younger)]
    assert [line.supervision.repeats for line in lines] == [1, 0, 0]


def test_pages_of_a_list_follow_one_another(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep
) -> None:
    open_many(uow, city, 5)
    sweep_at(MISSED)
    supervisor = as_person(city.person("district_supervisor"), now=MISSED)
    ring, seen, cursor = KeyRing.parse(new_key("k1")), [], None
    while True:
        sheet = supervising.list_mine(supervisor, Page(2, "a list", ring, cursor))
        seen += [line.supervision.supervision_id for line in sheet.items]
        cursor = sheet.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5


def test_a_vacant_superior_is_passed_over(uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep) -> None:
    make_case(uow, city)
    put_post(uow, city.posts["district_supervisor"].model_copy(update={"holders": []}))
    put_post(uow, city.posts["dispatcher"].model_copy(update={"holders": []}))
    (breached,) = sweep_at(MISSED)
    assert subject(breached.superior) == subject_of("district_dispatcher")
    put_post(uow, city.posts["district_dispatcher"].model_copy(update={"holders": []}))
    (climbed,) = sweep_at(CLIMBS)
    assert subject(climbed.superior) == subject_of("city_dispatcher")
    assert subject(climbed.late) is None


def test_who_has_an_interest_in_it_is_passed_over(uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep) -> None:
    case = make_case(uow, city)
    for code in ("dispatcher", "district_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    case.recused = (subject_of("district_supervisor"),)
    cases.save_cases(uow, [case])
    (breached,) = sweep_at(MISSED)
    assert subject(breached.superior) == subject_of("city_dispatcher")


def test_what_complains_of_a_superior_is_seen_to_by_who_keeps_it_above_them(
    uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep
) -> None:
    make_case(uow, city, complained_of=[subject_of("district_supervisor")])
    (breached,) = sweep_at(MISSED)
    assert (subject(breached.superior), breached.gist) == (subject_of("city_dispatcher"), "密件")


def test_whoever_declares_an_interest_gives_the_duty_to_the_tier_above_at_once(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    for code in ("district_supervisor", "dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    sweep_at(MISSED)
    case = now_of(uow, case)
    assert case.supervisor_post_id == city.posts["district_dispatcher"].post_id
    district = as_person(city.person("district_dispatcher"), now=MISSED + SECOND)
    recusing.recuse(district, case.case_id, version=case.version, words="与当事人有亲属关系")
    assert lines_of("district_dispatcher") == []
    (climbed,) = sweep_at(MISSED + 2 * SECOND)
    assert (subject(climbed.superior), climbed.late) == (subject_of("city_dispatcher"), None)


def test_a_sealed_case_comes_back_to_its_keeper_and_climbs_to_nobody_who_may_not_know(
    uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep, lines_of: Lines
) -> None:
    network.copy_posts(uow, [make_post(city, "petition", Duty.PETITION, "community")], versions=[1])
    case = make_case(uow, city, category="stability.discipline")
    assert case.holder_post_id == city.posts["petition"].post_id
    assert case.keeper_post_id == city.posts["dispatcher"].post_id
    assert case.promise_due is not None
    (breached,) = sweep_at(case.promise_due + SECOND)
    assert (subject(breached.superior), breached.gist) == (subject_of("dispatcher"), "密件")
    (back,) = sweep_at(breached.supervise_by + SECOND)
    assert (subject(back.superior), back.late, back.repeats, back.gist) == (subject_of("dispatcher"), None, 1, "密件")
    assert set(back.seen_by) == {str(case.holder_post_id), str(case.keeper_post_id)}
    (line,) = lines_of("dispatcher")
    assert line.gist == "密件"
    assert lines_of("district_supervisor") == lines_of("district_dispatcher") == lines_of("city_dispatcher") == []


def test_what_is_sealed_meanwhile_is_told_to_its_keeper_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    """Who had the duty does not see it any more."""
    case = make_case(uow, city)
    sweep_at(MISSED)
    dispatcher = as_person(city.person("dispatcher"), now=MISSED + SECOND)
    sealed = re_sort(dispatcher, now_of(uow, case), "legal.domestic_violence")
    assert sealed.keeper_post_id == city.posts["dispatcher"].post_id
    assert lines_of("district_supervisor") == []
    (climbed,) = sweep_at(CLIMBS)
    assert (subject(climbed.superior), climbed.late) == (subject_of("dispatcher"), None)
    assert str(city.posts["district_supervisor"].post_id) not in climbed.seen_by


def late(uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep, **overrides: Any) -> Case:
    case = make_case(uow, city, **overrides)
    sweep_at(MISSED)
    sweep_at(CLIMBS)
    return now_of(uow, case)


def is_settled(uow: RolledBackUnitOfWork, case: Case, lines: Lines, sweep_at: Sweep) -> bool:
    gone = lines("district_supervisor") == lines("city_dispatcher") == []
    assert (now_of(uow, case).supervisor_post_id is None) == gone
    return gone and sweep_at(AGAIN + timedelta(days=9)) == []


def test_it_is_settled_when_the_case_is_answered(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = late(uow, city, sweep_at)
    holder = as_person(city.person("municipal"), now=CLIMBS + SECOND)
    steps.answer_case(holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="灯已修好")
    assert is_settled(uow, case, lines_of, lambda _: [])
    assert [event.TYPE for event in sweep_at(AGAIN + timedelta(days=30))] == [CaseClosedV1.TYPE]


def test_it_is_settled_when_a_ruling_hands_the_case_on(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    asked = ask(as_person(city.person("municipal"), now=CLIMBS + SECOND), late(uow, city, sweep_at), Ask.RETURN)
    ruler = as_person(city.person("dispatcher"), now=CLIMBS + 2 * SECOND)
    after = rule(ruler, asked, granted=True, to=city.posts["legal"].post_id)
    assert is_settled(uow, after, lines_of, sweep_at)


def test_it_is_settled_when_the_resident_is_brought_to_a_centre(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city, category="legal.aid")
    assert case.promise_due is not None
    sweep_at(case.promise_due + SECOND)
    assert len(lines_of("district_supervisor")) == 1
    holder = as_person(city.person("legal"), now=case.promise_due + 2 * SECOND)
    accompany(holder, now_of(uow, case))
    assert is_settled(uow, case, lines_of, sweep_at)


def test_it_is_settled_when_the_case_is_suspended(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    """A limit of whoever assigned it was missed; the promise to the resident still runs."""
    case = make_case(uow, city)
    set_limits(uow, case.case_id, DeadlineKind.ASSIGNED, (new_id(NOW),))
    sweep_at(NOW + timedelta(hours=2))
    assert len(lines_of("district_supervisor")) == 1
    asked = ask_suspension(as_person(city.person("municipal"), now=NOW + timedelta(hours=3)), now_of(uow, case))
    rule(as_person(city.person("dispatcher"), now=NOW + timedelta(hours=3)), asked, granted=True)
    assert lines_of("district_supervisor") == []
    assert now_of(uow, case).supervisor_post_id is None


def test_it_is_settled_when_the_case_is_declined(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    asked = ask(as_person(city.person("municipal"), now=CLIMBS + SECOND), late(uow, city, sweep_at), Ask.DECLINE)
    after = rule(as_person(city.person("dispatcher"), now=CLIMBS + 2 * SECOND), asked, granted=True)
    assert is_settled(uow, after, lines_of, sweep_at)


def test_a_decision_from_the_superiors_tier_settles_it_and_one_from_below_does_not(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = late(uow, city, sweep_at)
    by = {code: as_person(city.person(code), now=CLIMBS + SECOND) for code in ("dispatcher", "city_dispatcher")}
    below = re_dispatch(by["dispatcher"], case, city.posts["legal"].post_id)
    assert not is_settled(uow, below, lambda *codes: lines_of(*codes, now=CLIMBS + SECOND), lambda _: [])
    above = re_dispatch(by["city_dispatcher"], now_of(uow, case), city.posts["municipal"].post_id)
    assert is_settled(uow, above, lines_of, sweep_at)


def test_what_the_superiors_tier_sorts_to_somebody_else_is_settled(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = late(uow, city, sweep_at)
    by = {code: as_person(city.person(code), now=CLIMBS + SECOND) for code in ("dispatcher", "city_dispatcher")}
    below = re_sort(by["dispatcher"], case, "legal.aid")
    assert below.supervisor_post_id == city.posts["city_dispatcher"].post_id
    above = re_sort(by["city_dispatcher"], below, "municipal.street_lights")
    assert is_settled(uow, above, lines_of, sweep_at)


def test_a_plan_from_below_the_superiors_tier_does_not_settle_it_and_one_of_the_superiors_does(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = late(uow, city, sweep_at)
    far = Plan(day=date(2027, 2, 1), answer="排入计划", who=None)
    planned = planning.plan_case(
        as_person(city.person("dispatcher"), now=CLIMBS + SECOND), case.case_id, far, version=case.version
    )
    assert planned.supervisor_post_id == city.posts["city_dispatcher"].post_id
    assert len(lines_of("city_dispatcher")) == 1
    again = planning.re_plan_case(
        as_person(city.person("city_dispatcher"), now=CLIMBS + 2 * SECOND),
        case.case_id,
        Plan(day=date(2027, 3, 1), answer="排入计划", who=None),
        version=planned.version,
    )
    assert again.supervisor_post_id is None
    assert lines_of("city_dispatcher") == lines_of("district_supervisor") == []


def test_passing_it_on_does_not_settle_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = late(uow, city, sweep_at)
    after = transfer(as_person(city.person("municipal"), now=CLIMBS + SECOND), case, city.posts["legal"].post_id)
    assert after.supervisor_post_id == city.posts["city_dispatcher"].post_id
    assert len(lines_of("city_dispatcher")) == len(lines_of("district_supervisor")) == 1


def test_what_is_split_off_is_supervised_as_well(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_shared(uow, city, as_person(city.person("dispatcher")))
    sweep_at(MISSED)
    parts = split(
        as_person(city.person("dispatcher"), now=MISSED + SECOND), now_of(uow, case), case.appeals[0].appeal_id
    )
    both = {line.supervision.case_id for line in lines_of("district_supervisor", now=MISSED + SECOND)}
    assert both == {parts.case.case_id, parts.new.case_id}
    assert len(sweep_at(CLIMBS)) == 2


def test_what_is_merged_is_seen_to_where_it_goes_on(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep, lines_of: Lines
) -> None:
    case, into = make_case(uow, city), make_case(uow, city, received_at=NOW + timedelta(days=1))
    sweep_at(MISSED)
    dispatcher = as_person(city.person("dispatcher"), now=MISSED + SECOND)
    merge(dispatcher, now_of(uow, case), now_of(uow, into))
    (line,) = lines_of("district_supervisor", now=MISSED + SECOND)
    assert line.supervision.case_id == into.case_id
    assert now_of(uow, into).supervisor_post_id == city.posts["district_supervisor"].post_id
    assert now_of(uow, case).supervisor_post_id is None


def test_a_report_that_is_late_behind_the_answer_begins_no_duty(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep
) -> None:
    """It is said to the superior, in whose list no answered case stands."""
    case = assigned(uow, city)
    holder = as_person(city.person("municipal"), now=NOW)
    steps.answer_case(holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="修好了。")
    (breached,) = sweep_at(IN_A_DAY + SECOND)
    assert (breached.deadline, breached.supervise_by) == (DeadlineKind.ASSIGNED, None)
    assert now_of(uow, case).supervisor_post_id is None
    assert uow.execute(text("select count(*) from supervision")).scalar_one() == 0


def test_what_a_process_of_the_release_before_has_ended_is_in_no_list_and_does_not_climb(
    uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    sweep_at(MISSED)
    uow.execute(text("update cases set state = 'closed' where case_id = :case"), {"case": case.case_id})
    assert lines_of("district_supervisor") == []
    assert sweep_at(CLIMBS) == []
    assert uow.execute(text("select settled_at from supervision")).scalar_one() == CLIMBS


def test_another_limit_that_is_missed_meanwhile_begins_no_second_duty(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: Sweep
) -> None:
    case = make_case(uow, city)
    sweep_at(MISSED)
    planned = planning.plan_case(
        as_person(city.person("dispatcher"), now=MISSED + SECOND),
        case.case_id,
        Plan(day=date(2026, 12, 1), answer="明日办理", who=None),
        version=now_of(uow, case).version,
    )
    assert planned.planned_due is not None
    said = sweep_at(planned.planned_due + SECOND)
    assert [event.supervise_by for event in said if isinstance(event, DeadlineBreachedV1)] == [None]


def test_an_urgent_matter_climbs_in_hours_day_and_night(uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep) -> None:
    make_case(uow, city, category="municipal.emergency")
    due = NOW + timedelta(hours=12)
    (breached,) = sweep_at(due + SECOND)
    assert breached.supervise_by == due + SECOND + timedelta(hours=2)
    (climbed,) = sweep_at(breached.supervise_by + SECOND)
    assert climbed.due_at == breached.supervise_by + SECOND + timedelta(hours=2)
    (back,) = sweep_at(climbed.due_at + SECOND)
    assert (back.repeats, back.due_at) == (1, climbed.due_at + SECOND + timedelta(hours=4))


def test_where_nobody_is_above_nobody_has_a_duty(uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep) -> None:
    for code, post in city.posts.items():
        if "dispatcher" in code or "supervisor" in code:
            put_post(uow, post.model_copy(update={"holders": []}))
    make_case(uow, city)
    (breached,) = sweep_at(MISSED)
    assert (breached.superior, breached.supervise_by) == (None, None)


def test_two_tiers_of_one_person_are_one(uow: RolledBackUnitOfWork, city: City, sweep_at: Sweep) -> None:
    """Whoever has let it pass is not above themselves."""
    make_case(uow, city)
    network.copy_posts(uow, [make_post(city, "city_supervisor", Duty.SUPERVISOR, "city")], versions=[1])
    both = city.posts["district_supervisor"].holders
    put_post(uow, city.posts["city_supervisor"].model_copy(update={"holders": both}))
    sweep_at(MISSED)
    (climbed,) = sweep_at(CLIMBS)
    assert subject(climbed.superior) == subject_of("city_dispatcher")


OFF_ON_TUESDAY = notice_of_2026(("2026-12-01", "off", "临时放假"))
WORKED_ON_SATURDAY = notice_of_2026(("2026-11-28", "work", "调休", "2026-10-07"))


def test_another_calendar_gives_a_superior_the_time_that_they_were_told_they_have(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    sweep_at(MISSED)
    version = put_into_force(at, OFF_ON_TUESDAY, now=MISSED + SECOND)
    assert recounting.sweep_calendar(at(now=MISSED + SECOND)) == 1
    assert recounting.sweep_calendar(at(now=MISSED + SECOND)) == 0
    (line,) = lines_of("district_supervisor", now=MISSED + SECOND)
    assert (line.supervision.due_at, line.supervision.calendar_version) == (COMES_BACK - SECOND, version)
    assert sweep_at(CLIMBS) == []
    (climbed,) = sweep_at(COMES_BACK)
    assert climbed.case_id == case.case_id


def test_no_calendar_gives_a_superior_less_time_than_they_were_told(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: Sweep, lines_of: Lines
) -> None:
    """Missed on a Friday; the Saturday is worked after all."""
    make_case(uow, city, received_at=local("2026-11-20T09:00"))
    missed = local("2026-11-27T17:00") + SECOND
    sweep_at(missed)
    version = put_into_force(at, WORKED_ON_SATURDAY, now=missed)
    assert recounting.sweep_calendar(at(now=missed)) == 1
    assert recounting.sweep_calendar(at(now=missed)) == 0
    (line,) = lines_of("district_supervisor", now=missed)
    assert (line.supervision.due_at, line.supervision.calendar_version) == (local("2026-11-30T17:00"), version)


def test_what_climbs_by_the_clock_is_no_calendars_matter(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: Sweep
) -> None:
    make_case(uow, city, category="municipal.emergency", received_at=MISSED - timedelta(hours=12))
    (breached,) = sweep_at(MISSED + SECOND)
    assert breached.supervise_by is not None
    put_into_force(at, notice_of_2026(("2026-11-30", "off", "临时放假")), now=MISSED + SECOND)
    assert recounting.sweep_calendar(at(now=MISSED + SECOND)) == 0


def test_a_breach_that_is_none_by_another_calendar_is_nobodys_to_see_to(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    sweep_at(MISSED)
    put_into_force(at, OFF_ON_THURSDAY, now=MISSED + SECOND)
    recounting.sweep_calendar(at(now=MISSED + SECOND))
    assert now_of(uow, case).supervisor_post_id is None
    assert lines_of("district_supervisor", now=MISSED + SECOND) == []
    (again,) = sweep_at(CLIMBS)
    assert (again.due_at, again.supervise_by) == (CLIMBS - SECOND, COMES_BACK - SECOND)
    assert faults_of(uow, case.case_id) == []


def test_where_another_limit_is_missed_as_well_its_superior_goes_on_seeing_to_it(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: Sweep, lines_of: Lines
) -> None:
    case = make_case(uow, city)
    set_limits(uow, case.case_id, DeadlineKind.ASSIGNED, (new_id(NOW),))
    sweep_at(MISSED)
    put_into_force(at, OFF_ON_THURSDAY, now=MISSED + SECOND)
    recounting.sweep_calendar(at(now=MISSED + SECOND))
    assert now_of(uow, case).promise_due == CLIMBS - SECOND
    assert len(lines_of("district_supervisor", now=MISSED + SECOND)) == 1


def test_a_sweep_of_duties_costs_the_same_statements_however_many_have_lapsed(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf, sweep_at: Sweep
) -> None:
    def statements(count: int, since: datetime) -> int:
        open_many(uow, city, count)
        sweep_at(since)
        clock = uow_of("routing", role="clock", now=since + timedelta(days=7))
        sent = statements_of(clock, lambda: sweeping.sweep_due(clock))
        uow.execute(text("update supervision set settled_at = since"))
        return len(sent)

    assert statements(1, MISSED) == statements(30, MISSED)


@pytest.mark.parametrize(
    "promise, climb",
    [(Term(Unit.WORKING_DAYS, 3), Term(Unit.WORKING_DAYS, 4)), (Term(Unit.SAME_DAY), Term(Unit.WORKING_DAYS, 1))],
)
def test_rules_by_which_a_superior_has_longer_than_was_promised_are_refused(promise: Term, climb: Term) -> None:
    fit = make_rule(promise)
    with pytest.raises(UnfitRules, match="no longer than the promise"):
        RuleSet(7, "Asia/Shanghai", NOW, [fit], climb=climb)
    with pytest.raises(UnfitRules):
        RuleSet(7, "Asia/Shanghai", NOW, [make_rule(promise, climb=climb)])
    assert (
        RuleSet(7, "Asia/Shanghai", NOW, [make_rule(promise, climb=promise)], climb=climb).limits_of(None)[0] == climb
    )


def make_rule(term: Term, **more: Any) -> Rule:
    return Rule(Kind.MUNICIPAL, Remit.COMMUNITY, None, False, Duty.MUNICIPAL, term, **more)


def test_bad_rules_in_the_database_are_refused_as_they_are_read(uow: RolledBackUnitOfWork) -> None:
    version = policy.get_policy(uow, [], [])[0].version
    uow.connection.execute(text("reset role"))
    uow.connection.execute(text("update rule_set set shares = '{80,120}' where version = :v"), {"v": version})
    with pytest.raises(UnfitRules):
        policy._read_rules(uow, [version])


def test_the_seeded_rules_warn_and_climb(uow: RolledBackUnitOfWork) -> None:
    rules = policy.get_policy(uow, [], [])[0]
    assert rules.shares == (50, 80)
    same_day = {rules.limits_of(rule)[0] for rule in rules.rules if rule.term.unit is Unit.SAME_DAY}
    assert same_day == {Term(Unit.SAME_DAY)}
    assert {rules.limits_of(rule) for rule in rules.rules if rule.term.unit is Unit.CLOCK_HOURS} == {
        (Term(Unit.CLOCK_HOURS, 2), Term(Unit.CLOCK_HOURS, 4))
    }


# For real: committed, and at once.


async def lay_missed(async_database: AsyncDatabase, count: int) -> None:
    def lay(uow: UnitOfWork) -> None:
        open_many(uow, lay_city(uow), count)

    await async_database("routing", "consumer", clock=DrivenClock(NOW)).run_everywhere(lay)
    sweeper = async_database("routing", "clock", clock=DrivenClock(MISSED))
    assert await until_done(lambda: sweeper.run_everywhere(sweeping.sweep_due)) == count


async def climbed(auditor: Database) -> tuple[int, int, int]:
    """Duties of a second tier, entries, and cases whose events say so."""

    def count(uow: UnitOfWork) -> tuple[int, int, int]:
        queries = (
            "select count(*) from supervision where tier = 'city' and lapsed_at is null",
            "select count(*) from case_entry where step = 'supervision_climbed'",
            "select count(distinct key) from event_log where type = 'routing.case.supervision_climbed.v1'",
        )
        found = [int(uow.execute(text(query)).scalar_one()) for query in queries]
        return found[0], found[1], found[2]

    return await auditor.run_everywhere(count)


async def test_two_sweepers_at_once_let_each_duty_climb_once(async_database: AsyncDatabase) -> None:
    await lay_missed(async_database, 30)
    sweepers = [async_database("routing", "clock", clock=DrivenClock(CLIMBS)) for _ in range(2)]

    def sweep(database: Database) -> Callable[[], Any]:
        return lambda: database.run_everywhere(lambda uow: sweeping.sweep_due(uow, Claim(4)))

    done = await asyncio.gather(*(until_done(sweep(database)) for database in sweepers))
    assert sum(done) == 30
    assert await climbed(async_database("routing", "auditor")) == (30, 30, 30)


class _PowerCut(Exception):
    pass


async def test_a_sweeper_that_dies_before_it_commits_leaves_the_duty_to_the_next(async_database: AsyncDatabase) -> None:
    await lay_missed(async_database, 3)
    sweeper = async_database("routing", "clock", clock=DrivenClock(CLIMBS))

    def sweep_and_die(uow: UnitOfWork) -> int:
        assert sweeping.sweep_due(uow) == 3
        uow.flush()
        raise _PowerCut

    with pytest.raises(_PowerCut):
        await sweeper.run_everywhere(sweep_and_die)
    assert await climbed(async_database("routing", "auditor")) == (0, 0, 0)
    assert await until_done(lambda: sweeper.run_everywhere(sweeping.sweep_due)) == 3
    assert await climbed(async_database("routing", "auditor")) == (3, 3, 3)
