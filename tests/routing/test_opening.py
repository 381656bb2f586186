"""From an appeal to a case: who handles it, by when, and who looks at what the platform cannot decide."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty, Holding
from contracts.intake import AppealCorrectedV1, AppealWithdrawnV1, Placing
from contracts.notify import MessageFailedV1
from contracts.routing import CaseCorrectedV1, CaseState, Queue
from kit.clock import DrivenClock
from kit.db import UnitOfWork
from kit.errors import NotYet
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.consumers import HANDLERS
from routing.domain.case import Case, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.promise import Unit
from routing.domain.rules import Demand, Rule
from routing.repository import cases
from routing.service import notices, opening, placing
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.conftest import (
    WAITED_FOR,
    City,
    lay_city,
    local,
    make_appeal,
    make_place,
    make_post,
    put_post,
    statements_of,
    subject_of,
)


def open_one(uow: RolledBackUnitOfWork, city: City, place: str | None = "area", **overrides: Any) -> Case:
    event = make_appeal(city, place, **overrides)
    opening.open_cases(uow, [event])
    return case_of(uow, event.appeal_id)


def case_of(uow: RolledBackUnitOfWork, appeal_id: UUID) -> Case:
    return cases.find_cases_of_appeals_for_change(uow, [appeal_id])[appeal_id]


def types(uow: RolledBackUnitOfWork) -> list[str]:
    return [event.type for event in uow.published]


def test_a_placed_and_sorted_appeal_is_promised_and_assigned_at_once(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    assert (case.state, case.queue, case.version) == (CaseState.ASSIGNED, None, 3)
    assert case.holder_post_id == city.posts["municipal"].post_id
    assert case.promise_due == local("2026-11-30 17:00"), "five working days of the district's remit"
    assert case.district == "district"
    assert case.deadline is not None
    assert case.deadline.promise.term.unit is Unit.WORKING_DAYS
    assert types(uow) == [
        "routing.case.opened.v1",
        "routing.case.accepted.v1",
        "routing.case.assigned.v1",
        "city.case.opened.v1",
    ]


def test_versions_of_a_subject_only_grow(uow: RolledBackUnitOfWork, city: City) -> None:
    open_one(uow, city, taken_by=subject_of("window"), done_on_the_spot=True)
    for topic in ("routing.case.v1", "city.case.v1"):
        versions = [event.version for event in uow.published if event.topic == topic]
        assert versions == sorted(set(versions))


@pytest.mark.parametrize(
    "category, post, due",
    [
        ("administrative.hukou", "window", "2026-11-23 17:00"),
        ("administrative.social_insurance", "agency", "2026-11-26 17:00"),
        ("municipal.property", "municipal", "2026-11-26 17:00"),
        ("municipal.water", "municipal", "2026-12-02 17:00"),
        ("legal.aid", "legal", "2026-11-23 17:00"),
        ("public_service.pets", "dispatcher", "2026-11-26 17:00"),
    ],
)
def test_category_and_remit_decide_who_and_when(
    uow: RolledBackUnitOfWork, city: City, category: str, post: str, due: str
) -> None:
    case = open_one(uow, city, category=category)
    assert case.holder_post_id == city.posts[post].post_id
    assert case.promise_due == local(due)


def test_who_took_it_knows_the_category_better_than_the_words(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, category="administrative.hukou", suggested_category="municipal.water")
    assert case.category == "administrative.hukou"


def test_an_urgent_municipal_matter_runs_by_the_clock(uow: RolledBackUnitOfWork, city: City) -> None:
    at = local("2026-11-21 23:00")
    case = open_one(uow, city, category="municipal.property", urgent=True, received_at=at)
    assert case.promise_due == at + timedelta(hours=12)


def test_an_emergency_has_its_own_limit_even_when_nobody_called_it_urgent(
    uow: RolledBackUnitOfWork, city: City
) -> None:
    case = open_one(uow, city, category="municipal.emergency", received_at=NOW)
    assert case.promise_due == NOW + timedelta(hours=12)


def test_a_same_day_promise_after_closing_falls_due_at_the_next_close(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, category="administrative.hukou", received_at=local("2026-11-20 17:30"))
    assert case.promise_due == local("2026-11-23 17:00")


def test_a_vacant_post_hands_the_work_to_the_next_tier_up(uow: RolledBackUnitOfWork, city: City) -> None:
    post = city.posts["municipal"].model_copy(update={"holders": []})
    put_post(uow, post)
    case = open_one(uow, city)
    assert case.holder_post_id == city.posts["district_dispatcher"].post_id


def test_a_stand_in_takes_it_while_the_holder_is_away(uow: RolledBackUnitOfWork, city: City) -> None:
    stand_in = Holding(subject="stand.in", name="替", contact_id=uuid4(), since=NOW - timedelta(days=1))
    put_post(uow, city.posts["municipal"].model_copy(update={"stand_ins": [stand_in]}))
    case = open_one(uow, city)
    assigned = next(event for event in uow.published if event.type == "routing.case.assigned.v1")
    assert case.holder_post_id == city.posts["municipal"].post_id
    assert assigned.body is not None
    assert '"subject":"stand.in"' in assigned.body
    assert '"stand_in":true' in assigned.body


def test_nobody_handles_a_complaint_about_himself(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, complained_of=[subject_of("municipal")])
    assert case.holder_post_id == city.posts["district_dispatcher"].post_id


@pytest.mark.parametrize(
    "lists, taker",
    [
        ([("exact", "city", ["municipal.water"]), ("branch", "bare", ["municipal"])], "exact"),
        ([("branch", "city", ["municipal"]), ("all", "bare", [])], "branch"),
        ([("wide", "city", ["municipal.water"]), ("narrow", "bare", ["municipal.water"])], "narrow"),
        ([("other", "bare", ["municipal.power"])], "city_dispatcher"),
    ],
)
def test_the_office_that_comes_nearest_takes_it(
    uow: RolledBackUnitOfWork, city: City, lists: list[tuple[str, str, list[str]]], taker: str
) -> None:
    for code, place, matters in lists:
        post = make_post(city, code, Duty.BUREAU, place, office_id=uuid4(), matters=matters)
        network.copy_posts(uow, [post], versions=[1])
    case = open_one(uow, city, "bare", category="municipal.water")
    assert case.holder_post_id == city.posts[taker].post_id


def test_an_office_takes_its_matter_where_no_tier_has_the_duty(uow: RolledBackUnitOfWork, city: City) -> None:
    office = uuid4()
    water = make_post(city, "water", Duty.BUREAU, "city", office_id=office, matters=["municipal.water"])
    everything = make_post(city, "works", Duty.BUREAU, "city", office_id=uuid4(), matters=["municipal"])
    network.copy_posts(uow, [water, everything], versions=[1, 1])
    case = open_one(uow, city, "bare", category="municipal.water")
    assert (case.holder_post_id, case.office_id) == (water.post_id, office)
    granted = uow.execute(text("select office_id from case_grant where case_id = :id"), {"id": case.case_id})
    assert granted.scalars().all() == [office]
    assigned = next(event for event in uow.published if event.type == "routing.case.assigned.v1")
    assert f'"office_id":"{office}"' in (assigned.body or ""), "intake shows the words to whom the case was given"
    assert open_one(uow, city, "area", category="municipal.water").office_id is None, "the station looks first"


@pytest.mark.parametrize(
    "facts, place, queue, dispatcher",
    [
        ({}, None, Queue.UNPLACED, "city_dispatcher"),
        ({"placing": Placing.CANDIDATES}, "district", Queue.UNPLACED, "district_dispatcher"),
        ({"suggested_category": None}, "area", Queue.UNSORTED, "dispatcher"),
        ({"suggested_category": "no.such.category"}, "area", Queue.UNSORTED, "dispatcher"),
    ],
)
def test_what_cannot_be_decided_waits_with_the_narrowest_dispatcher(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork, city: City, facts: dict[str, Any], place: str | None, queue: Queue, dispatcher: str
) -> None:
    case = open_one(uow, city, place, **facts)
    assert (case.state, case.queue) == (CaseState.RECEIVED, queue)
    assert case.holder_post_id == city.posts[dispatcher].post_id
    assert case.promise_due is None
    opened = next(event for event in uow.published if event.type == "routing.case.opened.v1")
    assert opened.body is not None
    assert subject_of(dispatcher) in opened.body


def test_where_nobody_at_all_may_take_it_it_waits_as_vacant(uow: RolledBackUnitOfWork, city: City) -> None:
    put_post(uow, city.posts["city_dispatcher"].model_copy(update={"holders": []}))
    case = open_one(uow, city, "bare")
    assert (case.queue, case.holder_post_id) == (Queue.VACANT, None)


def test_settled_on_the_spot_is_opened_answered_and_closed_in_one(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, taken_by=subject_of("window"), done_on_the_spot=True)
    assert (case.state, case.promise_met) == (CaseState.CLOSED, True)
    assert case.holder_post_id == city.posts["window"].post_id
    assert case.deadline is not None
    assert case.deadline.state is DeadlineState.MET
    assert types(uow) == [
        "routing.case.opened.v1",
        "routing.case.accepted.v1",
        "routing.case.assigned.v1",
        "city.case.opened.v1",
        "routing.case.answered.v1",
        "routing.case.closed.v1",
        "city.case.closed.v1",
    ]


def test_what_was_done_on_the_spot_is_the_answer(uow: RolledBackUnitOfWork, city: City) -> None:
    done = "周六上午开门，已告知。"
    case = open_one(uow, city, taken_by=subject_of("window"), done_on_the_spot=True, answer=done)
    (answered,) = (entry for entry in cases.list_entries(uow, case) if entry.step == "answered")
    said = next(event for event in uow.published if event.type == "routing.case.answered.v1")
    assert (answered.words, json.loads(said.body or "")["answer"]) == (done, done)


def test_what_was_done_is_kept_with_the_case_where_it_is_not_settled_by_it(
    uow: RolledBackUnitOfWork, city: City
) -> None:
    case = open_one(
        *(uow, city),
        taken_by=subject_of("window"),
        done_on_the_spot=True,
        category="emergency.flooding",
        urgent=True,
        answer="已关总阀。",
    )
    assert [entry.words for entry in cases.list_entries(uow, case) if entry.words] == ["已关总阀。"]


def test_an_enquiry_without_category_or_place_is_settled_on_the_spot_all_the_same(
    uow: RolledBackUnitOfWork, city: City
) -> None:
    case = open_one(uow, city, None, taken_by=subject_of("window"), done_on_the_spot=True, suggested_category=None)
    assert case.state is CaseState.CLOSED


@pytest.mark.parametrize(
    "overrides",
    [
        {"complained_of": [subject_of("window")]},
        {"sealed": True},
        {"category": "stability.discipline"},
        {"category": "emergency.flooding", "urgent": True},
    ],
)
def test_what_is_sealed_or_is_looked_at_by_another_goes_the_ordinary_way_though_said_to_be_done_on_the_spot(
    uow: RolledBackUnitOfWork, city: City, overrides: dict[str, Any]
) -> None:
    case = open_one(uow, city, taken_by=subject_of("window"), done_on_the_spot=True, **overrides)
    assert (case.state in (CaseState.ASSIGNED, CaseState.RECEIVED), case.outcome) == (True, None)
    assert case.holder_post_id not in (None, city.posts["window"].post_id)


def test_what_was_taken_by_who_holds_no_post_is_settled_by_nobody_on_the_spot(
    uow: RolledBackUnitOfWork, city: City
) -> None:
    case = open_one(uow, city, taken_by="operator", done_on_the_spot=True)
    assert (case.state, case.outcome) == (CaseState.ASSIGNED, None)
    assert case.holder_post_id == city.posts["municipal"].post_id
    unsorted = open_one(uow, city, None, taken_by="operator", done_on_the_spot=True, suggested_category=None)
    assert (unsorted.state, unsorted.queue) == (CaseState.RECEIVED, Queue.UNPLACED)


@pytest.mark.parametrize("demand", Demand)
def test_what_is_answered_with_evidence_or_is_looked_at_by_another_is_not_settled_on_the_spot(
    uow: RolledBackUnitOfWork, city: City, monkeypatch: pytest.MonkeyPatch, demand: Demand
) -> None:
    rule_of = placing.rule_of_the_spot

    def demanding(*args: Any, **more: Any) -> Rule:
        return replace(rule_of(*args, **more), demands=frozenset({demand}))

    monkeypatch.setattr(placing, "rule_of_the_spot", demanding)
    case = open_one(uow, city, taken_by=subject_of("window"), done_on_the_spot=True)
    assert (case.state, case.outcome) == (CaseState.ASSIGNED, None)
    assert [entry.step for entry in cases.list_entries(uow, case)] == ["opened", "accepted", "assigned"]


def test_a_finished_past_starts_no_clock_and_tells_nobody(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, historic=True, received_at=local("2018-05-17 08:32"))
    assert (case.state, case.silent, case.deadline) == (CaseState.CLOSED, True, None)
    assert types(uow) == [
        "routing.case.opened.v1",
        "city.case.opened.v1",
        "routing.case.closed.v1",
        "city.case.closed.v1",
    ]
    assert all('"silent":true' in (e.body or "") for e in uow.published if e.topic == "routing.case.v1")


def test_an_appeal_that_comes_twice_has_one_case(uow: RolledBackUnitOfWork, city: City) -> None:
    event = make_appeal(city)
    opening.open_cases(uow, [event])
    said = len(uow.published)
    opening.open_cases(uow, [event, make_appeal(city)])
    assert len(uow.published) == 2 * said
    assert (
        uow.execute(text("select count(*) from case_appeal where appeal_id = :id"), {"id": event.appeal_id}).scalar()
        == 1
    )


def test_an_appeal_of_a_place_that_has_not_come_waits_for_it(uow: RolledBackUnitOfWork, city: City) -> None:
    unknown = uuid4()
    with pytest.raises(NotYet) as waits:
        opening.open_cases(uow, [make_appeal(city, "area", place_id=unknown)])
    assert (waits.value.topic, waits.value.key) == ("grid.place.v1", str(unknown))


def test_many_appeals_cost_as_many_statements_as_one(uow: RolledBackUnitOfWork, city: City) -> None:
    def statements(count: int) -> int:
        received = [make_appeal(city) for _ in range(count)]
        return len(statements_of(uow, lambda: opening.open_cases(uow, received)))

    statements(1)  # what stands in rules, calendar and categories is known from here on
    assert statements(20) == statements(1)


def correct(city: City, case: Case, **overrides: Any) -> AppealCorrectedV1:
    facts = {
        "version": 2,
        "appeal_id": case.appeals[0].appeal_id,
        "corrected_at": NOW,
        "corrected_by": subject_of("window"),
        "gist": "更正后的要点",
        "placed_path": case.placed_path,
    }
    return AppealCorrectedV1.model_validate({**facts, **overrides})


def test_a_correction_that_names_the_place_gets_the_case_going(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, None)
    opening.correct_appeal(uow, correct(city, case, place_id=city.ids["area"], placed_path=city.paths["area"]))
    after = case_of(uow, case.appeals[0].appeal_id)
    assert (after.state, after.queue, after.gist) == (CaseState.ASSIGNED, None, "更正后的要点")
    assert after.holder_post_id == city.posts["municipal"].post_id
    assert after.placed_path == city.paths["area"]


def test_a_correction_that_names_the_category_gets_the_case_going(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, suggested_category=None)
    opening.correct_appeal(uow, correct(city, case, category="administrative.hukou"))
    after = case_of(uow, case.appeals[0].appeal_id)
    assert (after.state, after.category) == (CaseState.ASSIGNED, "administrative.hukou")


def test_a_correction_of_an_assigned_case_is_an_entry_and_moves_nothing(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    opening.correct_appeal(uow, correct(city, case, place_id=city.ids["other"], placed_path=city.paths["other"]))
    after = case_of(uow, case.appeals[0].appeal_id)
    assert (after.state, after.placed_path, after.version) == (CaseState.ASSIGNED, city.paths["area"], 4)
    assert after.promise_due == case.promise_due


def corrections_of(uow: RolledBackUnitOfWork) -> list[CaseCorrectedV1]:
    bodies = [event.body or "" for event in uow.published if event.type == CaseCorrectedV1.TYPE]
    return [CaseCorrectedV1.model_validate_json(body) for body in bodies]


def test_whoever_holds_a_case_is_told_of_its_correction(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    opening.correct_appeal(uow, correct(city, case))
    (event,) = corrections_of(uow)
    assert event.handler is not None
    assert (event.handler.subject, event.by, event.gist) == (
        subject_of("municipal"),
        subject_of("window"),
        "更正后的要点",
    )
    assert (event.version, event.appeal_id) == (case.version + 1, case.appeals[0].appeal_id)
    assert cases.list_entries(uow, case_of(uow, event.appeal_id))[-1].facts["holder"] == subject_of("municipal")


def test_nobody_is_told_what_they_corrected_themselves(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    opening.correct_appeal(uow, correct(city, case, corrected_by=subject_of("municipal")))
    (event,) = corrections_of(uow)
    assert event.by == subject_of("municipal")
    assert cases.list_entries(uow, case_of(uow, event.appeal_id))[-1].facts["holder"] is None


def test_a_correction_of_what_nobody_works_on_tells_nobody(uow: RolledBackUnitOfWork, city: City) -> None:
    waiting, closed = open_one(uow, city, None), open_one(uow, city)
    opening.withdraw_appeal(uow, withdrawn(closed.appeals[0].appeal_id))
    for case in (waiting, closed):
        opening.correct_appeal(uow, correct(city, case))
    assert [event.handler for event in corrections_of(uow)] == [None, None]


def withdrawn(appeal_id: UUID) -> AppealWithdrawnV1:
    return AppealWithdrawnV1(version=2, appeal_id=appeal_id, withdrawn_at=NOW, withdrawn_by=None, reason="settled")


def test_a_withdrawn_appeal_closes_its_case_and_ends_its_clock(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    opening.withdraw_appeal(uow, withdrawn(case.appeals[0].appeal_id))
    after = case_of(uow, case.appeals[0].appeal_id)
    assert (after.state, after.closed_reason) == (CaseState.CLOSED, "withdrawn")
    assert after.deadline is not None
    assert after.deadline.state is DeadlineState.CANCELLED
    assert types(uow)[-2:] == ["routing.case.closed.v1", "city.case.closed.v1"]


def test_what_is_withdrawn_late_is_missed_first(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    case = open_one(uow, city)
    later = uow_of("routing", role="consumer", now=NOW + timedelta(days=90))
    opening.withdraw_appeal(later, withdrawn(case.appeals[0].appeal_id))
    after = case_of(later, case.appeals[0].appeal_id)
    assert (after.state, after.promise_met) == (CaseState.CLOSED, False)
    assert after.deadline is not None
    assert after.deadline.state is DeadlineState.BREACHED
    assert [entry.step for entry in cases.list_entries(later, after)][-3:] == [
        "withdrawn",
        "deadline_breached",
        "closed",
    ]


def test_withdrawing_after_the_end_changes_no_end(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, historic=True)
    opening.withdraw_appeal(uow, withdrawn(case.appeals[0].appeal_id))
    assert case_of(uow, case.appeals[0].appeal_id).closed_reason == "historic"


def test_what_follows_an_appeal_waits_until_the_appeal_has_come(uow: RolledBackUnitOfWork, city: City) -> None:
    missing = uuid4()
    with pytest.raises(NotYet) as waits:
        opening.withdraw_appeal(uow, withdrawn(missing))
    assert (waits.value.topic, waits.value.key) == ("intake.appeal.v1", str(missing))


def test_a_notice_that_was_not_delivered_stands_on_the_case(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    failed = MessageFailedV1(
        version=1,
        message_id=uuid4(),
        case_id=case.case_id,
        appeal_id=case.appeals[0].appeal_id,
        template="case_accepted",
        means="sms",
        reason="no_such_number",
        failed_at=NOW,
    )
    notices.record_notice_not_delivered(uow, failed)
    after = cases.get_case(uow, case.case_id)
    last = cases.list_entries(uow, after)[-1]
    assert (after.undelivered, after.version, last.step) == (1, 4, "notice_not_delivered")
    assert last.facts["reason"] == "no_such_number"


def test_the_history_reads_back_whole(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city, taken_by=subject_of("window"), done_on_the_spot=True)
    entries = cases.list_entries(uow, case)
    assert [entry.step for entry in entries] == ["opened", "accepted", "assigned", "answered", "closed"]
    assert list_faults(entries, head=case.head, length=case.version) == []


def test_a_case_moves_with_its_place(uow: RolledBackUnitOfWork, city: City) -> None:
    case = open_one(uow, city)
    moved = city.paths["other"] + city.ids["area"].hex + "/"
    cases.move_place(uow, city.ids["area"], moved)
    assert cases.get_case(uow, case.case_id).placed_path == moved


async def test_a_place_moves_once_those_have_ended_who_open_cases_there(async_database: AsyncDatabase) -> None:
    consumers = [async_database("routing", "consumer", clock=DrivenClock(NOW)) for _ in range(2)]
    city = await consumers[0].run_everywhere(lay_city)
    moved, appeal = city.paths["other"] + city.ids["area"].hex + "/", make_appeal(city)
    is_open = asyncio.Event()

    def open_until_somebody_waits(uow: UnitOfWork) -> None:
        opening.open_cases(uow, [appeal])
        is_open.set()
        while not (moving.done() or uow.execute(WAITED_FOR).scalar_one()):
            pass

    async def move() -> None:
        await is_open.wait()
        event = make_place(city, "area", "area", "other", place_id=appeal.place_id, path=moved, version=2)
        await consumers[1].run_everywhere(lambda uow: HANDLERS[0](uow, [event], versions=[2]))

    async with asyncio.timeout(20), asyncio.TaskGroup() as both:
        moving = both.create_task(move())
        both.create_task(consumers[0].run_everywhere(open_until_somebody_waits))
    case = await consumers[0].run_everywhere(
        lambda uow: cases.find_cases_of_appeals_for_change(uow, [appeal.appeal_id])[appeal.appeal_id]
    )
    assert case.placed_path == moved
