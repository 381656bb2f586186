"""Rule sets are drafted by one and put into force by another; a case keeps those that it began under, of all places."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cli.rule_files import read
from contracts.grid import Duty
from contracts.intake import AppealWithdrawnV1
from contracts.routing import Ask, CaseJoinedV1, CaseRecordedV1, Outcome, RecordKind
from kit.auth import Person
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.counting import count
from routing.domain.figures import net
from routing.domain.origin import Cause
from routing.domain.promise import Term, Unit
from routing.domain.reading_aloud import read_aloud
from routing.domain.recording import Work
from routing.domain.rule_document import RuleDocument, RuleLine, SettingLine, written_rules, written_settings
from routing.domain.rules import Demand, Limit, RuleSet, Start
from routing.domain.waiting import Plan
from routing.errors import (
    BeyondTheLaw,
    ClockRuns,
    ClockSetBack,
    LongerThanTheRules,
    NoPlaceWithCode,
    NoRuleChanges,
    NotTheOperator,
    PapersAwaited,
    ReleaseBeforeRuns,
    RulesBeginTooEarly,
    RuleSetInForce,
    RuleSetNotFound,
    RuleSetOutdated,
    SecondPersonNeeded,
    UnfitDay,
    UnfitDocument,
)
from routing.repository import cases, policy
from routing.repository import rule_sets as stored
from routing.schemas.rule_sets import RuleSetDocument
from routing.service import (
    asking,
    dispatching,
    explaining,
    merging,
    opening,
    planning,
    recording,
    recounting,
    rule_sets,
    splitting,
    steps,
    sweeping,
)
from sqlalchemy import text

from tests.chaos.invariants import figures
from tests.conftest import UnitOfWorkOf
from tests.routing import test_calendars as moving
from tests.routing.auditing import faults_of
from tests.routing.conftest import City, lay_city, local, make_appeal, put_post, statements_of
from tests.routing.documents import ONE, OTHER, as_document, put_into_force
from tests.routing.test_explained import standing

PAGE = Page(200, "a list", KeyRing.parse(new_key("k1")))
LIGHTS = "municipal.street_lights"

At = Callable[..., RolledBackUnitOfWork]

#: Street lights are the district's remit: five working days, Monday the 23rd to Monday the 30th.
FIVE_DAYS, THREE_DAYS, TWO_DAYS = (local(f"2026-11-{day}T17:00") for day in (30, 26, 25))


@pytest.fixture
def at(uow_of: UnitOfWorkOf) -> At:
    """``at(person, now=…)``; nobody: a consumer."""

    def at(person: Person | None = None, *, now: datetime = NOW, role: str = "consumer") -> RolledBackUnitOfWork:
        return uow_of("routing", role="api" if person else role, person=person, now=now)

    return at


@pytest.fixture
def city(at: At) -> City:
    return lay_city(at())


def tightening(place: str, **more: Any) -> RuleDocument:
    facts = {"promise": "3 working days", **more}
    return RuleDocument([RuleLine(4, "municipal", "district", **facts)], note=f"Of {place}", place=place)


def receive(at: At, city: City, *, now: datetime = NOW, place: str = "area", **more: Any) -> Case:
    uow = at(now=now)
    appeal = make_appeal(city, place, received_at=now, **more)
    opening.open_cases(uow, [appeal])
    return cases.find_cases_of_appeals_for_change(uow, [appeal.appeal_id])[appeal.appeal_id]


def due_of(case: Case) -> datetime:
    assert case.deadline is not None
    return case.deadline.promise.due_at


def test_what_is_in_force_is_exported_and_drafted_again_without_a_change(at: At, city: City) -> None:
    with pytest.raises(NoRuleChanges):
        rule_sets.draft_rule_set(at(ONE), as_document(at(ONE)))


def test_a_draft_says_what_it_changes_and_holds_for_nothing(at: At, city: City) -> None:
    seen = rule_sets.draft_rule_set(at(ONE), as_document(at(ONE), promise="3 working days", needs=["review"]))
    (change,) = seen.changes
    assert change.said[1] == (
        f"Line {change.line}, municipal facilities in the district's remit: "
        "promised within 3 working days instead of 5 working days; needs a review before the answer."
    )
    assert seen.version.effective_from is None
    assert due_of(receive(at, city)) == FIVE_DAYS
    assert rule_sets.get_rule_set(at(OTHER), seen.version.version).changes == seen.changes


def test_it_is_put_into_force_by_a_second_person(at: At, city: City) -> None:
    version = rule_sets.draft_rule_set(at(ONE), as_document(at(ONE), promise="3 working days")).version.version
    with pytest.raises(SecondPersonNeeded):
        rule_sets.activate_rule_set(at(ONE), version)
    before = receive(at, city)
    seen = rule_sets.activate_rule_set(at(OTHER), version)
    assert (seen.version.activated_by, seen.version.effective_from, seen.numbers) == (OTHER.subject, NOW, None)
    after = receive(at, city)
    assert (due_of(before), due_of(after)) == (FIVE_DAYS, THREE_DAYS)
    assert (before.rule_version, after.rule_version) == (version - 1, version)
    with pytest.raises(RuleSetInForce):
        rule_sets.activate_rule_set(at(ONE), version)


def test_it_waits_until_no_process_of_a_release_before_is_connected(at: At, city: City) -> None:
    version = rule_sets.draft_rule_set(at(ONE), tightening("district")).version.version
    uow = at(OTHER)
    uow.execute(text("set application_name = 'routing_clock'"))
    with pytest.raises(ReleaseBeforeRuns, match="routing_clock"):
        rule_sets.activate_rule_set(uow, version)
    assert not rule_sets.get_rule_set(at(ONE), version).version.effective_from


def test_only_operators_draft_look_and_activate(at: At, city: City) -> None:
    clerk = city.person("dispatcher")
    acts: Sequence[Callable[[], object]] = (
        lambda: rule_sets.draft_rule_set(at(clerk), tightening("community")),
        lambda: rule_sets.get_rule_set(at(clerk), 1),
        lambda: rule_sets.activate_rule_set(at(clerk), 1),
        lambda: rule_sets.list_gaps(at(clerk), PAGE, 1),
    )
    for act in acts:
        with pytest.raises(NotTheOperator):
            act()
    assert rule_sets.list_rule_sets(at(clerk), PAGE).items[-1].version == 1


def test_a_place_tightens_for_itself_alone(at: At, city: City) -> None:
    version = put_into_force(at, tightening("community", needs=["review"]))
    here, there = receive(at, city), receive(at, city, place="other")
    assert (due_of(here), due_of(there)) == (THREE_DAYS, FIVE_DAYS)
    assert (here.rule_layers, there.rule_layers) == ((version,), ())
    assert here.demands == {Demand.REVIEW}
    assert not there.demands
    assert here.rule_version == there.rule_version
    assert faults_of(at(), here.case_id) == faults_of(at(), there.case_id) == []


def test_the_narrowest_promise_holds_and_the_case_keeps_all_layers(at: At, city: City) -> None:
    district = put_into_force(at, tightening("district"))
    community = put_into_force(at, tightening("community", promise="2 working days"))
    case = receive(at, city)
    assert (due_of(case), case.rule_layers) == (TWO_DAYS, (district, community))
    put_into_force(at, as_document(at(ONE), promise="1 working day"))
    assert cases.get_case(at(role="auditor"), case.case_id).rule_layers == (district, community)
    assert due_of(receive(at, city)) == local("2026-11-24T17:00"), "the city has come to ask more than they"


def test_the_example_of_the_documents_is_taken(at: At, city: City) -> None:
    page = Path(__file__).parents[2].joinpath("docs", "rules.md").read_text(encoding="utf-8")
    example = RuleSetDocument.model_validate(read(page.split("```yaml\n")[1].split("```")[0])).document()
    seen = rule_sets.draft_rule_set(at(ONE), replace(example, place="district", begins=None))
    assert [change.line for change in seen.changes if change.line] == [8, 12]


def test_what_loosens_is_refused_by_line_and_nothing_is_changed(at: At, city: City) -> None:
    put_into_force(at, tightening("district"))
    there = rule_sets.list_rule_sets(at(ONE), PAGE).items
    with pytest.raises(UnfitDocument, match=r"line 4: 4 working days loosens the 3 working days of line 4 of rule set"):
        rule_sets.draft_rule_set(at(ONE), tightening("community", promise="4 working days"))
    with pytest.raises(NoPlaceWithCode):
        rule_sets.draft_rule_set(at(ONE), tightening("nowhere"))
    assert rule_sets.list_rule_sets(at(ONE), PAGE).items == there


def test_the_root_of_the_tree_is_the_whole_city(at: At, city: City) -> None:
    seen = rule_sets.draft_rule_set(at(ONE), replace(as_document(at(ONE), promise="3 working days"), place="city"))
    assert (seen.version.path, seen.version.place) == ("/", None)


def test_it_holds_from_the_day_that_it_names(at: At, city: City) -> None:
    ahead = replace(tightening("district"), begins=date(2026, 12, 1))
    version = rule_sets.draft_rule_set(at(ONE), ahead).version.version
    seen = rule_sets.activate_rule_set(at(OTHER), version)
    assert seen.version.effective_from == local("2026-12-01T00:00")
    eve, day = local("2026-11-30T23:59"), local("2026-12-01T00:00")
    assert receive(at, city, now=eve).rule_layers == ()
    assert receive(at, city, now=day).rule_layers == (version,)
    with pytest.raises(RulesBeginTooEarly, match="2026-11-30 is before 2026-12-01"):
        rule_sets.draft_rule_set(
            at(ONE), replace(tightening("district", promise="2 working days"), begins=date(2026, 11, 30))
        )


def test_it_does_not_begin_before_today(at: At, city: City) -> None:
    with pytest.raises(RulesBeginTooEarly):
        rule_sets.draft_rule_set(at(ONE), replace(tightening("district"), begins=date(2026, 11, 22)))


def test_a_draft_that_another_has_overtaken_is_drafted_again(at: At, city: City) -> None:
    version = rule_sets.draft_rule_set(at(ONE), tightening("community")).version.version
    other = put_into_force(at, tightening("district"))
    with pytest.raises(RuleSetOutdated, match=f"before rule set {other} was put into force"):
        rule_sets.activate_rule_set(at(OTHER), version)
    assert rule_sets.get_rule_set(at(OTHER), version).numbers is None


def test_it_is_not_put_into_force_by_a_clock_that_was_set_back(at: At, city: City) -> None:
    version = rule_sets.draft_rule_set(at(ONE), tightening("district")).version.version
    with pytest.raises(ClockSetBack):
        rule_sets.activate_rule_set(at(OTHER, now=NOW - timedelta(seconds=1)), version)


def test_a_version_that_is_not_there_is_not_found(at: At, city: City) -> None:
    with pytest.raises(RuleSetNotFound):
        rule_sets.get_rule_set(at(ONE), 99)


def test_an_explanation_names_document_line_and_version(at: At, city: City) -> None:
    version = put_into_force(at, tightening("community"))
    case = receive(at, city)
    assert case.deadline is not None
    _, explained = explaining.explain_deadline(at(role="auditor"), case.case_id, case.deadline.deadline_id)
    assert explained.agrees, explained.differences
    assert explained.rule is not None
    assert (explained.rule.line, explained.rule.version, explained.rule_place) == (4, version, "community")
    said = read_aloud(explained)
    assert any(f"By line 4 of rule set {version} of community" in sentence for sentence in said["en"])
    assert any(f"依community第{version}版规则第4行" in sentence for sentence in said["zh"])


def by_law(uow: RolledBackUnitOfWork, limit: str) -> RuleDocument:
    """Street lights have a statutory limit, and the promise that they had."""
    line: dict[str, Any] = {
        "handler": "municipal",
        "promise": "5 working days",
        "statutory": limit,
        "statute": "《市政条例》第九条",
    }
    document = as_document(uow)
    return replace(document, rules=[*document.rules, RuleLine(60, "municipal", "district", LIGHTS, **line)])


def test_an_explanation_names_the_law_and_what_it_allows(at: At, city: City) -> None:
    put_into_force(at, by_law(at(ONE), "7 working days"))
    case = receive(at, city)
    assert case.deadline is not None
    _, explained = explaining.explain_deadline(at(role="auditor"), case.case_id, case.deadline.deadline_id)
    assert explained.agrees, explained.differences
    said = read_aloud(explained)
    assert "法定期限为7个工作日（《市政条例》第九条），承诺不得超过。" in said["zh"]
    assert "The law allows 7 working days (《市政条例》第九条), which no promise exceeds." in said["en"]


def test_no_extension_goes_beyond_the_law(at: At, city: City) -> None:
    put_into_force(at, by_law(at(ONE), "7 working days"))
    case = receive(at, city)
    holder = at(city.person("municipal"))
    asked: dict[str, Any] = {"ask": Ask.EXTENSION, "reason": "materials", "words": "等待配件"}
    with pytest.raises(BeyondTheLaw, match="《市政条例》第九条 it has to be done by 2026-12-02") as refused:
        asking.ask_dispatcher(holder, case.case_id, version=case.version, days=3, **asked)
    assert refused.value.field == "/days"
    assert asking.ask_dispatcher(holder, case.case_id, version=case.version, days=2, **asked).asked_days == 2


def test_what_is_promised_by_no_document_is_found_out(at: At, city: City) -> None:
    put_into_force(at, tightening("community"))
    case = receive(at, city)
    assert case.deadline is not None
    uow = at()
    uow.execute(text("update deadline set rule_layers = '{}' where case_id = :case"), {"case": case.case_id})
    _, explained = explaining.explain_deadline(at(role="auditor"), case.case_id, case.deadline.deadline_id)
    assert {(each.witness, each.about) for each in explained.differences} >= {
        ("history", "rule_layers"),
        ("rules", "count"),
    }


def test_received_counts_from_when_the_resident_came_however_long_it_waited(at: At, city: City) -> None:
    put_into_force(at, as_document(at(ONE), runs_from="received"))
    uow = at(now=NOW + timedelta(days=1))
    appeal = make_appeal(city, "community", received_at=NOW, suggested_category=None)
    opening.open_cases(uow, [appeal])
    case = cases.find_cases_of_appeals_for_change(uow, [appeal.appeal_id])[appeal.appeal_id]
    dispatcher = at(city.person("dispatcher"), now=NOW + timedelta(days=1))
    case = steps.accept_case(dispatcher, case.case_id, version=case.version, place_id=None, category=LIGHTS)
    assert due_of(case) == FIVE_DAYS
    assert case.deadline is not None
    assert case.deadline.promise.start_at == NOW


def test_what_is_sorted_anew_is_held_to_the_rules_that_it_began_under(at: At, city: City) -> None:
    """The resident was promised by those."""
    put_into_force(at, tightening("community", promise="4 working days"))
    case = receive(at, city, suggested_category="municipal.water")
    put_into_force(at, tightening("community", promise="1 working day"))
    uow = at(city.person("dispatcher"))
    dispatching.re_sort_case(uow, case.case_id, version=case.version, category=LIGHTS, words="改类")
    again = cases.get_case(at(role="auditor"), case.case_id)
    assert again.deadline is not None
    assert again.deadline.promise.term == Term(Unit.WORKING_DAYS, 4)
    assert faults_of(at(), case.case_id) == []


@pytest.fixture
def waiting(at: At, city: City) -> Case:
    """Its missing papers were named on Monday; the promise of five working days waits for them, ten days at most."""
    document = as_document(at(ONE), runs_from="papers_complete")
    put_into_force(at, replace(document, settings=[*document.settings, SettingLine(9, "papers", "10")]))
    case = receive(at, city)
    return record(at, city, case, RecordKind.PAPERS_MISSING)


def record(
    at: At, city: City, case: Case, kind: RecordKind, *, now: datetime = NOW, appeal_id: UUID | None = None
) -> Case:
    uow = at(city.person("municipal"), now=now)
    recording.record_work(uow, case.case_id, Work(kind, papers=("户口簿",), appeal_id=appeal_id))
    (told,) = [CaseRecordedV1.model_validate_json(event.body or "") for event in uow.published]
    case = cases.get_case(at(role="auditor"), case.case_id)
    assert told.promise_due in (None, due_of(case))
    assert faults_of(at(), case.case_id) == []
    return case


def test_a_promise_waits_for_papers_that_are_missing_and_no_longer_than_the_rules_allow(at: At, waiting: Case) -> None:
    assert waiting.papers_awaited_until == local("2026-12-03T00:00")
    assert due_of(waiting) == local("2026-12-10T17:00"), "five working days from the 3rd"
    assert waiting.received_at == NOW


def test_it_counts_from_when_the_papers_are_complete(at: At, city: City, waiting: Case) -> None:
    tuesday = NOW + timedelta(days=1)
    complete = record(at, city, waiting, RecordKind.PAPERS_RECEIVED, now=tuesday)
    assert due_of(complete) == local("2026-12-01T17:00")
    again = record(at, city, complete, RecordKind.PAPERS_MISSING, now=tuesday)
    assert due_of(again) == due_of(complete), "it has waited for papers once"


def test_papers_that_come_too_late_move_nothing(at: At, city: City, waiting: Case) -> None:
    late = record(at, city, waiting, RecordKind.PAPERS_RECEIVED, now=local("2026-12-03T10:00"))
    assert due_of(late) == due_of(waiting)


def test_what_waits_for_papers_is_neither_kept_nor_missed_meanwhile(at: At, waiting: Case) -> None:
    sweeping.sweep_due(at(role="clock", now=due_of(waiting)))
    assert sums_of(at, waiting) == {}
    sweeping.sweep_due(at(role="clock", now=due_of(waiting) + timedelta(seconds=1)))
    assert sums_of(at, waiting) == {("missed", "2026-12-10"): 1, ("overdue", "2026-12-10"): 1}


def test_what_is_answered_once_the_papers_came_was_kept(at: At, city: City, waiting: Case) -> None:
    tuesday = NOW + timedelta(days=1)
    complete = record(at, city, waiting, RecordKind.PAPERS_RECEIVED, now=tuesday)
    holder = at(city.person("municipal"), now=due_of(complete))
    steps.answer_case(holder, complete.case_id, version=complete.version, outcome=Outcome.SOLVED, answer="已修好")
    assert sums_of(at, waiting) == {("kept", "2026-12-01"): 1}


def sums_of(at: At, case: Case) -> dict[tuple[str, str], int]:
    """How the promise is counted; as the harness counts it too."""
    entries = cases.list_entries(at(role="auditor"), case)
    kept = net(count(None, entries, zone="Asia/Shanghai")[1])
    sums = {(figure.value, mark.day): amount for (figure, mark), amount in kept.items()}
    rows = [{**asdict(entry), "facts": entry.facts, "post_id": str(entry.post_id)} for entry in entries]
    assert sums == {(each.figure, each.day): amount for each, amount in figures.count(rows).items()}
    return {each: amount for each, amount in sums.items() if each[0] in ("kept", "missed", "overdue")}


def test_a_day_that_becomes_a_holiday_moves_what_waits_for_papers(at: At, waiting: Case) -> None:
    """By a week that begins at the same instant."""
    moving.put_into_force(at, moving.notice_of_2026(("2026-12-08", "off", "临时放假")))
    assert recounting.sweep_calendar(at(role="clock")) == 1
    moved = cases.get_case(at(role="auditor"), waiting.case_id)
    assert moved.deadline is not None
    assert (due_of(moved), moved.papers_awaited_until) == (local("2026-12-11T17:00"), waiting.papers_awaited_until)
    assert moved.deadline.promise.rule_layers == ()
    assert faults_of(at(), waiting.case_id) == []


def test_what_a_place_promises_is_that_by_another_calendar_too(at: At, city: City) -> None:
    version = put_into_force(at, tightening("community"))
    case = receive(at, city)
    moving.put_into_force(at, moving.OFF_ON_THURSDAY)
    recounting.sweep_calendar(at(role="clock"))
    moved = cases.get_case(at(role="auditor"), case.case_id)
    assert moved.deadline is not None
    assert (due_of(moved), moved.deadline.promise.rule_layers) == (local("2026-11-27T17:00"), (version,))
    assert faults_of(at(), case.case_id) == []
    _, explained = explaining.explain_deadline(at(role="auditor"), case.case_id, moved.deadline.deadline_id)
    assert (explained.agrees, explained.rule_place) == (True, "community")


@pytest.mark.parametrize(
    "own, citys, days_off, due, by",
    [
        # Both end on Monday the 30th; without Thursday's work, the community's still does.
        ("5 calendar days", "5 working days", ["26"], "2026-11-30T17:00", "community"),
        # The city's ends on Wednesday; without Tuesday's and Wednesday's work, the community's is first.
        ("3 calendar days", "2 working days", ["24", "25"], "2026-11-26T17:00", "community"),
        # Without Thursday's and Friday's besides, the city's is again as late as that.
        ("3 calendar days", "2 working days", ["26", "27"], "2026-11-25T17:00", None),
    ],
)
def test_another_calendar_counts_all_that_was_promised_and_the_earliest_holds(  # noqa: PLR0917  # fixtures, and a table
    at: At, city: City, own: str, citys: str, days_off: list[str], due: str, by: str | None
) -> None:
    put_into_force(at, tightening("community", promise=own))
    if citys != "5 working days":
        put_into_force(at, as_document(at(ONE), promise=citys))
    case, extended = receive(at, city), moving.make_extended(city, at, receive(at, city))
    moving.put_into_force(at, moving.notice_of_2026(*((f"2026-11-{day}", "off") for day in days_off)))
    moving.sweep(partial(at, role="clock"))
    found = cases.get_case(at(role="auditor"), case.case_id)
    assert due_of(found) == local(due)
    assert moving.doubts_of(at, case.case_id) == moving.doubts_of(at, extended.case_id) == []
    for each in (case, extended):
        assert standing(at(role="auditor"), each).rule_place == by


def test_what_a_place_promises_in_hours_waits_for_no_day(at: At, city: City) -> None:
    """It is brought out of its plan, and is not planned."""
    put_into_force(at, tightening("community", promise="48 hours"))
    case = receive(at, city, suggested_category="municipal.water")
    holder, plan = at(city.person("municipal")), Plan(date(2026, 12, 24), "材料到货后更换", None)
    planned = planning.plan_case(holder, case.case_id, plan, version=case.version)
    uow = at(city.person("dispatcher"))
    dispatching.re_sort_case(uow, case.case_id, version=planned.version, category=LIGHTS, words="改类")
    again = cases.get_case(at(role="auditor"), case.case_id)
    assert (again.planned_for, again.by_the_clock, due_of(again)) == (None, True, NOW + timedelta(hours=48))
    assert faults_of(at(), case.case_id) == []
    with pytest.raises(ClockRuns):
        planning.plan_case(holder, case.case_id, plan, version=again.version)


def test_while_papers_are_awaited_no_more_time_is_asked_for(at: At, city: City, waiting: Case) -> None:
    with pytest.raises(PapersAwaited):
        asking.ask_dispatcher(
            *(at(city.person("municipal")), waiting.case_id),
            ask=Ask.EXTENSION,
            version=waiting.version,
            reason="complex",
            words="难",
            days=3,
        )


def extend(at: At, city: City, case: Case, *, days: int, now: datetime) -> Case:
    asked: dict[str, Any] = {"ask": Ask.EXTENSION, "reason": "materials", "words": "待料", "days": days}
    case = asking.ask_dispatcher(at(city.person("municipal"), now=now), case.case_id, version=case.version, **asked)
    dispatcher = at(city.person("dispatcher"), now=now)
    return asking.rule_on_case(dispatcher, case.case_id, version=case.version, granted=True, words="同意")


def test_papers_that_are_named_again_take_nothing_from_an_extension(at: At, city: City, waiting: Case) -> None:
    tuesday, wednesday = NOW + timedelta(days=1), NOW + timedelta(days=2)
    case = record(at, city, waiting, RecordKind.PAPERS_RECEIVED, now=tuesday)
    extended = extend(at, city, case, days=2, now=tuesday)
    assert due_of(extended) == local("2026-12-03T17:00")
    case = record(at, city, extended, RecordKind.PAPERS_MISSING, now=wednesday)
    case = record(at, city, case, RecordKind.PAPERS_RECEIVED, now=wednesday)
    assert due_of(case) == due_of(extended)


def test_what_is_sorted_anew_goes_on_waiting_for_its_papers(at: At, city: City, waiting: Case) -> None:
    uow = at(city.person("dispatcher"))
    dispatching.re_sort_case(uow, waiting.case_id, version=waiting.version, category="municipal.parking", words="改类")
    again = cases.get_case(at(role="auditor"), waiting.case_id)
    assert due_of(again) == due_of(waiting)
    complete = record(at, city, again, RecordKind.PAPERS_RECEIVED, now=NOW + timedelta(days=1))
    assert due_of(complete) == local("2026-12-01T17:00")


def test_who_is_split_off_has_waited_for_papers_too(at: At, city: City, waiting: Case) -> None:
    tuesday = NOW + timedelta(days=1)
    complete = record(at, city, waiting, RecordKind.PAPERS_RECEIVED, now=tuesday)
    again = make_appeal(city, repeat_of=complete.appeals[0].appeal_id)
    opening.open_cases(at(role="consumer"), [again])
    by, shared = at(city.person("dispatcher"), now=tuesday), cases.get_case(at(role="auditor"), waiting.case_id)
    whose = [complete.appeals[0].appeal_id]
    new = splitting.split_case(by, shared.case_id, version=shared.version, appeal_ids=whose, words="并非一事").new
    work = Work(RecordKind.PAPERS_MISSING, papers=("户口簿",))
    named = recording.record_work(at(city.person("municipal"), now=tuesday), new.case_id, work).case
    assert due_of(named) == due_of(complete)


def merge(at: At, city: City, case: Case, into: Case, *, now: datetime) -> Case:
    dispatcher = at(city.person("dispatcher"), now=now)
    merging.merge_case(dispatcher, case.case_id, version=case.version, into=into.number, words="同一处")
    return cases.get_case(at(role="auditor"), into.case_id)


def test_whoever_comes_to_a_case_by_merging_has_waited_for_papers_too(at: At, city: City, waiting: Case) -> None:
    tuesday = NOW + timedelta(days=1)
    complete, into = record(at, city, waiting, RecordKind.PAPERS_RECEIVED, now=tuesday), receive(at, city)
    given_back = record(at, city, complete, RecordKind.PAPERS_RETURNED, now=tuesday)
    merge(at, city, given_back, into, now=tuesday)
    gone = AppealWithdrawnV1(version=2, appeal_id=into.appeals[0].appeal_id, withdrawn_at=tuesday, reason="settled")
    opening.withdraw_appeal(at(now=tuesday), gone)
    assert due_of(record(at, city, into, RecordKind.PAPERS_MISSING, now=tuesday)) == due_of(into)


def test_a_promise_that_waits_for_papers_goes_on_waiting_where_it_is_merged(at: At, city: City, waiting: Case) -> None:
    last_day = local("2026-12-02T10:00")
    into = extend(at, city, receive(at, city, now=last_day), days=3, now=last_day)
    shared = merge(at, city, waiting, into, now=last_day)
    assert due_of(shared) == due_of(waiting) < due_of(into)
    theirs = record(at, city, shared, RecordKind.PAPERS_RECEIVED, now=last_day, appeal_id=waiting.appeals[0].appeal_id)
    assert due_of(theirs) == local("2026-12-09T17:00")


def test_whoever_comes_to_a_case_that_waits_for_the_papers_of_another_is_waited_for_no_more(
    at: At, city: City, waiting: Case
) -> None:
    tuesday = NOW + timedelta(days=1)
    theirs = record(at, city, receive(at, city, now=tuesday), RecordKind.PAPERS_MISSING, now=tuesday)
    dispatcher = at(city.person("dispatcher"), now=tuesday)
    merging.merge_case(dispatcher, theirs.case_id, version=theirs.version, into=waiting.number, words="同一处")
    (told,) = [event.body or "" for event in dispatcher.published if event.type == CaseJoinedV1.TYPE]
    shared = cases.get_case(at(role="auditor"), waiting.case_id)
    assert shared.papers_missing_of == waiting.appeals[0].appeal_id
    assert CaseJoinedV1.model_validate_json(told).papers_awaited_until is None


def test_where_a_narrower_place_waits_for_no_papers_nobody_does(at: At, city: City) -> None:
    put_into_force(at, as_document(at(ONE), runs_from="papers_complete"))
    put_into_force(at, tightening("community", promise="", runs_from="accepted"))
    case = record(at, city, receive(at, city), RecordKind.PAPERS_MISSING)
    assert (due_of(case), case.papers_awaited_until) == (FIVE_DAYS, None)


@pytest.mark.parametrize("kind", [RecordKind.PAPERS_MISSING, RecordKind.PAPERS_RECEIVED])
def test_why_a_promise_waits_or_began_is_explained(at: At, city: City, waiting: Case, kind: RecordKind) -> None:
    case = waiting
    if kind is RecordKind.PAPERS_RECEIVED:
        case = record(at, city, waiting, kind, now=NOW + timedelta(days=1))
    assert case.deadline is not None
    _, explained = explaining.explain_deadline(at(role="auditor"), case.case_id, case.deadline.deadline_id)
    assert explained.agrees, explained.differences
    missing = kind is RecordKind.PAPERS_MISSING
    assert explained.cause is (Cause.AWAITING_PAPERS if missing else Cause.PAPERS_COMPLETE)


def test_more_time_is_asked_for_within_the_rules(at: At, city: City) -> None:
    put_into_force(
        at,
        RuleDocument([], [SettingLine(2, "extension", "4"), SettingLine(3, "suspension", "10")], place="community"),
    )
    case = receive(at, city)
    holder = city.person("municipal")
    with pytest.raises(LongerThanTheRules, match="allow 4 days at the most"):
        asking.ask_dispatcher(
            *(at(holder), case.case_id), ask=Ask.EXTENSION, version=case.version, reason="complex", words="难", days=5
        )
    with pytest.raises(UnfitDay):
        asking.ask_dispatcher(
            *(at(holder), case.case_id),
            ask=Ask.SUSPENSION,
            version=case.version,
            reason="testing",
            words="检测",
            until=date(2026, 12, 4),
        )
    assert policy.get_rules(at(), case.rule_version or 0, case.rule_layers).limit(Limit.EXTENSION) == 4


@pytest.mark.parametrize(
    "returns, rulers",
    [
        ("0", ["district_dispatcher"]),
        ("1", ["dispatcher", "district_dispatcher"]),
        ("2", ["dispatcher", "dispatcher", "district_dispatcher"]),
    ],
)
def test_so_many_returns_are_ruled_on_before_the_tier_above_does(
    at: At, city: City, returns: str, rulers: list[str]
) -> None:
    """Whose ruling binds: a return goes above once, and none is asked for after it."""
    if returns != "1":
        put_into_force(at, as_document(at(ONE), settings={"returns": returns}))
    case = receive(at, city)
    for code in rulers:
        holder, ruler = at(city.person("municipal")), at(city.person(code))
        asked: dict[str, Any] = {"ask": Ask.RETURN, "reason": "not_our_remit", "words": "不属我处"}
        case = asking.ask_dispatcher(holder, case.case_id, version=case.version, **asked)
        assert case.ruler_post_id == city.posts[code].post_id
        case = asking.rule_on_case(ruler, case.case_id, version=case.version, granted=False, words="仍由你处办理")
    assert case.ruled_path == city.posts["district_dispatcher"].path
    assert case.returns == int(returns) + 1


def test_what_is_missed_climbs_to_whom_the_rules_name(at: At, city: City) -> None:
    named = ("district dispatcher", "city dispatcher")
    put_into_force(at, as_document(at(ONE), climbs_to=named))
    case = receive(at, city)
    for instant, code in ((FIVE_DAYS, "district_dispatcher"), (local("2026-12-01T17:00"), "city_dispatcher")):
        sweeping.sweep_due(at(now=instant + timedelta(seconds=1), role="clock"))
        assert cases.get_case(at(role="auditor"), case.case_id).supervisor_post_id == city.posts[code].post_id


def test_where_nobody_is_there_whom_the_rules_name_it_climbs_tier_by_tier(at: At, city: City) -> None:
    put_into_force(at, as_document(at(ONE), climbs_to=("city dispatcher",)))
    put_post(at(), city.posts["city_dispatcher"].model_copy(update={"holders": []}))
    case = receive(at, city)
    sweeping.sweep_due(at(now=FIVE_DAYS + timedelta(seconds=1), role="clock"))
    supervisor = cases.get_case(at(role="auditor"), case.case_id).supervisor_post_id
    assert supervisor == city.posts["district_supervisor"].post_id


@pytest.mark.parametrize(
    "named, why",
    [
        (["district plumber"], "climbs_to names a tier and one of dispatcher, supervisor"),
        (["street supervisor"], "there is no post of a street supervisor: make it first, or name another"),
        (["city dispatcher", "district supervisor"], "district supervisor is not above city dispatcher"),
    ],
)
def test_whom_it_climbs_to_is_there_and_one_above_the_other(at: At, city: City, named: list[str], why: str) -> None:
    with pytest.raises(UnfitDocument, match=rf"line \d+: .*{why}"):
        rule_sets.draft_rule_set(at(ONE), as_document(at(ONE), climbs_to=named))


def test_each_rule_without_its_handler_is_named_by_community(at: At, city: City) -> None:
    version = rule_sets.draft_rule_set(at(ONE), as_document(at(ONE), promise="3 working days")).version.version
    found = {each.name: each.gaps for each in rule_sets.list_gaps(at(ONE), PAGE, version).items}
    assert set(found) == {"community", "other"}
    here = {gap.rule.duty: gap.instead for gap in found["community"]}
    assert here == {
        Duty.FOLLOW_UP: Duty.DISPATCHER,
        Duty.PUBLIC_SERVICE: Duty.DISPATCHER,
        Duty.PETITION: Duty.DISPATCHER,
    }
    assert Duty.MUNICIPAL in {gap.rule.duty for gap in found["other"]}


def test_a_draft_is_tried_over_last_months_cases_and_shows_none_of_them(at: At, city: City) -> None:
    for days in range(3):
        receive(at, city, now=NOW - timedelta(days=7 + days))
    receive(at, city, place="other", now=NOW - timedelta(days=2))
    receive(at, city, now=NOW - timedelta(days=40))
    seen = rule_sets.draft_rule_set(at(ONE), tightening("community"))
    assert seen.numbers is not None
    assert (seen.looked_at, seen.numbers.cases, seen.numbers.earlier, seen.numbers.later) == (3, 3, 3, 0)
    whole = rule_sets.draft_rule_set(at(ONE), as_document(at(ONE), promise="6 working days"))
    assert whole.numbers is not None
    assert (whole.looked_at, whole.numbers.later) == (4, 4)
    assert at(ONE).execute(text("select count(*) from cases")).scalar_one() == 0


def test_last_months_cases_are_found_by_their_ids(at: At, city: City) -> None:
    receive(at, city)
    uow = at()
    uow.execute(text("set local enable_sort = off"))
    newest = "select * from cases where case_id >= '01900000-0000-7000-8000-000000000000' order by case_id desc limit 9"
    plan = "\n".join(uow.execute(text(f"explain {newest}")).scalars())
    assert "Index Scan Backward using pk_cases" in plan


def test_a_place_that_moves_takes_its_rules_along(at: At, city: City) -> None:
    version = put_into_force(at, tightening("community"))
    was_at, moved = city.paths["community"], f"{city.paths['bare']}{city.ids['community'].hex}/"
    stored.move_place(at(), city.ids["community"], moved)
    assert policy.get_policy(at(), [], [moved])[0].at(f"{moved}x/").layer_versions == (version,)
    assert policy.get_policy(at(), [], [was_at])[0].layers == ()


def test_all_layers_are_read_with_the_policy_in_one_query(at: At, city: City) -> None:
    put_into_force(at, tightening("district"))
    put_into_force(at, tightening("community", promise="2 working days"))
    uow = at()
    policy.get_policy(uow, [], [city.paths["area"]])
    assert len(statements_of(uow, lambda: policy.get_policy(uow, [], [city.paths["area"]]))) == 1


def test_a_request_reads_one_version_though_another_begins_meanwhile(
    at: At, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = NOW + timedelta(days=1)
    layer = put_into_force(at, tightening("community", promise="2 working days"))
    policy.get_policy(at(), [], [])
    next_day = put_into_force(at, as_document(at(ONE), promise="4 working days"), now=tomorrow)
    read, beside = policy._read_rules, [lambda: policy.get_policy(at(now=tomorrow), [], [])]

    def read_slowly(*these: Any) -> list[RuleSet]:
        while beside:
            beside.pop()()
        return read(*these)

    monkeypatch.setattr(policy, "_read_rules", read_slowly)
    today = policy.get_policy(at(), [], [city.paths["area"]])[0]
    assert today.layer_versions == (layer,)
    assert today.version < next_day


def test_what_a_document_says_is_stored_and_read_as_it_was(at: At, city: City) -> None:
    more: dict[str, Any] = {"runs_from": "papers_complete", "needs": ["evidence"], "contact": "4 hours"}
    more |= {"climbs_to": ("district supervisor", "city dispatcher")}
    document = as_document(at(ONE), settings={"contact": "1 working day"}, promise="3 working days", **more)
    by_law: dict[str, Any] = {"handler": "municipal", "promise": "2 working days"}
    by_law |= {"statutory": "7 working days", "statute": "Law 1", "runs_from": "accepted"}
    document = replace(document, rules=[*document.rules, RuleLine(60, "municipal", "district", LIGHTS, **by_law)])
    version = rule_sets.draft_rule_set(at(ONE), document).version.version
    read = policy.get_rules(at(), version)
    assert [replace(line, needs=sorted(line.needs)) for line in document.rules] == [
        replace(line, line=rule.line or 0) for line, rule in zip(written_rules(read), read.rules, strict=True)
    ]
    assert {rule.starts for rule in read.rules} == {Start.ACCEPTED, Start.PAPERS_COMPLETE}
    assert written_settings(read) == {each.name: each.value for each in document.settings}
