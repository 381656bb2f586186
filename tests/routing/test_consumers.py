"""Events in, through the kit's own taking: in order, once in effect, parked until what they need has come."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from contracts.envelope import Event
from contracts.grid import PlaceChangedV1, PlaceState
from contracts.intake import AppealCorrectedV1, AppealRatedV1, AppealWithdrawnV1
from contracts.notify import MessageFailedV1
from contracts.routing import Ask, HandoverMeans, LinkKind, Outcome, RecordKind
from contracts.topics import EVENTS, TOPICS
from kit.auth import OPERATOR, Person
from kit.db import UnitOfWork
from kit.kafka import subscriptions_of
from kit.testing.bus import FakeBus
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from pydantic import BaseModel
from routing.consumers import HANDLERS
from routing.domain.calendar import Status
from routing.domain.figures import Rate
from routing.domain.hotline import ReplyRow
from routing.domain.notice import Notice, NoticeRow
from routing.domain.recording import Work
from routing.domain.waiting import Plan
from routing.repository import cases, links
from routing.service import (
    accompanying,
    answering,
    asking,
    calendars,
    calling_back,
    dispatching,
    excluding,
    helping,
    hotline,
    incidents,
    linking,
    merging,
    opening,
    planning,
    pressing,
    rating,
    recording,
    recounting,
    recusing,
    reporting_back,
    sealing,
    splitting,
    steps,
    suspending,
    sweeping,
    vacancies,
)
from sqlalchemy import Connection, text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City, make_appeal, make_place, put_post, subject_of
from tests.routing.documents import as_document, put_into_force
from tests.routing.test_reporting_back import make_assignment


class Bus(FakeBus):
    """Intake, grid and notify say what the tests let them say; routing takes it."""

    def __init__(self, database_of: Callable[[str], Connection]) -> None:
        super().__init__()
        self._database_of = database_of
        for service in ("intake", "grid", "notify"):
            self.attach(service, database_of(service))
        self.attach("routing", database_of("routing"), HANDLERS)

    async def deliver(self) -> None:
        # A unit of work of the test's own may have left its role on the connection.
        as_superuser(self._database_of("routing"))
        await super().deliver()


@pytest.fixture
def bus(database_of: Callable[[str], Connection]) -> FakeBus:
    return Bus(database_of)


@pytest.fixture
def say(database_of: Callable[[str], Connection]) -> Callable[..., None]:
    def say(*events: Event) -> None:
        for event in events:
            uow = UnitOfWork(as_superuser(database_of(TOPICS[event.TOPIC].owner)), now=NOW)
            uow.publish(event)
            uow.flush()

    return say


def query(connection: Connection, sql: str, **parameters: object) -> Any:
    return as_superuser(connection).execute(text(sql), parameters).all()


def states(connection: Connection, appeal_id: UUID) -> list[tuple[str, int]]:
    sql = "select state, version from cases join case_appeal using (case_id) where appeal_id = :id"
    return [tuple(row) for row in query(connection, sql, id=appeal_id)]


def test_routing_takes_all_that_it_is_registered_for() -> None:
    taken = {subscription.type for subscription in subscriptions_of(HANDLERS)}
    registered = {event.TYPE for topic in TOPICS.values() if "routing" in topic.consumers for event in topic.events}
    assert taken == registered


async def test_an_appeal_opens_a_case_once_however_often_it_comes(
    bus: FakeBus, say: Callable[..., None], database_of: Callable[[str], Connection], city: City
) -> None:
    received = make_appeal(city)
    say(received, received)
    await bus.deliver()
    for record in list(bus.log["intake.appeal.v1"]):
        bus.append(record)
    await bus.deliver()
    assert states(database_of("routing"), received.appeal_id) == [("assigned", 3)]


async def test_what_happens_to_one_appeal_happens_in_its_order(
    bus: FakeBus, say: Callable[..., None], database_of: Callable[[str], Connection], city: City
) -> None:
    received = make_appeal(city, place=None)
    corrected = AppealCorrectedV1(
        version=2,
        appeal_id=received.appeal_id,
        corrected_at=NOW,
        gist="更正",
        place_id=city.ids["area"],
        placed_path=city.paths["area"],
    )
    withdrawn = AppealWithdrawnV1(version=3, appeal_id=received.appeal_id, withdrawn_at=NOW, reason="settled")
    say(received, make_appeal(city), corrected, withdrawn)
    await bus.deliver()
    connection = database_of("routing")
    assert states(connection, received.appeal_id) == [("closed", 6)]
    sql = "select step from case_entry join case_appeal using (case_id) where appeal_id = :id order by seq"
    found = [row.step for row in query(connection, sql, id=received.appeal_id)]
    assert found == ["opened", "corrected", "accepted", "assigned", "withdrawn", "closed"]


async def test_an_appeal_waits_for_its_place_and_holds_back_what_follows(
    bus: FakeBus, say: Callable[..., None], database_of: Callable[[str], Connection], city: City
) -> None:
    place = make_place(city, "late", "area", "community")
    waiting, other = make_appeal(city, "late"), make_appeal(city)
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=waiting.appeal_id, withdrawn_at=NOW, reason="settled")
    say(waiting, other, withdrawn)
    await bus.deliver()
    connection = database_of("routing")
    assert states(connection, waiting.appeal_id) == []
    assert states(connection, other.appeal_id) == [("assigned", 3)]
    say(place)
    await bus.deliver()
    await bus.settle()
    assert states(connection, waiting.appeal_id) == [("closed", 5)]


async def test_a_place_that_moves_takes_its_cases_along(
    bus: FakeBus, say: Callable[..., None], database_of: Callable[[str], Connection], city: City
) -> None:
    received = make_appeal(city, taken_path=city.paths["area"])
    say(received)
    await bus.deliver()
    path = city.paths["other"] + city.ids["area"].hex + "/"
    moved = PlaceChangedV1(
        version=2,
        place_id=city.ids["area"],
        code="area",
        name="area",
        tier="area",
        parent_id=city.ids["other"],
        path=path,
        depth=4,
        state=PlaceState.ACTIVE,
    )
    say(moved)
    await bus.deliver()
    for table in ("cases", "deadline"):
        sql = f"select placed_path, taken_path from {table} where place_id = :id"
        assert query(database_of("routing"), sql, id=city.ids["area"]) == [(path, path)]


async def test_a_notice_that_failed_stands_on_its_case(
    bus: FakeBus, say: Callable[..., None], database_of: Callable[[str], Connection], city: City
) -> None:
    received = make_appeal(city)
    say(received)
    await bus.deliver()
    ((case_id,),) = query(
        database_of("routing"), "select case_id from case_appeal where appeal_id = :id", id=received.appeal_id
    )
    failed = MessageFailedV1(
        version=1,
        message_id=uuid4(),
        case_id=case_id,
        template="case_accepted",
        means="sms",
        reason="dead",
        failed_at=NOW,
    )
    say(failed)
    await bus.deliver()
    assert states(database_of("routing"), received.appeal_id) == [("assigned", 4)]


# The city's public feed holds no personal data: every text that an event can carry is a marker, and none comes through.


def _fields(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield f"{path}{name}", field.annotation
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _fields(part, f"{path}{name}.")


def test_no_field_of_the_public_feed_can_hold_words_or_people() -> None:
    allowed = {"version", "case_id", "number", "at", "state", "category", "kind", "remit", "district", "channel"}
    for event in TOPICS["city.case.v1"].events:
        names = {name for name, _ in _fields(event)}
        assert names - allowed <= {"promise_met", "outcome"}, event.TYPE


def test_nothing_that_was_said_of_people_reaches_the_public_feed(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    received = make_appeal(
        city,
        number="MARKA1",
        gist="标记要点 MARKgist",
        taken_by="MARKtaker",
        source="MARKsource",
        complained_of=["MARKcomplained"],
        query_code="MARKcode",
    )
    opening.open_cases(uow, [received])
    ((case_id,),) = uow.execute(
        text("select case_id from case_appeal where appeal_id = :id"), {"id": received.appeal_id}
    ).all()
    mine = uow_of("routing", person=city.person("municipal"))
    answered = steps.answer_case(mine, case_id, version=3, outcome=Outcome.SOLVED, answer="MARKanswer")
    steps.close_case(mine, case_id, version=answered.version)
    late = make_appeal(city, gist="MARKgist")
    opening.open_cases(uow, [late])
    clock = uow_of("routing", role="clock", now=NOW.replace(year=2027))
    sweeping.sweep_due(clock)
    said = [*uow.published, *mine.published, *clock.published]
    feed = [event for event in said if event.topic == "city.case.v1"]
    assert {event.type for event in feed} == {event.TYPE for event in TOPICS["city.case.v1"].events}
    holders = {city.posts["municipal"].holders[0].name, city.posts["municipal"].holders[0].subject}
    personal = [str(received.person_id), str(received.appeal_id), *holders, "MARK", "标记", city.ids["area"].hex]
    internal = "".join(event.body or "" for event in said if event.topic == "routing.case.v1")
    assert all(marker in internal for marker in ("MARKgist", "MARKanswer", "MARKcode", *holders))
    for event in feed:
        assert not [marker for marker in personal if marker in (event.body or "")]
        assert json.loads(event.body or "")["district"] == "district"


def _review_and_verify(uow: RolledBackUnitOfWork, city: City, *by: RolledBackUnitOfWork) -> None:
    """An answer that is reviewed, and one that is looked at on site."""
    mine, desk, ruling = by
    discipline = make_appeal(city, category="stability.discipline")
    urgent = make_appeal(city, category="municipal.emergency", urgent=True)
    opening.open_cases(uow, [discipline, urgent])
    found = cases.find_cases_of_appeals_for_change(uow, [discipline.appeal_id, urgent.appeal_id])
    said: dict[str, Any] = {"outcome": Outcome.SOLVED, "answer": "已核实", "evidence": "照片1"}
    reviewed, looked_at = (found[each.appeal_id] for each in (discipline, urgent))
    draft = steps.answer_case(desk, reviewed.case_id, version=reviewed.version, **said)
    answering.review_answer(ruling, draft.case_id, version=draft.version, approved=True, words="同意")
    done = steps.answer_case(mine, looked_at.case_id, version=looked_at.version, **said)
    answering.verify_case(desk, done.case_id, version=done.version, passed=True, words="已到场查看")


def test_every_event_of_routing_is_published_somewhere_in_its_life(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    received = [make_appeal(city) for _ in range(3)]
    opening.open_cases(uow, [*received, make_appeal(city, category="administrative.hukou")])
    (first,), (second,), (jointly,), _ = uow.execute(text("select case_id from cases order by promise_due desc")).all()
    mine = uow_of("routing", person=city.person("municipal"))
    case = steps.start_case(mine, first, version=3)
    case = steps.answer_case(mine, first, version=case.version, outcome=Outcome.EXPLAINED, answer="不能办")
    case = steps.hand_over_case(mine, first, version=case.version, means=HandoverMeans.COLLECTED)
    steps.close_case(mine, first, version=case.version)
    desk = uow_of("routing", person=city.person("dispatcher"))
    more: dict[str, Any] = {"ask": Ask.EXTENSION, "reason": "materials", "days": 2, "words": "等材料"}
    case = asking.ask_dispatcher(mine, second, version=3, **more)
    case = asking.rule_on_case(desk, second, version=case.version, granted=True, words="同意")
    case = dispatching.re_sort_case(desk, second, version=case.version, category="municipal.water", words="改类")
    until: dict[str, Any] = {"ask": Ask.SUSPENSION, "reason": "testing", "until": date(2026, 12, 1), "words": "送检"}
    case = asking.ask_dispatcher(mine, second, version=case.version, **until)
    case = asking.rule_on_case(desk, second, version=case.version, granted=True, words="同意")
    case = suspending.resume_case(mine, second, version=case.version, words="报告已出")
    planning.plan_case(mine, second, Plan(date(2027, 4, 30), "列入计划"), version=case.version)
    above = uow_of("routing", person=city.person("district_supervisor"))
    recording.record_work(mine, second, Work(RecordKind.CALL, words="已电话说明"))
    version = cases.get_case(uow, second).version
    pressed = pressing.enter_instruction(above, second, version=version, words="速办", leader="区长")
    told = pressing.report_on_pressing(mine, pressed.pressing.pressing_id, version=pressed.version, words="已办")
    named = [city.ids["area"]]
    incidents.name_affected(mine, second, version=told.version, place_ids=named, words="停水检修")
    liaison = uow_of("routing", person=city.person("legal"))
    opening.open_cases(uow, [make_appeal(city, category="legal.aid")])
    legal = uow.execute(text("select case_id from cases where category = 'legal.aid'")).scalar_one()
    handed_over: dict[str, Any] = {"centre": "区法律援助中心", "with_whom": "社区干部", "words": "已移交"}
    case = accompanying.accompany(liaison, legal, version=3, **handed_over)
    case = accompanying.enter_centre_report(liaison, legal, version=case.version, words="已办", final=True)
    recusing.recuse(liaison, legal, version=case.version, words="应回避")
    ordered = make_appeal(city, assignment=make_assignment())
    opening.open_cases(uow, [ordered])
    third = cases.find_cases_of_appeals_for_change(uow, [ordered.appeal_id])[ordered.appeal_id].case_id
    case = steps.answer_case(mine, third, version=3, outcome=Outcome.SOLVED, answer="已修好")
    case = reporting_back.report_back(mine, third, version=case.version, words="已办结")
    reporting_back.enter_review(desk, third, version=case.version, accepted=True, words="通过")
    helper = uow_of("routing", person=city.person("window"))
    _join(mine, helper, city, (jointly, second))
    version = cases.get_case(uow, second).version
    hotline.hand_to_hotline(desk, second, version=version, words="请协调")
    reply = ReplyRow(2, 1, "RX17", cases.get_case(uow, second).number, "已办结", "已修好", "2026-11-23", NOW)
    hotline.take_replies(desk, [reply], file="replies.csv")
    appeal = cases.get_case(uow, first).appeals[0].appeal_id
    calling_back.have_called(uow, appeal)
    version = cases.get_case(uow, first).version
    rating.call_back_resident(desk, first, version=version, words="无人接听")
    contested = AppealRatedV1(version=2, appeal_id=appeal, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, contested)
    again, other = make_appeal(city), make_appeal(city)
    opening.open_cases(uow, [again, other])
    both = cases.find_cases_of_appeals_for_change(uow, [again.appeal_id, other.appeal_id])
    into = both[other.appeal_id]
    merging.merge_case(desk, both[again.appeal_id].case_id, version=3, into=into.number, words="同一件事")
    splitting.split_case(desk, into.case_id, version=4, appeal_ids=[again.appeal_id], words="两件事")
    ruling = uow_of("routing", person=city.person("district_dispatcher"))
    _review_and_verify(uow, city, mine, desk, ruling)
    hidden = make_appeal(city, sealed=True)
    opening.open_cases(uow, [hidden])
    sealed = cases.find_cases_of_appeals_for_change(uow, [hidden.appeal_id])[hidden.appeal_id].case_id
    case = sealing.grant_case(desk, sealed, version=3, words="需其协助", subject=subject_of("legal"))
    (opened,) = sealing.list_grants(desk, sealed)
    sealing.revoke_grant(desk, sealed, opened.grant_id, version=case.version)
    fresh = make_appeal(city)
    opening.open_cases(uow, [fresh])
    at = {"place_id": city.ids["area"], "placed_path": city.paths["area"], "corrected_at": NOW}
    sorted_as = {"appeal_id": fresh.appeal_id, "gist": "x", "category": "stability.discipline", "version": 2}
    opening.correct_appeal(uow, AppealCorrectedV1.model_validate(at | sorted_as))
    excluded = excluding.ask_exclusion(
        mine, third, version=cases.get_case(uow, third).version, rate=Rate.ON_TIME, words="停电"
    )
    excluding.review_exclusion(ruling, third, version=excluded.version, granted=False, words="不属实")
    put_into_force(
        lambda person, now: uow_of("routing", person=person, now=now),
        as_document(uow, settings={"contact": "1 working day"}),
    )
    opening.open_cases(uow, [make_appeal(city)])
    moments = (NOW + timedelta(hours=30), NOW + timedelta(days=5), NOW.replace(year=2027), NOW.replace(year=2028))
    clocks = [uow_of("routing", role="clock", now=now) for now in moments]
    for each in clocks:
        sweeping.sweep_due(each)
    clock = clocks[2]
    left = city.posts["municipal"].model_copy(update={"holders": []})
    put_post(uow, left)
    vacancies.look_again(uow, [left])
    off = Notice(2027, Status.FORECAST, [NoticeRow(2, "2027-11-24", "off")], own=True)
    drafts, activates = (
        uow_of("routing", person=Person(n, frozenset({OPERATOR})), now=clock.now) for n in ("one", "other")
    )
    next_year = uow_of("routing", role="consumer", now=clock.now)
    opening.open_cases(next_year, [make_appeal(city, received_at=clock.now)])
    calendars.activate_calendar(activates, calendars.draft_calendar(drafts, off).version.version)
    recounting.sweep_calendar(clock)
    vacancies.sweep_vacancies(clock)
    people = (uow, mine, helper, desk, above, liaison, ruling, *clocks)
    everything = [event for each in people for event in each.published]
    said = {event.type for event in everything}
    owned = {event.TYPE for topic in TOPICS.values() if topic.owner == "routing" for event in topic.events}
    assert said == owned - {"routing.category.changed.v1"}
    for event in everything:
        EVENTS[event.type].model_validate_json(event.body or "")


def _join(mine: RolledBackUnitOfWork, helper: RolledBackUnitOfWork, city: City, case_ids: tuple[UUID, UUID]) -> None:
    """A helper is called in, reports, is called in again and released; two cases are linked and parted."""
    case_id, other_id = case_ids
    called: dict[str, Any] = {"to": city.posts["window"].post_id, "words": "请协助", "due_at": NOW + timedelta(hours=2)}
    for by, end in ((helper, helping.report_part), (mine, helping.release_helper)):
        version = cases.get_case(mine, case_id).version
        part = helping.call_in_helper(mine, case_id, version=version, **called)
        end(by, case_id, part.helper.helper_id, version=part.version, words="已办")
    other = cases.get_case(mine, other_id)
    version = cases.get_case(mine, case_id).version
    more: dict[str, Any] = {"number": other.number, "kind": LinkKind.SAME_CAUSE, "words": "同因"}
    linked = linking.link_cases(mine, case_id, version=version, **more)
    (seen,) = links.list_of_case(mine, case_id)
    linking.unlink_cases(mine, case_id, seen.link.link_id, version=linked.version, words="误连")


def test_the_history_names_whom_each_event_told(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    opening.open_cases(uow, [make_appeal(city), make_appeal(city, suggested_category=None)])
    clock = uow_of("routing", role="clock", now=NOW.replace(year=2027))
    sweeping.sweep_due(clock)
    ((held,),) = uow.execute(text("select case_id from cases where queue is null")).all()
    mine = uow_of("routing", person=city.person("municipal"))
    case = steps.answer_case(mine, held, version=4, outcome=Outcome.SOLVED, answer="好")
    steps.close_case(mine, held, version=case.version)
    told = {
        (key, version): json.loads(body)
        for event in (*uow.published, *clock.published, *mine.published)
        for key, version, body in [(event.key, event.version, event.body or "")]
        if event.topic == "routing.case.v1"
    }
    entries = uow.execute(text("select case_id, seq, step, facts from case_entry")).all()
    for entry in entries:
        event = told[str(entry.case_id), entry.seq]
        for fact, part in (("holder", "handler"), ("dispatcher", "dispatcher"), ("superior", "superior")):
            if fact in entry.facts:
                assert entry.facts[fact] == (event[part] or {}).get("subject"), entry.step
    assert {entry.step for entry in entries if entry.facts.get("holder")} == {"assigned", "deadline_breached", "closed"}
