"""The auditor over real databases: what went through intake, routing and notify balances; one row less does not."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import intake.consumers
import notify.consumers
import pytest
import routing.consumers
from cli.__main__ import app
from cli.reconcile import audit_books
from cli.reconcile.books import SERVICES, Books
from cli.reconcile.findings import Audit, check_counts
from cli.reconcile.owed import STEPS, TEMPLATES, concerned
from contracts.grid import Duty, Holding, PostChangedV1
from contracts.intake import Channel, Means, Reach
from contracts.rating import PURPOSE, subject_of
from contracts.routing import Ask, HandoverMeans, LinkKind, Outcome, PressingKind, RecordKind
from grid.domain.register import Household
from grid.keys import Keys as GridKeys
from grid.repository import register
from grid.service import households
from intake.domain.appeal import Assignment, Receipt, WithdrawalReason
from intake.domain.progress import Progress, Standing
from intake.domain.rating import Said
from intake.service import amending, rating, reading, receiving
from intake.service.station import Station
from kit.auth import EVERYWHERE, NOWHERE, OPERATOR, Person, Post, Scope
from kit.clock import DrivenClock
from kit.crypto import make_ticket
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.testing import servers
from kit.testing.bus import FakeBus
from local.postgres import SUPERUSER, Postgres
from notify.clock import Sender
from notify.providers.sandbox import Sandbox
from notify.service import tellings
from notify.service.office import Office
from routing.domain.calendar import Status
from routing.domain.figures import Rate
from routing.domain.hotline import ReplyRow
from routing.domain.notice import Notice, NoticeRow
from routing.domain.recording import Work
from routing.domain.waiting import Plan
from routing.repository import joint, links, pressings
from routing.service import (
    accompanying,
    answering,
    asking,
    calendars,
    dispatching,
    excluding,
    helping,
    hotline,
    incidents,
    linking,
    merging,
    planning,
    pressing,
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
from routing.service.rating import call_back_resident
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool
from typer.testing import CliRunner

from tests.intake.factories import (
    PLACES,
    id_of,
    make_keys,
    make_place,
    make_submission,
    make_who,
    path_of,
)

COMMUNITY = "HZ1-1"
WHY = {"words": "经核实。"}
AT = "2026-11-23T09:00:00+08:00"
KEYS = make_keys()
CITY_URL = "https://city.example"
OFFICE = Office(KEYS.service, KEYS.transport, ZoneInfo("Asia/Shanghai"), f"{CITY_URL}/progress", f"{CITY_URL}/ratings")


@dataclass
class City:
    """Four real databases, a bus between them, and whoever works there."""

    urls: dict[str, str]
    connections: dict[str, Connection]
    clock: DrivenClock
    posts: dict[str, PostChangedV1] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    sewage: list[Receipt] = field(default_factory=list)

    def uow(self, service: str, role: str, *, person: Person | None = None, scope: Scope | None = None) -> Any:
        connection = servers.as_superuser(self.connections[service])
        return servers.unit_of_work(connection, service, role=role, person=person, scope=scope, now=self.clock.now())

    def holder(self, code: str) -> Person:
        post = self.posts[code]
        held = Post(post.post_id, post.duty.value, post.title, post.place_id, post.path)
        return Person(post.holders[0].subject, frozenset(), (held,))

    def deliver(self, bus: FakeBus) -> None:
        """All events to all consumers, then all that is due to its reader."""
        for connection in self.connections.values():
            servers.as_superuser(connection)
        asyncio.run(bus.deliver())
        for connection in self.connections.values():
            connection.commit()
        asyncio.run(self.send())

    async def send(self) -> None:
        database = Database(self.urls["notify"], role="notify_clock", clock=self.clock)
        try:
            sender = Sender(database, OFFICE, {Means.SANDBOX: Sandbox(database, KEYS.service)})
            while await tell_households(database) or await sender.send_due():
                pass
        finally:
            await database.close()

    def file(self, station: Station, *, means: Means = Means.SANDBOX, **overrides: Any) -> Receipt:
        uow = self.uow("intake", "api", person=self.holder("window"))
        who = make_who(address=f"sandbox:{len(self.receipts)}", means=means)
        given = make_submission(who=who, **overrides)
        if given.repeat_of:
            receipt = receiving.receive_repeat(uow, given, station=station, client="203.0.113.1")
        else:
            receipt = receiving.receive_appeal(uow, given, station=station)
        assert isinstance(receipt, Receipt)
        uow.flush()
        self.receipts.append(receipt)
        return receipt

    def case_of(self, appeal: Receipt) -> UUID:
        connection = servers.as_superuser(self.connections["routing"])
        query = text("select case_id from case_appeal where appeal_id = :id")
        found: UUID = connection.execute(query, {"id": appeal.appeal_id}).scalar_one()
        return found

    def step(self, appeal: Receipt, step: Callable[..., Any], code: str, **arguments: Any) -> None:
        connection = servers.as_superuser(self.connections["routing"])
        row = connection.execute(
            text("select c.case_id, c.version from cases c join case_appeal using (case_id) where appeal_id = :id"),
            {"id": appeal.appeal_id},
        ).one()
        uow = self.uow("routing", "api", person=self.holder(code))
        step(uow, row.case_id, version=row.version, **arguments)
        uow.flush()


async def tell_households(database: Database) -> int:
    return await database.run_everywhere(lambda uow: tellings.tell_next(uow, OFFICE))


def make_post(code: str, duty: Duty, place: str = COMMUNITY) -> PostChangedV1:
    holder = Holding(
        subject=f"holder.of.{code}", name="某人", contact_id=uuid4(), since=datetime.now(UTC) - timedelta(days=90)
    )
    return PostChangedV1(
        version=1,
        post_id=uuid4(),
        code=code,
        title=code,
        duty=duty,
        place_id=id_of(place),
        path=path_of(place),
        holders=[holder],
    )


@pytest.fixture(scope="module")
def city(postgres_server: Postgres, template_of: Callable[[str], str]) -> Iterator[City]:
    """Cases that ended each in their own way: closed, withdrawn, missed, just assigned, waiting for a dispatcher."""
    names = {service: f"{service}_{uuid4().hex[:12]}" for service in SERVICES}
    for service, name in names.items():
        postgres_server.lay_database(service, name=name, template=template_of(service))
    urls = {service: postgres_server.url(name) for service, name in names.items()}
    engines = {
        service: create_engine(postgres_server.url(name, SUPERUSER, driver="postgresql+psycopg"), poolclass=NullPool)
        for service, name in names.items()
    }
    connections = {service: engine.connect() for service, engine in engines.items()}
    try:
        city = City(urls, connections, DrivenClock(datetime.now(UTC) - timedelta(hours=2)))
        live(city)
        yield city
    finally:
        for connection in connections.values():
            connection.close()
        for name in names.values():
            postgres_server.drop_database(name)


def live(city: City) -> None:
    bus = FakeBus(clock=city.clock)
    bus.attach("grid", city.connections["grid"])
    bus.attach("intake", city.connections["intake"], intake.consumers.HANDLERS)
    bus.attach("routing", city.connections["routing"], routing.consumers.HANDLERS)
    bus.attach("notify", city.connections["notify"], notify.consumers.handlers(OFFICE))
    lay_network(city)
    city.deliver(bus)
    station = Station(KEYS)
    copying = city.uow("intake", "consumer", scope=EVERYWHERE)
    station.refresh(copying)
    closed, withdrawn, missed, pressed = (city.file(station) for _ in range(4))
    city.file(station, title="停水", words="停水三天了。")
    city.deliver(bus)
    city.step(closed, steps.start_case, "window")
    join(city, closed, withdrawn)
    city.step(closed, steps.answer_case, "window", outcome=Outcome.SOLVED, answer="水管已换好。")
    city.step(closed, steps.hand_over_case, "window", means=HandoverMeans.COLLECTED)
    city.step(closed, steps.close_case, "window")
    uow = city.uow("intake", "api", person=city.holder("dispatcher"))
    amending.withdraw_appeal(uow, withdrawn.appeal_id, version=1, reason=WithdrawalReason.SETTLED, station=station)
    amending.correct_appeal(uow, pressed.appeal_id, version=1, words="补充：夜里也漏。", station=station)
    uow.flush()
    miss(city, missed)
    press(city, pressed)
    report_back(city, station, bus)
    exchange(city, station, bus)
    bring(city, station, bus)
    leave(city, station, bus)
    dispatch(city, station, bus)
    incident(city, station, bus)
    hand_over(city, station, bus)
    share(city, station, bus)
    check(city, station, bus)
    city.deliver(bus)
    ask(city, station, bus)
    count_again(city, station, bus)


def count_again(city: City, station: Station, bus: FakeBus) -> None:
    """By the calendar before, one fell due a week too late, and one was missed that is not."""
    late = city.file(station)
    city.deliver(bus)
    connection = servers.as_superuser(city.connections["routing"])
    for table, column in (("deadline", "due_at"), ("cases", "promise_due")):
        of_it = "case_id = (select case_id from case_appeal where appeal_id = :appeal)"
        later = text(f"update {table} set {column} = {column} + interval '7 days' where {of_it}")
        connection.execute(later, {"appeal": late.appeal_id})
    notice = Notice(2014, Status.OFFICIAL, [NoticeRow(2, "2014-01-08", "off")], own=True)
    one, other = (Person(f"operator.{n}", frozenset({OPERATOR})) for n in (1, 2))
    drafted = calendars.draft_calendar(city.uow("routing", "api", person=one), notice)
    calendars.activate_calendar(city.uow("routing", "api", person=other), drafted.version.version)
    clock = city.uow("routing", "clock", scope=EVERYWHERE)
    while recounting.sweep_calendar(clock):
        pass
    clock.flush()
    city.deliver(bus)


def ask(city: City, station: Station, bus: FakeBus) -> None:
    """One says by the link that it is not solved, one who reads no messages says it to a caller."""
    linked, called = city.file(station), city.file(station, means=Means.NONE)
    city.deliver(bus)
    for receipt in (linked, called):
        city.step(receipt, steps.answer_case, "window", outcome=Outcome.SOLVED, answer="已修好。")
    city.deliver(bus)
    ticket = make_ticket(KEYS.transport, PURPOSE, subject_of(linked.appeal_id, 1))
    uow = city.uow("intake", "api", scope=NOWHERE)
    rating.rate_answer(uow, ticket, Said(solved=False, rating=1), station=station)
    uow.flush()
    city.step(called, call_back_resident, "dispatcher", words="仍未修好", solved=False)
    city.deliver(bus)


def check(city: City, station: Station, bus: FakeBus) -> None:
    """One answer is sent back before it is approved, and its case, which is sealed, opened to a supervisor for a while;
    one is corrected, and what it says not found so on site.
    """
    reviewed = city.file(station, category="stability.discipline")
    looked_at = city.file(station, category="municipal.emergency", urgent=True)
    city.deliver(bus)
    said: dict[str, Any] = {"outcome": Outcome.SOLVED, "evidence": "照片 2026-1123"}
    for approved in (False, True):
        city.step(reviewed, steps.answer_case, "dispatcher", answer="已核实。", **said)
        city.step(reviewed, answering.review_answer, "city_dispatcher", approved=approved, **WHY)
    city.step(reviewed, sealing.grant_case, "dispatcher", post_id=city.posts["supervisor"].post_id, **WHY)
    city.step(reviewed, _shut, "dispatcher")
    for answer in ("已抢修。", "更正：今晚抢修完毕。"):
        city.step(looked_at, steps.answer_case, "dispatcher", answer=answer, **said)
    city.step(looked_at, answering.verify_case, "city_dispatcher", passed=False, **WHY)
    city.step(looked_at, steps.answer_case, "dispatcher", answer="已抢修完毕。", **said)
    city.step(looked_at, answering.verify_case, "city_dispatcher", passed=True, **WHY)
    city.step(looked_at, excluding.ask_exclusion, "dispatcher", rate=Rate.ON_TIME, **WHY)
    city.step(looked_at, excluding.review_exclusion, "city_dispatcher", granted=True, **WHY)


def _shut(uow: UnitOfWork, case_id: UUID, *, version: int) -> None:
    (grant,) = sealing.list_grants(uow, case_id)
    sealing.revoke_grant(uow, case_id, grant.grant_id, version=version)


def dispatch(city: City, station: Station, bus: FakeBus) -> None:
    """One is given more time, one declined, one sorted anew and given to somebody else, one due sooner by that."""
    extended, declined, re_sorted = (city.file(station) for _ in range(3))
    sooner = city.file(station, category="municipal.water")
    city.deliver(bus)
    more: dict[str, Any] = {"ask": Ask.EXTENSION, "reason": "materials", "days": 2, **WHY}
    city.step(extended, asking.ask_dispatcher, "window", **more)
    city.step(extended, asking.rule_on_case, "dispatcher", granted=True, **WHY)
    city.step(declined, asking.ask_dispatcher, "window", ask=Ask.DECLINE, reason="in_court", **WHY)
    city.step(declined, asking.rule_on_case, "dispatcher", granted=True, **WHY)
    city.step(re_sorted, dispatching.re_sort_case, "dispatcher", category="municipal.water", **WHY)
    city.step(sooner, dispatching.re_sort_case, "dispatcher", category="legal.aid", **WHY)
    wait(city, station, bus)
    for work in (
        Work(RecordKind.INTERIM_WORD, words="配件已订购。"),
        Work(RecordKind.PAPERS_MISSING, papers=("户口簿",)),
    ):
        city.step(extended, _record, "window", work=work)


def report_back(city: City, station: Station, bus: FakeBus) -> None:
    """Assigned from above, and what was reported on it rejected, then accepted."""
    due = city.clock.now() + timedelta(days=2)
    assigned = city.file(
        *(station,),
        channel=Channel.ASSIGNED,
        assignment=Assignment("市12345热线", "GD17", due, report_owed=True),
    )
    city.deliver(bus)
    for accepted in (False, True):
        city.step(assigned, steps.answer_case, "window", outcome=Outcome.SOLVED, answer="水管已换好。")
        city.step(assigned, reporting_back.report_back, "window", words="已换好。")
        more = {"due_at": None if accepted else due}
        city.step(assigned, reporting_back.enter_review, "dispatcher", accepted=accepted, words="来文", **more)


def join(city: City, receipt: Receipt, other: Receipt) -> None:
    """One helper does its part, one is released, one has an interest in it; the case is linked with another, and parted
    from it.
    """
    for code, by in (("dispatcher", "window"), ("city_dispatcher", "dispatcher"), ("supervisor", "dispatcher")):
        called = {"to": city.posts[code].post_id, "due_at": city.clock.now() + timedelta(minutes=1), **WHY}
        city.step(receipt, helping.call_in_helper, by, **called)
    city.step(receipt, _end_part, "dispatcher", of="dispatcher", end=helping.report_part, city=city)
    city.step(receipt, _end_part, "window", of="city_dispatcher", end=helping.release_helper, city=city)
    city.step(receipt, recusing.recuse, "supervisor", **WHY)
    city.step(receipt, _link, "dispatcher", other=other)
    city.step(receipt, _unlink, "dispatcher")


def _end_part(uow: UnitOfWork, case_id: UUID, *, version: int, of: str, end: Callable[..., Any], city: City) -> None:
    helper = next(h for h in joint.list_of_case(uow, case_id) if h.post_id == city.posts[of].post_id)
    end(uow, case_id, helper.helper_id, version=version, **WHY)


def _link(uow: UnitOfWork, case_id: UUID, *, version: int, other: Receipt) -> None:
    found = uow.execute(
        text(
            "select number from cases c where exists (select from case_appeal a"
            " where a.case_id = c.case_id and a.appeal_id = :id)"
        ),
        {"id": other.appeal_id},
    )
    linking.link_cases(uow, case_id, version=version, number=found.scalar_one(), kind=LinkKind.SAME_CAUSE, **WHY)


def _unlink(uow: UnitOfWork, case_id: UUID, *, version: int) -> None:
    (seen,) = links.list_of_case(uow, case_id)
    linking.unlink_cases(uow, case_id, seen.link.link_id, version=version, **WHY)


def exchange(city: City, station: Station, bus: FakeBus) -> None:
    """Handed to the city hotline, which replies."""
    handed = city.file(station)
    city.deliver(bus)
    city.step(handed, hotline.hand_to_hotline, "dispatcher", words="请协调。")
    connection = servers.as_superuser(city.connections["routing"])
    number = connection.execute(text("select number from cases where at_hotline")).scalar_one()
    uow = city.uow("routing", "api", person=city.holder("city_dispatcher"))
    reply = ReplyRow(2, 1, "RX17", number, "已办结", "已协调。", "2026-11-23", city.clock.now())
    assert hotline.take_replies(uow, [reply], file="replies.csv").recorded == 1
    uow.flush()


def bring(city: City, station: Station, bus: FakeBus) -> None:
    """A legal matter is handed over to a centre, which reports; then whoever holds it has an interest in it."""
    legal = city.file(station, category="legal.aid")
    city.deliver(bus)
    to = city.posts["city_dispatcher"].post_id
    city.step(legal, accompanying.accompany, "dispatcher", to=to, with_whom="社区干部", **WHY)
    city.step(legal, accompanying.enter_centre_report, "dispatcher", final=True, **WHY)
    city.step(legal, recusing.recuse, "dispatcher", **WHY)


def leave(city: City, station: Station, bus: FakeBus) -> None:
    """A post is left with all that lies with it, and filled again; what was ordered on one case ends with that."""
    given_up = city.file(station)
    city.deliver(bus)
    due = city.clock.now() + timedelta(days=3)
    city.step(given_up, pressing.order_report, "supervisor", words="请速办", due_at=due)
    uow = city.uow("intake", "api", person=city.holder("dispatcher"))
    amending.withdraw_appeal(uow, given_up.appeal_id, version=1, reason=WithdrawalReason.SETTLED, station=station)
    uow.flush()
    for version, holders in ((2, []), (3, city.posts["window"].holders)):
        changed = city.uow("grid", "api", scope=EVERYWHERE)
        changed.publish(city.posts["window"].model_copy(update={"version": version, "holders": holders}))
        changed.flush()
        city.deliver(bus)
        clock = city.uow("routing", "clock", scope=EVERYWHERE)
        assert vacancies.sweep_vacancies(clock) > 0
        clock.flush()


def wait(city: City, station: Station, bus: FakeBus) -> None:
    """One is suspended and goes on early, by a dispatcher; then planned, by its holder; and anew, by the dispatcher."""
    waiting = city.file(station, category="municipal.water")
    city.deliver(bus)
    today = city.clock.now().date()
    until: dict[str, Any] = {"ask": Ask.SUSPENSION, "reason": "testing", "until": today + timedelta(days=9), **WHY}
    city.step(waiting, asking.ask_dispatcher, "dispatcher", **until)
    city.step(waiting, asking.rule_on_case, "city_dispatcher", granted=True, **WHY)
    city.step(waiting, suspending.resume_case, "city_dispatcher", **WHY)
    plan, put_off = (Plan(today + timedelta(days=days), "列入计划。") for days in (99, 100))
    city.step(waiting, planning.plan_case, "dispatcher", plan=plan)
    city.step(waiting, planning.re_plan_case, "city_dispatcher", plan=put_off)


SEWAGE: dict[str, Any] = {"title": "污水外溢", "words": "一楼污水外溢，整栋楼都是臭味。", "place": "HZ1-1-1-1"}


def share(city: City, station: Station, bus: FakeBus) -> None:
    """Sewage floods a building: three households say so, each in their own way, and one of them says it again. They
    become one case; what one of them speaks of turns out to be another matter.
    """
    channels = (Channel.HOTLINE, Channel.WINDOW, Channel.LETTERBOX)
    first, second, third = [city.file(station, channel=channel, **SEWAGE) for channel in channels]
    city.deliver(bus)
    for other in (second, third):
        city.step(other, merging.merge_case, "dispatcher", into=str(city.case_of(first)), words="同一处管道")
    city.deliver(bus)
    again = city.file(station, channel=Channel.HOTLINE, repeat_of=first.query_code, **SEWAGE)
    city.deliver(bus)
    city.step(first, splitting.split_case, "dispatcher", appeal_ids=[third.appeal_id], words="另一处")
    city.sewage = [first, second, third, again]


def _record(uow: UnitOfWork, case_id: UUID, *, version: int, work: Work) -> None:
    """Whichever version it is at is taken."""
    del version
    recording.record_work(uow, case_id, work)


def hand_over(city: City, station: Station, bus: FakeBus) -> None:
    """To a centre that has a post, which reports on it; then whoever held it has an interest in it."""
    legal = city.file(station, category="legal.aid")
    city.deliver(bus)
    centre = {"to": city.posts["supervisor"].post_id, "centre": None, "with_whom": "社区干部"}
    city.step(legal, accompanying.accompany, "dispatcher", **centre, words="已移交。")
    city.step(legal, accompanying.enter_centre_report, "dispatcher", words="已办。", final=True)
    city.step(legal, recusing.recuse, "dispatcher", words="应回避。")


BUILDING = "HZ1-1-1-1"


def incident(city: City, station: Station, bus: FakeBus) -> None:
    """A building of two households, one of which no message reaches, is told, and told how it went on."""
    flooded = city.file(station)
    settle_in(city)
    city.deliver(bus)
    city.step(flooded, incidents.name_affected, "dispatcher", place_ids=[id_of(BUILDING)], words="污水倒灌，正在抢修。")
    city.step(flooded, incidents.tell_affected, "window", words="管道已更换。")


def settle_in(city: City) -> None:
    """Who has lived there for days, in grid's own books, and said by grid."""
    connection = servers.as_superuser(city.connections["grid"])
    place: dict[str, Any] = {"id": id_of(BUILDING), "code": BUILDING, "path": path_of(BUILDING)}
    connection.execute(
        text(
            "insert into place (id, version, code, name, tier, path, depth, state)"
            " values (:id, 1, :code, :code, 'building', :path, 5, 'active')"
        ),
        place,
    )
    uow = city.uow("grid", "api", scope=EVERYWHERE)
    keys = GridKeys(KEYS.service, KEYS.transport)
    homes = [
        Household(new_id(uow.now - timedelta(days=9)), f"{BUILDING}/{room}", place["id"], place["path"], room)
        for room in ("101", "102")
    ]
    reach = Reach(name="何秀珍", means=Means.SANDBOX, address="sandbox:home")
    rows = households.new_ones(zip(homes, (reach, None), strict=True))
    register.insert_households(uow, households.say(uow, rows, keys=keys))
    uow.flush()


def lay_network(city: City) -> None:
    uow = city.uow("grid", "api", scope=EVERYWHERE)
    for code, *_ in PLACES:
        uow.publish(make_place(code))
    for code, duty, place in (
        ("dispatcher", Duty.DISPATCHER, COMMUNITY),
        ("window", Duty.WINDOW_CLERK, COMMUNITY),
        ("supervisor", Duty.SUPERVISOR, "HZ1"),
        ("city_dispatcher", Duty.DISPATCHER, "HZ"),
    ):
        city.posts[code] = make_post(code, duty, place)
        uow.publish(city.posts[code])
    uow.flush()


def miss(city: City, receipt: Receipt) -> None:
    """The promise of one case is warned of and missed, and its superior lets it pass."""
    ago = city.clock.now() - timedelta(hours=1)
    warned = json.dumps([{"share": 80, "at": ago.isoformat()}])
    for change in (
        "update deadline set warn_at = :ago, warnings = cast(:warned as jsonb)",
        "update deadline set due_at = :ago",
        "update supervision set due_at = :ago",
    ):
        connection = servers.as_superuser(city.connections["routing"])
        of_its_case = "where case_id = (select case_id from case_appeal where appeal_id = :appeal)"
        facts = {"ago": ago, "appeal": receipt.appeal_id, **({"warned": warned} if ":warned" in change else {})}
        connection.execute(text(f"{change} {of_its_case}"), facts)
        uow = city.uow("routing", "clock", scope=EVERYWHERE)
        assert sweeping.sweep_due(uow) == 1
        uow.flush()


def press(city: City, receipt: Receipt) -> None:
    """Nudged, ordered, instructed; what was ordered is reported on."""
    city.step(receipt, pressing.nudge_case, "dispatcher", words="居民再次来电")
    due = city.clock.now() + timedelta(days=3)
    city.step(receipt, pressing.order_report, "supervisor", words="请速办", due_at=due)
    city.step(receipt, pressing.enter_instruction, "supervisor", words="抓紧", leader="区长")
    city.step(receipt, _report_on_the_order, "window")


def _report_on_the_order(uow: UnitOfWork, case_id: UUID, *, version: int) -> None:
    ordered = next(each for each in pressings.list_of_case(uow, case_id) if each.kind is PressingKind.ORDER)
    pressing.report_on_pressing(uow, ordered.pressing_id, version=version, words="已派人检修")


@pytest.fixture
def record(city: City, tmp_path: Path) -> Path:
    """The importer's own record of what was acknowledged."""
    path = tmp_path / "forum.jsonl"
    lines = [
        {
            "external_id": str(n),
            "appeal_id": str(receipt.appeal_id),
            "number": receipt.number,
            "at": "2026-11-23T09:00:00+08:00",
        }
        for n, receipt in enumerate(city.receipts)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def audited(city: City, record: Path, *, grace: timedelta = timedelta(0)) -> Audit:
    async def run() -> Audit:
        books = Books(city.urls)
        try:
            return await audit_books(books, [record], wait=0, grace=grace, tell=lambda _: None)
        finally:
            await books.close()

    return asyncio.run(run())


def found(audit: Audit) -> set[str]:
    return {finding.kind for finding in audit.findings}


def test_what_went_through_balances_and_every_step_and_template_was_seen(city: City, record: Path) -> None:
    audit = audited(city, record)
    check_counts(audit, steps=STEPS, templates=TEMPLATES)
    assert audit.findings == []
    assert audit.flow == {"acknowledged": 25, "in intake": 25, "in a case": 25, "with a promise": 24}
    assert audit.owed == audit.made
    assert audit.logged.total() > 0


def test_several_households_report_the_same_sewage_by_different_channels_and_each_is_told(city: City) -> None:
    first, second, third, again = city.sewage
    assert city.case_of(first) == city.case_of(second) == city.case_of(again) != city.case_of(third)
    notify = servers.as_superuser(city.connections["notify"])
    query = text("select template from message where appeal_id = :id and state = 'sent' order by template")
    told = {each.number: list(notify.execute(query, {"id": each.appeal_id}).scalars()) for each in city.sewage}
    assert told == {
        first.number: ["case_accepted"],
        second.number: ["case_accepted", "case_joined"],
        third.number: ["case_accepted", "case_joined", "case_split_off"],
        again.number: ["case_joined"],
    }
    promised = set()
    for each in city.sewage:
        uow = city.uow("intake", "api", scope=NOWHERE)
        found = reading.find_progress(uow, each.query_code or "", client="203.0.113.1", station=Station(KEYS))
        assert isinstance(found, Progress)
        assert found.standing is Standing.ASSIGNED
        promised.add((found.due, found.talk_to))
    assert len(promised) == 1, "all are promised the same, by the same"


@contextmanager
def tampered(city: City, service: str, *statements: str) -> Iterator[None]:
    """Change committed rows behind everybody's back, and put them back as they were."""
    connection = servers.as_superuser(city.connections[service])
    tables = sorted(
        {word for statement in statements for word in statement.replace("(", " ").split() if word in TABLES}
    )
    connection.execute(text("set session_replication_role = replica"))
    for table in tables:
        connection.execute(text(f"create temp table kept_{table} as select * from {table}"))
    try:
        changed = [connection.execute(text(statement)).rowcount for statement in statements]
        assert all(changed), "the tampering hit nothing"
        connection.commit()
        yield
    finally:
        connection.rollback()
        for table in tables:
            columns = ", ".join(f'"{c}"' for c in columns_of(connection, table))
            connection.execute(text(f"delete from {table}"))
            connection.execute(
                text(f"insert into {table} ({columns}) overriding system value select {columns} from kept_{table}")
            )
            connection.execute(text(f"drop table kept_{table}"))
        connection.commit()


def columns_of(connection: Connection, table: str) -> list[str]:
    query = "select column_name from information_schema.columns where table_name = :t and table_schema = 'public'"
    return list(connection.execute(text(query), {"t": table}).scalars())


TABLES = {
    *("appeal", "progress", "cases", "case_appeal", "case_entry", "deadline", "message", "sandbox_message"),
    *("inbox_item", "inbox", "event_log", "dead_letter", "parked", "event_pending"),
    *("telling", "telling_household", "figure_increment", "figure_kept", "figure_above"),
}


def one_of(table: str, key: str, where: str = "true") -> str:
    return f"delete from {table} where {key} = (select {key} from {table} where {where} order by {key} limit 1)"


ONE_ROW_LESS = [
    ("intake", one_of("appeal", "id"), "appeal_lost"),
    ("intake", one_of("progress", "appeal_id"), "progress_missing"),
    ("routing", one_of("cases", "case_id", "closed_reason is distinct from 'merged'"), "appeal_in_no_case"),
    ("routing", one_of("case_appeal", "appeal_id"), "appeal_in_no_case"),
    ("routing", one_of("case_entry", "hash", "step = 'opened'"), "history_broken"),
    ("routing", one_of("case_entry", "hash", "step = 'accepted'"), "history_broken"),
    ("routing", one_of("case_entry", "hash", "step = 'closed'"), "history_broken"),
    ("routing", one_of("deadline", "deadline_id", "kind = 'promise'"), "promise_missing"),
    ("notify", one_of("message", "message_id", "template = 'case_accepted'"), "notice_missing"),
    ("notify", one_of("message", "message_id", "template = 'deadline_missed_superior'"), "notice_missing"),
    ("notify", one_of("inbox_item", "item_id"), "inbox_item_missing"),
    ("notify", one_of("sandbox_message", "sandbox_id"), "delivery_missing"),
    ("notify", one_of("telling_household", "household_id"), "household_untold"),
    ("notify", one_of("message", "message_id", "template = 'incident_household'"), "notice_missing"),
    ("routing", one_of("case_entry", "hash", "step = 'affected_told'"), "telling_of_no_step"),
    ("routing", one_of("inbox", "event_id"), "event_not_taken"),
    ("notify", one_of("inbox", "event_id"), "event_not_taken"),
]


@pytest.mark.parametrize("service, statement, kind", ONE_ROW_LESS, ids=lambda value: value if " " not in value else "")
def test_one_row_less_is_named(city: City, record: Path, service: str, statement: str, kind: str) -> None:
    with tampered(city, service, statement):
        audit = audited(city, record)
    assert kind in found(audit)
    assert audited(city, record).findings == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_notice_of_each_template_that_is_gone_is_named_with_its_reader(
    city: City, record: Path, template: str
) -> None:
    with tampered(city, "notify", one_of("message", "message_id", f"template = '{template}'")):
        missing = [f for f in audited(city, record).findings if f.kind == "notice_missing"]
    assert len(missing) == 1
    assert missing[0].detail.startswith(f"{template} to ")


TAMPERED = [
    (
        "notify",
        (
            "insert into message select (jsonb_populate_record(m, jsonb_build_object('message_id', gen_random_uuid(),"
            " 'template', 'case_answered', 'case_version', 99))).* from message m"
            " where template = 'case_accepted' limit 1"
        ),
        "notice_not_owed",
    ),
    (
        "notify",
        (
            "insert into sandbox_message select gen_random_uuid(), idempotency_key || '.1', message_id, address, text,"
            " received_at from sandbox_message limit 1"
        ),
        "delivered_twice",
    ),
    (
        "notify",
        (
            "insert into sandbox_message select gen_random_uuid(), 'x', gen_random_uuid(), null, null,"
            " received_at from sandbox_message limit 1"
        ),
        "delivery_unknown",
    ),
    ("notify", "update telling_household set way = null, message_id = null", "household_waits"),
    ("notify", "update telling_household set message_id = null where way = 'visit'", "nobody_sent"),
    ("notify", "update message set state = 'failed' where template = 'case_answered'", "notice_failed"),
    ("notify", "update message set state = 'unknown' where template = 'case_answered'", "notice_unknown"),
    (
        "notify",
        "update message set state = 'queued', due_at = now() where template = 'case_answered'",
        "notice_stuck",
    ),
    ("routing", "update case_entry set words = 'nobody said this' where words is not null", "history_broken"),
    ("routing", "delete from figure_increment where figure = 'answered'", "figure_differs"),
    (
        "routing",
        (
            "insert into figure_above (place_id, dimension, value, grain, first, path, received)"
            " values (gen_random_uuid(), 'all', '', 'month', '2026-10-01', '/', 1)"
        ),
        "figure_differs",
    ),
    (
        "routing",
        (
            "insert into figure_kept (place_id, dimension, value, grain, first, path)"
            " select place_id, 'all', '', 'month', '2026-10-01', '/elsewhere/' from place_copy where depth > 1 limit 1"
        ),
        "figure_astray",
    ),
    ("routing", "update figure_increment set day = day - 1 where figure = 'received'", "figure_differs"),
    ("routing", "update case_entry set \"by\" = 'somebody.else' where step = 'closed'", "history_broken"),
    (
        "routing",
        (
            "update case_appeal set person_id = gen_random_uuid() where appeal_id ="
            " (select appeal_id from case_appeal limit 1)"
        ),
        "party_differs",
    ),
    (
        "routing",
        "insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from event_log limit 1",
        "event_unsent",
    ),
    (
        "intake",
        (
            'insert into dead_letter (id, consumer, topic, partition, "offset", headers, reason, detail, attempts,'
            " blocks, died_at) values (gen_random_uuid(), 'intake', 'routing.case.v1', 0, 1, '{}', 'undecodable', '',"
            " 1, false, now() - interval '1 hour')"
        ),
        "dead_letter",
    ),
]


@pytest.mark.parametrize("service, statement, kind", TAMPERED, ids=lambda value: value if " " not in value else "")
def test_what_was_tampered_with_is_named(city: City, record: Path, service: str, statement: str, kind: str) -> None:
    with tampered(city, service, statement):
        audit = audited(city, record)
    assert kind in found(audit)


def test_a_message_told_twice_is_named_even_where_the_database_forgot_that_it_is_once(city: City, record: Path) -> None:
    connection = servers.as_superuser(city.connections["notify"])
    connection.execute(text("alter table message drop constraint uq_message_once"))
    twice = (
        "insert into message select (jsonb_populate_record(m, jsonb_build_object('message_id', gen_random_uuid()))).*"
        " from message m where template = 'case_answered' limit 1"
    )
    with tampered(city, "notify", twice):
        kinds = found(audited(city, record))
    connection.execute(
        text("alter table message add constraint uq_message_once unique (case_id, case_version, recipient, template)")
    )
    connection.commit()
    assert "notice_twice" in kinds


def test_an_appeal_that_was_acknowledged_and_never_stored_is_named(city: City, record: Path) -> None:
    lost = {"external_id": "lost", "appeal_id": str(UUID(int=99)), "number": "A1", "at": AT}
    record.write_text(record.read_text() + json.dumps(lost) + "\n")
    (finding,) = audited(city, record).findings
    assert (finding.kind, finding.ids) == ("appeal_lost", str(UUID(int=99)))
    assert "lost" in finding.detail


def test_one_external_id_taken_as_two_appeals_is_named(city: City, record: Path) -> None:
    first, second = (json.loads(line) for line in record.read_text().splitlines()[:2])
    record.write_text(record.read_text() + json.dumps({**second, "external_id": first["external_id"]}) + "\n")
    assert found(audited(city, record)) == {"appeal_taken_twice"}


def test_a_line_that_a_kill_cut_short_is_passed_over(city: City, record: Path) -> None:
    record.write_text(record.read_text() + '{"external_id": "9", "appea')
    assert audited(city, record).findings == []


def test_what_happened_after_the_watermark_is_set_aside(city: City, record: Path) -> None:
    """Everything here is younger than a day: nothing can be missing yet."""
    with tampered(city, "notify", one_of("message", "message_id")):
        audit = audited(city, record, grace=timedelta(days=1))
    assert audit.findings == []
    assert audit.set_aside["cases"] == 25


def test_papers_that_are_missing_are_owed_to_whose_they_are_alone() -> None:
    history = [
        SimpleNamespace(step="opened", facts={"appeals": ["A1"]}),
        SimpleNamespace(step="joined", facts={"appeals": ["A2"]}),
        SimpleNamespace(step="recorded", facts={"record": "papers_missing", "appeals": ["A2"]}),
        SimpleNamespace(step="recorded", facts={"record": "interim_word"}),
    ]
    assert [whom for _, whom in concerned(history)] == [{"A1"}, {"A2"}, {"A2"}, {"A1", "A2"}]


def test_an_audit_of_nothing_proves_nothing() -> None:
    audit = Audit()
    check_counts(audit, steps=["opened"], templates=["case_accepted"])
    assert {finding.ids for finding in audit.findings} == {
        *("acknowledged", "in intake", "in a case", "with a promise"),
        *("step opened", "template case_accepted"),
    }
    assert all(finding.detail for finding in audit.findings)


def run_cli(city: City, record: Path | None, *more: str, **environment: str) -> Any:
    environment |= {f"{service.upper()}_DATABASE_URL": url for service, url in city.urls.items()}
    named = ["--import", str(record)] if record else []
    return CliRunner().invoke(app, ["reconcile", *named, "--wait", "0", "--grace", "0", *more], env=environment)


def test_a_city_into_which_nothing_was_imported_is_audited_all_the_same(city: City, tmp_path: Path) -> None:
    result = run_cli(city, None, BAIYANG_HOME=str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "No record of an import" in result.output
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports/forum.jsonl").touch()
    result = run_cli(city, None, BAIYANG_HOME=str(tmp_path))
    assert result.exit_code == 1
    assert "nothing_counted  acknowledged" in result.output


def test_a_city_without_an_appeal_is_sound_unless_every_step_was_to_be_seen(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object, **__: object) -> Audit:
        return Audit()

    monkeypatch.setattr("cli.reconcile.audit_books", nothing)
    result = run_cli(city, None, BAIYANG_HOME=str(tmp_path))
    assert (result.exit_code, "no appeal so far" in result.output) == (0, True)
    assert run_cli(city, None, "--every-step", BAIYANG_HOME=str(tmp_path)).exit_code == 1


def test_the_command_ends_with_0_and_prints_the_counts(city: City, record: Path) -> None:
    result = run_cli(city, record)
    assert result.exit_code == 0, result.output
    assert "0 exceptions" in result.output
    for counted in ("acknowledged", "case_accepted", "deadline_breached", "deadline_missed_superior"):
        assert counted in result.output


def test_the_command_ends_with_1_and_names_the_row_and_the_remedy(city: City, record: Path) -> None:
    with tampered(city, "notify", one_of("sandbox_message", "sandbox_id")):
        result = run_cli(city, record)
    assert result.exit_code == 1
    assert "delivery_missing  message " in result.output
    assert "What to do about delivery_missing" in result.output
    assert "1 exceptions" in result.output


def test_a_record_that_no_importer_wrote_is_refused(city: City, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text("id,number\n1,2\n")
    result = run_cli(city, path)
    assert result.exit_code == 2
    assert "wrong.jsonl line 1" in result.output
