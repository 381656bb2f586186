"""The copy of the grid on real PostgreSQL: applied by version, read as of an instant."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty, Holding, PlaceChangedV1, PlaceState, PostChangedV1
from kit.auth import Claims
from kit.db import UnitOfWork
from kit.testing.servers import NOW
from kit.testing.tokens import find_person
from network import consumers, people, places, posts

from tests.conftest import UnitOfWorkOf

CITY, DISTRICT = uuid4(), uuid4()
CITY_PATH = f"/{CITY.hex}/"
DISTRICT_PATH = f"{CITY_PATH}{DISTRICT.hex}/"


@pytest.fixture
def uow(uow_of: UnitOfWorkOf) -> UnitOfWork:
    return uow_of("routing", role="consumer")


def make_place(**overrides: object) -> PlaceChangedV1:
    facts = {
        "place_id": DISTRICT,
        "code": "test-haizhou",
        "name": "海州",
        "tier": "district",
        "parent_id": CITY,
        "path": DISTRICT_PATH,
        "depth": 2,
        "state": PlaceState.ACTIVE,
        "version": 1,
    }
    return PlaceChangedV1.model_validate({**facts, **overrides})


def make_post(**overrides: object) -> PostChangedV1:
    facts = {
        "post_id": uuid4(),
        "code": "test-dispatcher",
        "title": "派单员",
        "duty": Duty.DISPATCHER,
        "place_id": DISTRICT,
        "path": DISTRICT_PATH,
        "version": 1,
    }
    return PostChangedV1.model_validate({**facts, **overrides})


def make_holding(subject: str, **overrides: object) -> Holding:
    facts = {"subject": subject, "name": "王敏", "contact_id": uuid4(), "since": NOW - timedelta(days=1)}
    return Holding.model_validate({**facts, **overrides})


class Moves:
    def __init__(self) -> None:
        self.seen: list[tuple[UUID, str]] = []
        self._handler = consumers.handlers(moved=lambda _, place_id, path: self.seen.append((place_id, path)))[0]

    def copy_place(self, uow: UnitOfWork, place: PlaceChangedV1, *, version: int) -> None:
        self._handler(uow, [place], versions=[version])

    def copy_places(self, uow: UnitOfWork, *states: tuple[PlaceChangedV1, int]) -> None:
        self._handler(uow, [place for place, _ in states], versions=[version for _, version in states])


def copy_post(uow: UnitOfWork, post: PostChangedV1, *, version: int) -> None:
    consumers.copy_posts(uow, [post], versions=[version])


def test_an_older_state_of_a_place_never_undoes_a_newer(uow: UnitOfWork) -> None:
    copy_place = Moves().copy_place
    copy_place(uow, make_place(name="海州区"), version=7)
    copy_place(uow, make_place(name="海州"), version=6)
    found = places.find_place_by_code(uow, "test-haizhou")
    assert found is not None
    assert found.name == "海州区"


def test_the_same_state_again_heals_a_copy_that_was_damaged(uow: UnitOfWork) -> None:
    copy_place = Moves().copy_place
    copy_place(uow, make_place(), version=7)
    uow.connection.exec_driver_sql("update place_copy set name = 'damaged'")
    copy_place(uow, make_place(), version=7)
    found = places.find_place(uow, DISTRICT)
    assert found is not None
    assert found.name == "海州"


def test_a_place_that_moves_takes_its_rows_along_once(uow: UnitOfWork) -> None:
    moves = Moves()
    moved_path = f"/{uuid4().hex}/{DISTRICT.hex}/"
    moves.copy_place(uow, make_place(), version=1)
    moves.copy_place(uow, make_place(path=moved_path), version=2)
    moves.copy_place(uow, make_place(path=moved_path), version=2)
    moves.copy_place(uow, make_place(), version=1)
    assert moves.seen == [(DISTRICT, moved_path)]


def test_of_a_set_each_place_keeps_its_last_state_and_moves_once(uow: UnitOfWork) -> None:
    moves = Moves()
    city = make_place(place_id=CITY, code="test-city", tier="city", parent_id=None, path=CITY_PATH, depth=1)
    moves.copy_places(uow, (city, 1), (make_place(), 1))
    moved_path = f"/{uuid4().hex}/{DISTRICT.hex}/"
    moved = make_place(path=moved_path, name="海州区")
    moves.copy_places(uow, (make_place(), 2), (city, 1), (moved, 4), (make_place(), 3))
    found = places.find_place(uow, DISTRICT)
    assert found is not None
    assert (found.name, found.path) == ("海州区", moved_path)
    assert moves.seen == [(DISTRICT, moved_path)]


def test_of_a_set_older_posts_are_passed_over_with_their_holders(uow: UnitOfWork) -> None:
    first, second = make_post(holders=[make_holding("li.na")]), make_post(code="test-clerk", duty=Duty.WINDOW_CLERK)
    consumers.copy_posts(uow, [first, second], versions=[5, 5])
    emptied = first.model_copy(update={"holders": []})
    taken = second.model_copy(update={"holders": [make_holding("wang.min")]})
    consumers.copy_posts(uow, [taken, emptied, second], versions=[6, 4, 5])
    assert [seat.subject for seat in posts.list_seats(uow, [DISTRICT_PATH], [Duty.DISPATCHER])] == ["li.na"]
    assert [seat.subject for seat in posts.list_seats(uow, [DISTRICT_PATH], [Duty.WINDOW_CLERK])] == ["wang.min"]


def test_a_person_is_who_they_are_by_the_posts_of_this_instant(uow: UnitOfWork) -> None:
    ended = make_holding("li.na", until=NOW)
    begins = make_holding("li.na", since=NOW + timedelta(seconds=1))
    copy_post(uow, make_post(holders=[ended], stand_ins=[begins]), version=1)
    held = make_post(code="test-clerk", duty=Duty.WINDOW_CLERK, holders=[make_holding("li.na")])
    copy_post(uow, held, version=1)
    person = find_person(people.POSTS, uow.connection, Claims("li.na"), NOW)
    assert [post.post_id for post in person.posts] == [held.post_id]
    assert person.scope.paths == (DISTRICT_PATH,)


def test_who_held_a_post_before_holds_it_no_more(uow: UnitOfWork) -> None:
    post = make_post(holders=[make_holding("li.na")])
    copy_post(uow, post, version=1)
    copy_post(uow, post.model_copy(update={"holders": [make_holding("wang.min")]}), version=2)
    assert [seat.subject for seat in posts.list_seats(uow, [DISTRICT_PATH], [Duty.DISPATCHER])] == ["wang.min"]


def test_a_stand_in_answers_before_the_holder_for_its_term(uow: UnitOfWork) -> None:
    post = make_post(holders=[make_holding("li.na")], stand_ins=[make_holding("wang.min")])
    copy_post(uow, post, version=1)
    seat = posts.find_seat(uow, post.post_id)
    assert seat is not None
    assert (seat.subject, seat.stand_in) == ("wang.min", True)


def test_of_several_windows_the_first_by_code_answers_and_each_next_where_those_before_are_vacant(
    uow: UnitOfWork,
) -> None:
    for number in (3, 1, 2):
        held = [make_holding(f"clerk.{number}")] if number > 1 else []
        post = make_post(
            post_id=UUID(int=10 - number), code=f"test-window-{number}", duty=Duty.WINDOW_CLERK, holders=held
        )
        copy_post(uow, post, version=1)
    seats = posts.list_seats(uow, [DISTRICT_PATH], [Duty.WINDOW_CLERK])
    chosen = posts.choose(seats, Duty.WINDOW_CLERK)
    assert chosen is not None
    assert (chosen.code, chosen.subject) == ("test-window-2", "clerk.2")


def test_a_retired_post_answers_for_nothing(uow: UnitOfWork) -> None:
    post = make_post(holders=[make_holding("li.na")], retired=True)
    copy_post(uow, post, version=1)
    assert posts.list_seats(uow, [DISTRICT_PATH], [Duty.DISPATCHER]) == []
    assert find_person(people.POSTS, uow.connection, Claims("li.na"), NOW).posts == ()


def test_a_post_without_a_number_is_reached_by_its_stations(uow: UnitOfWork) -> None:
    city = make_place(place_id=CITY, code="c", parent_id=None, path=CITY_PATH, depth=1, phone="1")
    copies = Moves()
    copies.copy_place(uow, city, version=1)
    own, none = make_post(phone="3"), make_post()
    for post in (own, none):
        copy_post(uow, post, version=1)

    def phones() -> list[str | None]:
        on_line = {seat.post_id: seat.phone for seat in posts.list_seats(uow, [own.path], [own.duty])}
        by_itself = [seat.phone for post in (own, none) if (seat := posts.find_seat(uow, post.post_id))]
        assert [on_line[post.post_id] for post in (own, none)] == by_itself
        return by_itself

    assert phones() == ["3", "1"]
    copies.copy_place(uow, make_place(phone="2"), version=1)
    assert phones() == ["3", "2"]
