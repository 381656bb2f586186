"""What is urgent while the station is closed goes to whoever is on duty; and when nobody will be is known ahead."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from contracts.grid import Duty, Holding, PostChangedV1
from contracts.routing import CaseAssignedV1, DeadlineApproachingV1, Queue
from kit.auth import OPERATOR, Claims, Person
from kit.crypto import KeyRing, new_key
from kit.db import UnitOfWork
from kit.paging import Page
from kit.testing.servers import RolledBackUnitOfWork
from kit.testing.tokens import find_person
from network import people
from routing.domain.case import Case
from routing.repository import cases
from routing.service import rosters, steps, sweeping

from tests.routing.conftest import At, City, local, make_post, put_post, subject_of
from tests.routing.test_calendars import make_case, said
from tests.routing.test_hours import bring, closed

PAGE = Page(2, "a list", KeyRing.parse(new_key("k1")))
#: A Tuesday: the station opens from nine to five.
NIGHT, MORNING = local("2026-11-24T22:00"), local("2026-11-25T09:00")
DUSK = local("2026-11-24T17:00")


def turn(subject: str, since: datetime = DUSK, until: datetime = MORNING) -> Holding:
    return Holding(subject=subject, name=f"值班{subject}", contact_id=uuid4(), since=since, until=until)


def employ(uow: UnitOfWork, city: City, subject: str, *, until: datetime | None = None, version: int = 1) -> None:
    """Who has turns holds a post, whichever."""
    mine = Holding(
        subject=subject, name=f"某{subject}", contact_id=uuid4(), since=DUSK - timedelta(days=99), until=until
    )
    post = city.posts.get(f"of.{subject}") or make_post(city, f"of.{subject}", Duty.AREA_CHIEF, "area")
    put_post(uow, post.model_copy(update={"holders": [mine], "version": version}), version=version)


def roster(uow: UnitOfWork, city: City, code: str, *turns: Holding, version: int = 2) -> PostChangedV1:
    for subject in {turn.subject for turn in turns}:
        employ(uow, city, subject)
    post = city.posts[code].model_copy(update={"on_duty": list(turns), "version": version})
    put_post(uow, post, version=version)
    return post


def gas(at: At, city: City, *, now: datetime = NIGHT, **more: object) -> tuple[Case, RolledBackUnitOfWork]:
    """It smells of gas."""
    uow = at(now=now, role="consumer")
    facts = {"suggested_category": "municipal.gas_heating", "urgent": True, "received_at": now, **more}
    return make_case(uow, city, **facts), uow


def handler(uow: RolledBackUnitOfWork) -> tuple[str | None, bool, str]:
    (event,) = said(uow, CaseAssignedV1)
    return event.handler.subject, event.handler.stand_in, event.handler.title


def test_what_is_urgent_at_night_is_told_to_who_is_on_duty_and_stays_with_the_post(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    roster(uow, city, "municipal", turn("wang"))
    case, consumer = gas(at, city)
    assert handler(consumer) == ("wang", True, "post municipal")
    assert case.holder_post_id == city.posts["municipal"].post_id
    (assigned,) = [entry for entry in cases.list_entries(uow, case) if entry.step == "assigned"]
    assert (assigned.facts["holder"], assigned.facts["stand_in"]) == ("wang", True)


@pytest.mark.parametrize(
    "now, more",
    [
        (local("2026-11-24T16:59"), {}),
        (NIGHT, {"urgent": False}),
        (local("2026-11-24T09:00"), {"suggested_category": "municipal.emergency", "urgent": False}),
    ],
)
def test_by_day_and_for_what_is_not_urgent_its_holder_is_told(
    uow: RolledBackUnitOfWork, city: City, at: At, now: datetime, more: dict[str, object]
) -> None:
    roster(uow, city, "municipal", turn("wang", now - timedelta(hours=1)))
    _, consumer = gas(at, city, now=now, **more)
    assert handler(consumer) == (subject_of("municipal"), False, "post municipal")


def test_where_a_post_has_no_roster_its_holder_is_told_at_night_too(city: City, at: At) -> None:
    _, consumer = gas(at, city)
    assert handler(consumer) == (subject_of("municipal"), False, "post municipal")


def test_a_gap_falls_to_the_next_tiers_roster_then_to_the_dispatcher(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    roster(uow, city, "municipal", turn("wang", MORNING, NIGHT + timedelta(days=1)))
    put_post(uow, make_post(city, "district_municipal", Duty.MUNICIPAL, "district"), version=1)
    roster(uow, city, "district_municipal", turn("zhao"))
    case, consumer = gas(at, city)
    assert handler(consumer) == ("zhao", True, "post district_municipal")
    roster(uow, city, "district_municipal", turn("zhao", MORNING, NIGHT + timedelta(days=1)), version=3)
    case, consumer = gas(at, city)
    assert handler(consumer) == (subject_of("district_dispatcher"), False, "post district_dispatcher")
    assert case.queue is not Queue.VACANT


def test_a_holiday_is_as_a_night(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    noon = local("2026-11-26T12:00")
    roster(uow, city, "municipal", turn("wang", local("2026-11-26T00:00"), local("2026-11-27T09:00")))
    assert handler(gas(at, city, now=noon)[1])[0] == subject_of("municipal")
    bring(at, closed("2026-11-26"))
    assert handler(gas(at, city, now=noon)[1])[0] == "wang"


def test_whoever_is_on_duty_acts_in_the_post_while_their_turn_runs(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    roster(uow, city, "municipal", turn("wang"))
    case, _ = gas(at, city)
    found = find_person(people.POSTS, uow.connection, Claims("wang"), NIGHT)
    assert {(post.title, post.stand_in) for post in found.posts} == {("post municipal", True), ("post of.wang", False)}
    started = steps.start_case(at(found, now=NIGHT), case.case_id, version=case.version)
    assert cases.list_entries(uow, started)[-1].by == "wang"
    assert [post.title for post in find_person(people.POSTS, uow.connection, Claims("wang"), MORNING).posts] == [
        "post of.wang"
    ]


def test_the_turn_of_somebody_who_left_falls_to_the_next_tiers_roster(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    """And they may not act in the post, though the roster names them still."""
    roster(uow, city, "municipal", turn("wang"))
    put_post(uow, make_post(city, "district_municipal", Duty.MUNICIPAL, "district"), version=1)
    roster(uow, city, "district_municipal", turn("zhao"))
    employ(uow, city, "wang", until=NIGHT - timedelta(hours=1), version=2)
    _, consumer = gas(at, city)
    assert handler(consumer) == ("zhao", True, "post district_municipal")
    assert find_person(people.POSTS, uow.connection, Claims("wang"), NIGHT).posts == ()


def test_the_turns_of_somebody_who_leaves_are_known_ahead(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    nights = [turn(who, DUSK + timedelta(days=n), MORNING + timedelta(days=n)) for n, who in enumerate(("wang", "li"))]
    roster(uow, city, "municipal", *nights)
    employ(uow, city, "li", until=NIGHT + timedelta(hours=9), version=2)
    (ahead,) = rosters.list_rosters(at(Person("operator", frozenset({OPERATOR})), now=NIGHT), PAGE).items
    assert (ahead.post.left, _written(ahead.gaps)[0]) == (["li"], "25 17:00 to 26 09:00")
    employ(uow, city, "li", version=3)
    (ahead,) = rosters.list_rosters(at(Person("operator", frozenset({OPERATOR})), now=NIGHT), PAGE).items
    assert (ahead.post.left, _written(ahead.gaps)[0]) == ((), "26 17:00 to 27 09:00")


def test_who_is_on_duty_fills_no_vacant_post(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": [], "on_duty": [turn("wang")]}))
    _, consumer = gas(at, city, urgent=False)
    assert handler(consumer)[0] == subject_of("district_dispatcher")


def test_a_warning_at_night_goes_to_who_is_on_duty(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    roster(uow, city, "municipal", turn("wang"))
    gas(at, city, suggested_category="municipal.emergency")
    gas(at, city)
    # Half of twelve hours, four fifths of them, and by day half of twenty-four.
    for hour, told in (("04:00", "wang"), ("07:36", "wang"), ("10:00", subject_of("municipal"))):
        clock = at(now=local(f"2026-11-25T{hour}") + timedelta(seconds=1))
        sweeping.sweep_due(clock)
        (event,) = said(clock, DeadlineApproachingV1)
        assert event.handler.subject == told


def gaps_of(at: At, *, now: datetime = NIGHT) -> list[tuple[str, list[str]]]:
    operator = Person("operator", frozenset({OPERATOR}))
    found: list[tuple[str, list[str]]] = []
    page: Page | None = PAGE
    while page is not None:
        sheet = rosters.list_rosters(at(operator, now=now), page)
        found += [(each.post.code, _written(each.gaps)) for each in sheet.items]
        page = Page(2, "a list", PAGE.ring, sheet.next) if sheet.next else None
    return found


def _written(gaps: Sequence[tuple[datetime, datetime]]) -> list[str]:
    """By the city's clock."""
    return [f"{since:%d %H:%M} to {until:%d %H:%M}" for since, until in gaps]


def test_when_nobody_will_be_on_duty_is_known_ahead(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    """By the calendar: nights, weekends and holidays."""
    whole = turn("wang", DUSK, DUSK + timedelta(days=30))
    for code in ("legal", "agency"):
        roster(uow, city, code, whole)
    nights = [turn("li", DUSK + timedelta(days=day), MORNING + timedelta(days=day)) for day in range(16)]
    weekend = turn("zhao", local("2026-11-28T09:00"), local("2026-11-28T17:00"))
    roster(uow, city, "municipal", *nights, weekend)
    bring(at, closed("2026-12-01", "16:00"))
    assert sorted(gaps_of(at)) == [
        ("agency", []),
        ("legal", []),
        ("municipal", ["29 09:00 to 29 17:00", "01 16:00 to 01 17:00", "05 09:00 to 05 17:00", "06 09:00 to 06 17:00"]),
    ]


def test_a_roster_that_is_over_is_a_gap(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    roster(uow, city, "municipal", turn("wang", DUSK - timedelta(days=9), DUSK - timedelta(days=8)))
    ((code, gaps),) = gaps_of(at)
    assert (code, gaps[:2]) == ("municipal", ["24 22:00 to 25 09:00", "25 17:00 to 26 09:00"])
    _, consumer = gas(at, city)
    assert handler(consumer)[0] == subject_of("district_dispatcher")
