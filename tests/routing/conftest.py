"""A small city in routing's copy of the grid, and the facts that tests are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty, Holding, OpeningHours, PlaceChangedV1, PlaceState, PostChangedV1
from contracts.intake import AppealReceivedV1, Channel, Placing
from kit.auth import Person
from kit.auth import Post as HeldPost
from kit.db import UnitOfWork
from kit.numbers import new_number
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from sqlalchemy import event, text

from tests.conftest import UnitOfWorkOf

WEEKDAYS = [OpeningHours(weekday=day, opens="09:00", closes="17:00") for day in range(5)]


@dataclass
class City:
    """city › district › community › area, with the posts that most tests need; each subject holds one."""

    paths: dict[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    posts: dict[str, PostChangedV1] = field(default_factory=dict)

    def person(self, *codes: str, subject: str | None = None) -> Person:
        """Who holds these posts."""
        posts = [self.posts[code] for code in codes]
        held = tuple(HeldPost(p.post_id, p.duty.value, p.title, p.place_id, p.path, p.office_id) for p in posts)
        return Person(subject or subject_of(codes[0]), frozenset(), held)


def subject_of(code: str) -> str:
    return f"holder.of.{code}"


def make_place(city: City, code: str, tier: str, parent: str | None, **overrides: Any) -> PlaceChangedV1:
    place_id = uuid4()
    path = f"{city.paths[parent] if parent else '/'}{place_id.hex}/"
    city.paths[code], city.ids[code] = path, place_id
    facts = {
        "version": 1,
        "place_id": place_id,
        "code": code,
        "name": code,
        "tier": tier,
        "parent_id": city.ids[parent] if parent else None,
        "path": path,
        "depth": path.count("/") - 1,
        "state": PlaceState.ACTIVE,
        "opening_hours": WEEKDAYS if tier == "community" else [],
    }
    return PlaceChangedV1.model_validate({**facts, **overrides})


def make_post(city: City, code: str, duty: Duty, place: str, *, filled: bool = True, **overrides: Any) -> PostChangedV1:
    holder = Holding(subject=subject_of(code), name=f"某{code}", contact_id=uuid4(), since=NOW - timedelta(days=900))
    facts = {
        "version": 1,
        "post_id": uuid4(),
        "code": code,
        "title": f"post {code}",
        "duty": duty,
        "place_id": city.ids[place],
        "path": city.paths[place],
        "phone": "0000-1234",
        "holders": [holder] if filled else [],
    }
    post = PostChangedV1.model_validate({**facts, **overrides})
    city.posts[code] = post
    return post


PLACES = (
    ("city", "city", None),
    ("district", "district", "city"),
    ("community", "community", "district"),
    ("area", "area", "community"),
    ("other", "community", "district"),
    ("bare", "district", "city"),
)
POSTS = (
    ("dispatcher", Duty.DISPATCHER, "community"),
    ("window", Duty.WINDOW_CLERK, "community"),
    ("agency", Duty.AGENCY, "community"),
    ("municipal", Duty.MUNICIPAL, "community"),
    ("legal", Duty.LEGAL, "community"),
    ("other_dispatcher", Duty.DISPATCHER, "other"),
    ("district_dispatcher", Duty.DISPATCHER, "district"),
    ("district_supervisor", Duty.SUPERVISOR, "district"),
    ("city_dispatcher", Duty.DISPATCHER, "city"),
)


def lay_city(uow: UnitOfWork) -> City:
    city = City()
    copy_places, copy_posts = network.handlers(moved=lambda *_: None)
    copy_places(uow, [make_place(city, *facts) for facts in PLACES], versions=[1] * len(PLACES))
    copy_posts(uow, [make_post(city, *facts) for facts in POSTS], versions=[1] * len(POSTS))
    return city


def put_post(uow: UnitOfWork, post: PostChangedV1, *, version: int = 2) -> None:
    network.copy_posts(uow, [post], versions=[version])


@pytest.fixture
def uow(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing", role="consumer")


@pytest.fixture
def city(uow: UnitOfWork) -> City:
    return lay_city(uow)


MakeAppeal = Callable[..., AppealReceivedV1]


def make_appeal(city: City, place: str | None = "area", **overrides: Any) -> AppealReceivedV1:
    facts: dict[str, Any] = {
        "version": 1,
        "appeal_id": uuid4(),
        "number": new_number("A"),
        "channel": Channel.WEB,
        "received_at": NOW,
        "person_id": uuid4(),
        "asker": uuid4(),
        "gist": "路灯不亮",
        "suggested_category": "municipal.street_lights",
        "placing": Placing.EXACT if place else Placing.NONE,
        "place_id": city.ids[place] if place else None,
        "placed_path": city.paths[place or "city"],
        "taken_path": "/",
        "query_code": "v1.sealed",
    }
    return AppealReceivedV1.model_validate({**facts, **overrides})


def make_person(subject: str) -> Person:
    return Person(subject)


def spoil(uow: UnitOfWork, case_id: UUID) -> None:
    """So that no step of the case can be written any more."""
    uow.execute(text("update cases set tally = '{\"nonsense\": 1}' where case_id = :id"), {"id": case_id})


def mend(uow: UnitOfWork, case_id: UUID) -> None:
    uow.execute(text("update cases set tally = null where case_id = :id"), {"id": case_id})


def set_aside(caplog: pytest.LogCaptureFixture, kind: str = "case") -> list[UUID]:
    """What the clock says that it has set aside."""
    return [UUID(record.__dict__[kind]) for record in caplog.records if record.message == "sweep.set_aside"]


#: Whether another transaction waits for this one.
WAITED_FOR = text("select exists (select from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid)))")


def local(moment: str) -> datetime:
    return datetime.fromisoformat(moment + "+08:00")


def statements_of(uow: RolledBackUnitOfWork, run: Callable[[], object]) -> list[tuple[str, Any]]:
    """What ``run`` sends to the database, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    uow.enter()
    event.listen(uow.connection, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(uow.connection, "before_cursor_execute", note)
    return sent


@pytest.fixture
def as_person(uow_of: UnitOfWorkOf) -> Callable[..., RolledBackUnitOfWork]:
    def as_person(person: Person, **more: Any) -> RolledBackUnitOfWork:
        return uow_of("routing", person=person, **more)

    return as_person


At = Callable[..., RolledBackUnitOfWork]


@pytest.fixture
def at(uow_of: UnitOfWorkOf) -> At:
    """``at(person, now=…)``; nobody: the clock."""

    def at(person: Person | None = None, *, now: datetime = NOW, role: str = "clock") -> RolledBackUnitOfWork:
        return uow_of("routing", role="api" if person else role, person=person, now=now)

    return at
