"""What is said of a deadline by its case's history and the rules, and what is found where its row says otherwise."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.routing import Ask
from kit.crypto import KeyRing, new_key
from kit.logging import new_formatter
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from prometheus_client import REGISTRY
from routing.domain.case import HELD_TO, Case, Deadline, DeadlineKind, DeadlineState
from routing.domain.origin import Cause, Source, Witness
from routing.domain.reading_aloud import Explanation, read_aloud
from routing.domain.steps import Step
from routing.errors import CaseNotFound, DeadlineNotFound
from routing.repository import cases
from routing.service import explaining, helping, hotline, pressing, steps, sweeping
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing import test_answering as answering
from tests.routing import test_asking as asking
from tests.routing import test_merging as merging
from tests.routing import test_reporting_back as reporting_back
from tests.routing import test_suspending as suspending
from tests.routing.conftest import City, local, subject_of
from tests.routing.test_calling_back import rate
from tests.routing.test_life import doubts
from tests.routing.test_planning import plan
from tests.routing.test_steps import TAKE, As, make_case

LATER = NOW + timedelta(days=1)


@pytest.fixture
def looking(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing")


def explained(uow: RolledBackUnitOfWork, case: Case) -> list[Explanation]:
    """Of all deadlines of the case, oldest first."""
    of_case = cases.list_deadlines(uow, case.case_id)
    return [explaining.explain_deadline(uow, case.case_id, each.deadline_id)[1] for each in of_case]


def standing(uow: RolledBackUnitOfWork, case: Case, kind: DeadlineKind = DeadlineKind.PROMISE) -> Explanation:
    """The one of its kind in whose place no other stands."""
    of_kind = [each for each in cases.list_deadlines(uow, case.case_id) if each.kind is kind]
    newest = max(of_kind, key=lambda each: (each.state is not DeadlineState.REPLACED, each.deadline_id))
    return explaining.explain_deadline(uow, case.case_id, newest.deadline_id)[1]


# Each way in which a deadline comes about. -------------------------------------------------------------------------

Way = Callable[[RolledBackUnitOfWork, City, As], Case]


def received(uow: RolledBackUnitOfWork, city: City, _: As) -> Case:
    return make_case(uow, city)


def accepted(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = make_case(uow, city, suggested_category=None)
    by = as_person(city.person("dispatcher"), now=LATER)
    return steps.accept_case(by, case.case_id, version=case.version, category="administrative.hukou")


def re_sorted(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    return asking.re_sort(as_person(city.person("dispatcher")), make_case(uow, city), "administrative.hukou")


def extended(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = asking.ask(as_person(city.person("municipal")), make_case(uow, city), Ask.EXTENSION, days=4)
    return asking.rule(as_person(city.person("dispatcher"), now=LATER), case, granted=True)


def suspended(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    return suspending.suspended(uow, city, as_person)


def resumed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = suspended(uow, city, as_person)
    return suspending.resume(as_person(city.person("municipal"), now=local("2026-11-26T10:00")), case)


def redone(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = TAKE[Step.ANSWER](as_person(city.person("municipal")), make_case(uow, city))
    return rate(uow, case, solved=False)


def not_verified(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = answering.urgent_answered(uow, city, as_person)
    return answering.verify(as_person(city.person("dispatcher"), now=LATER), case, passed=False)


def ordered(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = make_case(uow, city)
    by = as_person(city.person("district_supervisor"))
    pressing.order_report(by, case.case_id, version=case.version, words="请报告", due_at=LATER)
    return cases.get_case(uow, case.case_id)


def helped(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = make_case(uow, city)
    to, by = city.posts["legal"].post_id, as_person(city.person("dispatcher"))
    helping.call_in_helper(by, case.case_id, version=case.version, to=to, words="协助", due_at=LATER)
    return cases.get_case(uow, case.case_id)


def planned(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    return plan(as_person(city.person("municipal")), make_case(uow, city))


def at_hotline(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = make_case(uow, city)
    by = as_person(city.person("dispatcher"), now=LATER)
    return hotline.hand_to_hotline(by, case.case_id, version=case.version, words="请协调")


def assigned(uow: RolledBackUnitOfWork, city: City, _: As) -> Case:
    return reporting_back.assigned(uow, city)


def rejected(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    holder, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"), now=LATER)
    case = reporting_back.report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city, as_person)))
    return reporting_back.review(dispatcher, case, accepted=False, due_at=LATER + timedelta(days=3))


def merged(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    """Into a case that is due later."""
    into = make_case(uow, city, suggested_category="municipal.water")
    merging.merge(as_person(city.person("dispatcher"), now=LATER), make_case(uow, city), into)
    return cases.get_case(uow, into.case_id)


def split_off(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    dispatcher = as_person(city.person("dispatcher"), now=LATER)
    case = merging.make_shared(uow, city, dispatcher)
    return merging.split(dispatcher, case, case.appeals[1].appeal_id).new


def split_off_when_redone(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = merging.make_shared(uow, city, as_person(city.person("dispatcher")))
    case = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
    rate(uow, case, solved=False)
    found = cases.find_cases_of_appeals_for_change(uow, [case.appeals[0].appeal_id])
    return found[case.appeals[0].appeal_id]


P, TABLE = DeadlineKind.PROMISE, Source.TABLE

WAYS: tuple[tuple[Way, tuple[DeadlineKind, Cause, Source]], ...] = (
    (received, (P, Cause.RECEIVED, TABLE)),
    (accepted, (P, Cause.ACCEPTED, TABLE)),
    (re_sorted, (P, Cause.RESORTED, TABLE)),
    (extended, (P, Cause.EXTENDED, Source.EXTENSION)),
    (suspended, (P, Cause.SUSPENDED, Source.REMAINDER)),
    (resumed, (P, Cause.RESUMED, Source.REMAINDER)),
    (merged, (P, Cause.RECEIVED, TABLE)),
    (split_off, (P, Cause.RECEIVED, TABLE)),
    (redone, (DeadlineKind.REDO, Cause.REDONE, Source.PLATFORM)),
    (split_off_when_redone, (DeadlineKind.REDO, Cause.REDONE, Source.PLATFORM)),
    (not_verified, (DeadlineKind.REDO, Cause.NOT_VERIFIED, Source.PLATFORM)),
    (redone, (DeadlineKind.RATING, Cause.ANSWERED, Source.PLATFORM)),
    (ordered, (DeadlineKind.ORDER, Cause.ORDERED, Source.GIVEN)),
    (helped, (DeadlineKind.PART, Cause.HELPER_CALLED, Source.GIVEN)),
    (planned, (DeadlineKind.PLANNED, Cause.PLANNED, Source.GIVEN)),
    (at_hotline, (DeadlineKind.REPLY, Cause.HANDED_TO_HOTLINE, Source.PLATFORM)),
    (assigned, (DeadlineKind.ASSIGNED, Cause.ASSIGNED_FROM_ABOVE, Source.GIVEN)),
    (rejected, (DeadlineKind.ASSIGNED, Cause.REPORT_REJECTED, Source.GIVEN)),
)


@pytest.mark.parametrize("way, expected", WAYS)
def test_each_way_in_which_a_deadline_comes_about_is_told(  # noqa: PLR0917  # fixtures, and a case of the table
    uow: RolledBackUnitOfWork,
    city: City,
    as_person: As,
    looking: RolledBackUnitOfWork,
    way: Way,
    expected: tuple[DeadlineKind, Cause, Source],
) -> None:
    case = way(uow, city, as_person)
    found = standing(looking, case, expected[0])
    assert (found.kind, found.cause, found.source) == expected
    assert doubts(looking, case.case_id) == []
    said = read_aloud(found)
    assert len(said["zh"]) == len(said["en"]) > 2
    assert not any("{" in sentence or "None" in sentence for sentence in (*said["zh"], *said["en"]))


@pytest.mark.parametrize("way, expected", [each for each in WAYS if each[1][0] in HELD_TO])
def test_what_was_warned_of_comes_from_where_it_came_before(  # noqa: PLR0917  # fixtures, and a case of the table
    uow: RolledBackUnitOfWork,
    city: City,
    as_person: As,
    looking: RolledBackUnitOfWork,
    uow_of: UnitOfWorkOf,
    way: Way,
    expected: tuple[DeadlineKind, Cause, Source],
) -> None:
    case = way(uow, city, as_person)
    warned_of = [each.promise for each in warn(uow_of, uow, case)]
    found = standing(looking, case, expected[0])
    assert (found.kind, found.cause, found.source) == expected
    assert found.promise in warned_of
    assert doubts(looking, case.case_id) == []


def warn(uow_of: UnitOfWorkOf, uow: RolledBackUnitOfWork, case: Case) -> list[Deadline]:
    """Whoever holds it, of all that is open: each by its last share."""
    of_case = [each for each in cases.list_deadlines(uow, case.case_id) if each.warn_at is not None]
    for limit in sorted(of_case, key=lambda each: each.warnings[-1].at):
        sweeping.sweep_due(uow_of("routing", role="clock", now=limit.warnings[-1].at + timedelta(seconds=1)))
    return [each for each in cases.list_deadlines(uow, case.case_id) if each.is_warned_last]


def test_a_promise_goes_on_from_the_one_before_it_whatever_was_warned_of_meanwhile(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork, uow_of: UnitOfWorkOf
) -> None:
    case = assigned(uow, city, as_person)
    theirs = case.limits[0].warnings[0].at + timedelta(seconds=1)
    assert sweeping.sweep_due(uow_of("routing", role="clock", now=theirs)) == 1
    case = asking.ask(
        as_person(city.person("municipal"), now=theirs), cases.get_case(uow, case.case_id), Ask.EXTENSION, days=4
    )
    asking.rule(as_person(city.person("dispatcher"), now=theirs), case, granted=True)
    assert standing(looking, case).cause is Cause.EXTENDED
    assert doubts(looking, case.case_id) == []


# What is said. -----------------------------------------------------------------------------------------------------


STREET_LIGHTS = (
    "By rule set 3, for “Street lights”, which is of municipal facilities and in the district's remit: 5 working days."
)
FOUR_DAYS = (
    "day 1: Tuesday 24 November; day 2: Wednesday 25 November; day 3: Thursday 26 November; day 4: Friday 27 November."
)


def test_a_promise_is_read_aloud_in_both_languages(
    uow: RolledBackUnitOfWork, city: City, looking: RolledBackUnitOfWork
) -> None:
    assert read_aloud(standing(looking, make_case(uow, city))) == {
        "zh": [
            "这是对居民承诺的期限。",
            "依第3版规则，“路灯照明”属市政设施、管理区权限：5个工作日。",
            "自收到诉求时起算：2026年11月23日（星期一）09:00。",
            "11月23日（星期一）为起算之日，不计入（民法典第二百零一条）。",
            "第1日：11月24日（星期二）、第2日：11月25日（星期三）、第3日：11月26日（星期四）、第4日：11月27日（星期五）。",
            "11月28日（星期六）和11月29日（星期日）为周末，不计。",
            "第5日：11月30日（星期一）。",
            "按第1版工作日历计算。",
            "至当日下班时，即2026年11月30日（星期一）17:00，期限届满（民法典第二百零三条）。",
            "重新计算，与记录一致。",
        ],
        "en": [
            "This is what the resident was promised.",
            STREET_LIGHTS,
            "It runs from when the appeal was received: 09:00 on Monday 23 November 2026.",
            "Monday 23 November: the day on which it begins is not counted (Civil Code, 201).",
            FOUR_DAYS,
            "Saturday 28 November and Sunday 29 November: the weekend is not counted.",
            "day 5: Monday 30 November.",
            "Counted on version 1 of the working-day calendar.",
            "So it falls due when business ends that day: 17:00 on Monday 30 November 2026 (Civil Code, 203).",
            "Counted again, this agrees with what is stored.",
        ],
    }


def test_a_plan_is_read_to_the_end_of_its_day(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork
) -> None:
    said = read_aloud(standing(looking, planned(uow, city, as_person), DeadlineKind.PLANNED))
    assert "期限由人指定，不经计算：2027年4月30日（星期五）终了。" in said["zh"]
    assert "The limit was named, not counted: the end of Friday 30 April 2027." in said["en"]


def test_holidays_make_up_days_and_a_forecast_are_read_aloud(
    uow: RolledBackUnitOfWork, city: City, looking: RolledBackUnitOfWork
) -> None:
    before_spring = make_case(uow, city, received_at=local("2026-02-13T10:00"))
    said = read_aloud(standing(looking, before_spring))["zh"]
    assert "第1日：2月14日（星期六）调休上班，按星期五的时间。" in said
    assert "2月17日（星期二）至2月19日（星期四）放假（春节），不计。" in said
    across = standing(looking, make_case(uow, city, received_at=local("2026-12-30T10:00")))
    assert across.forecast
    assert "其中有年份的放假安排尚未公布，此期限为预计。" in read_aloud(across)["zh"]
    assert across.agrees


@pytest.mark.parametrize(
    "asked, zh",
    [
        ({"suggested_category": "municipal.emergency", "urgent": True}, "“市政险情”有专门规定，紧急：12小时。"),
        ({"suggested_category": "municipal.emergency"}, "“市政险情”有专门规定：12小时。"),
        ({"urgent": True}, "“路灯照明”属市政设施、管理区权限，紧急：24小时。"),
        ({"suggested_category": "administrative.hukou"}, "“户籍与证件”属行政事务、社区权限：当日办结。"),
    ],
)
def test_the_rule_that_decided_is_named(
    uow: RolledBackUnitOfWork, city: City, looking: RolledBackUnitOfWork, asked: dict[str, Any], zh: str
) -> None:
    found = standing(looking, make_case(uow, city, **asked))
    assert read_aloud(found)["zh"][1] == f"依第3版规则，{zh}"
    assert found.agrees


def test_a_suspension_and_its_early_end_are_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork
) -> None:
    found = standing(looking, resumed(uow, city, as_person))
    (pause,) = found.pauses
    assert (pause.reason, pause.since) == ("testing", NOW)
    assert (pause.until, pause.resumed_at) == (local("2026-12-07T00:00"), local("2026-11-26T10:00"))
    assert (found.rule and found.rule.term.count, found.promise.term.count) == (5, 5)
    said = read_aloud(found)
    since, until = "2026年11月23日（星期一）", "2026年11月26日（星期四）"
    assert f"期限因“检测”中止：自{since}，至{until}提前恢复；其间不计。" in said["zh"]
    assert "提前恢复，剩余期限自恢复时起算：2026年11月26日（星期四）10:00。" in said["zh"]


def test_an_extension_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork
) -> None:
    found = standing(looking, extended(uow, city, as_person))
    assert found.extension is not None
    assert (found.extension.days, found.extension.granted_at) == (4, LATER)
    said = read_aloud(found)["en"]
    assert "It goes on from the day on which it fell due before, Monday 30 November 2026." in said
    assert any(
        sentence.startswith("On Tuesday 24 November 2026 it was extended once, by 4 working") for sentence in said
    )


def test_what_came_from_another_case_is_followed_there(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork
) -> None:
    case = merged(uow, city, as_person)
    (joined,) = [entry for entry in cases.list_entries(uow, case) if entry.step == "joined"]
    found = standing(looking, case)
    assert found.moved_through == [joined.facts["from_number"]]
    assert f"该期限原属事项{joined.facts['from_number']}。" in read_aloud(found)["zh"]


def test_a_case_that_is_not_for_whoever_asks_is_not_followed(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into = make_case(uow, city, suggested_category="municipal.water")
    elsewhere = make_case(uow, city, place_id=city.ids["other"], placed_path=city.paths["other"])
    merging.merge(as_person(city.person("city_dispatcher"), now=LATER), elsewhere, into)
    found = standing(as_person(city.person("dispatcher")), into)
    assert (found.cause, found.source, found.rule, found.agrees) == (Cause.MERGED, Source.UNKNOWN, None, True)
    assert "期限沿用另一事项，您无权查看该事项，故不能说明其规则。" in read_aloud(found)["zh"]
    assert standing(as_person(city.person("city_dispatcher")), into).cause is Cause.RECEIVED


def test_who_named_a_limit_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork
) -> None:
    order = standing(looking, ordered(uow, city, as_person), DeadlineKind.ORDER)
    assert (order.made_by, order.reckoning) == (subject_of("district_supervisor"), None)
    assert order.named is not None
    assert order.named.startswith("D")
    theirs = standing(looking, assigned(uow, city, as_person), DeadlineKind.ASSIGNED)
    assert theirs.named == f"{reporting_back.HOTLINE} {reporting_back.THEIRS}"


# What does not agree. ----------------------------------------------------------------------------------------------


def changed(uow: RolledBackUnitOfWork, case: Case, change: str) -> None:
    uow.execute(text(f"update deadline set {change} where case_id = :case and state = 'open'"), {"case": case.case_id})


R, H, BEFORE = Witness.RECKONING, Witness.HISTORY, Witness.PROMISE_BEFORE
DAY_LATER = "start_at = start_at + interval '1 day'"


@pytest.mark.parametrize(
    "way, change, expected",
    [
        (received, "due_at = due_at + interval '1 day'", {(R, "due_at"), (H, "due_at")}),
        (received, "start_at = start_at - interval '1 day'", {(R, "due_at"), (H, "start_at")}),
        (received, "forecast = true", {(R, "forecast")}),
        (received, "count = 6", {(R, "due_at"), (H, "count"), (Witness.RULES, "count")}),
        (received, "hours = '[]'", {(R, "due_at")}),
        (received, "deadline_id = gen_random_uuid()", {(H, "entry")}),
        (suspended, "count = 4", {(R, "due_at"), (H, "count"), (BEFORE, "count")}),
        (extended, DAY_LATER, {(R, "due_at"), (H, "start_at"), (BEFORE, "start_at")}),
        (ordered, "due_at = due_at + interval '1 day'", {(R, "due_at"), (H, "due_at")}),
    ],
)  # fmt: skip
def test_what_differs_is_found_and_shown(  # noqa: PLR0917  # fixtures, and a case of the table
    uow: RolledBackUnitOfWork,
    city: City,
    as_person: As,
    looking: RolledBackUnitOfWork,
    way: Way,
    change: str,
    expected: set[tuple[Witness, str]],
) -> None:
    case = way(uow, city, as_person)
    changed(uow, case, change)
    found = explained(looking, case)
    assert {(each.witness, each.about) for one in found for each in one.differences} == expected
    said = read_aloud(next(one for one in found if not one.agrees))["zh"]
    assert "注意：核对结果与记录不一致。" in said
    assert not any("另一事项" in sentence for sentence in said)


def test_a_difference_is_counted_and_logged_with_nothing_personal(
    uow: RolledBackUnitOfWork, city: City, looking: RolledBackUnitOfWork, caplog: pytest.LogCaptureFixture
) -> None:
    case = make_case(uow, city)
    before = counted(agrees="false")
    with caplog.at_level(logging.WARNING):
        standing(looking, case)
        assert (caplog.records, counted(agrees="false")) == ([], before)
        changed(uow, case, "forecast = true")
        standing(looking, case)
    (record,) = caplog.records
    line = json.loads(new_formatter("routing").format(record))
    assert case.deadline is not None
    assert (line["event"], line["case_id"], line["deadline_id"], line["reason"], line["detail"]) == (
        "deadline_differs",
        str(case.case_id),
        str(case.deadline.deadline_id),
        "reckoning forecast",
        "stored True, found False",
    )
    assert counted(agrees="false") == before + 1
    assert not {case.gist, case.number, subject_of("municipal")} & {str(value) for value in line.values()}


def counted(*, agrees: str) -> float:
    labels = {"kind": "promise", "agrees": agrees}
    return REGISTRY.get_sample_value("baiyang_routing_deadlines_explained_total", labels) or 0.0


# Who may ask. ------------------------------------------------------------------------------------------------------


def test_whoever_may_not_read_the_case_gets_no_explanation(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    assert case.deadline is not None
    for who in ("other_dispatcher", "municipal"):
        by = as_person(city.person(who))
        if who == "municipal":
            assert explaining.explain_deadline(by, case.case_id, case.deadline.deadline_id)
            continue
        with pytest.raises(CaseNotFound):
            explaining.explain_deadline(by, case.case_id, case.deadline.deadline_id)
        with pytest.raises(CaseNotFound):
            explaining.list_deadlines(by, case.case_id, PAGE)


PAGE = Page(9, "a list", KeyRing.parse(new_key("k1")))


def test_a_deadline_of_another_case_is_not_there(
    uow: RolledBackUnitOfWork, city: City, looking: RolledBackUnitOfWork
) -> None:
    case, other = make_case(uow, city), make_case(uow, city)
    assert other.deadline is not None
    for deadline_id in (other.deadline.deadline_id, uuid4()):
        with pytest.raises(DeadlineNotFound):
            explaining.explain_deadline(looking, case.case_id, deadline_id)


def test_all_deadlines_of_a_case_are_listed_oldest_first(
    uow: RolledBackUnitOfWork, city: City, as_person: As, looking: RolledBackUnitOfWork
) -> None:
    case = extended(uow, city, as_person)
    first = explaining.list_deadlines(looking, case.case_id, Page(1, "a list", PAGE.ring))
    rest = explaining.list_deadlines(looking, case.case_id, Page(1, "a list", PAGE.ring, cursor=first.next))
    assert [each.state for each in (*first.items, *rest.items)] == [DeadlineState.REPLACED, DeadlineState.OPEN]
    assert rest.next is None
