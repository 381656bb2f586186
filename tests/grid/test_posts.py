"""Posts, terms, stand-ins, vacancies, and who answers: the rules and the one query behind them."""

from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from contracts.answering import answer
from contracts.grid import Duty
from contracts.intake import Means, Reach
from grid.domain.posts import Office, OfficeKind, Seat
from grid.errors import ChangedMeanwhile, NotYours, PlaceClosed, PostRetired, TermBackwards, TermsOverlap
from grid.keys import Keys
from grid.models import holder
from grid.repository import posts as seats
from grid.service import offices, places, posts
from grid.service.posts import Term
from hypothesis import given
from hypothesis import strategies as st
from kit.auth import Claims
from kit.crypto import open_from_transport
from kit.testing.tokens import find_person
from network import posts as copied
from sqlalchemy import event, select

from .conftest import City, holds, person_of

DAY = timedelta(days=1)


def test_the_narrowest_post_of_the_duty_answers(city: City) -> None:
    for place in ("C", "M", "N"):
        city.add_post(f"{place}/legal", place, Duty.LEGAL)
        city.assign(f"{place}/legal", f"legal.{place}")
    answer = posts.who_answers(city.uow, "M1-1", Duty.LEGAL)
    assert answer.seat is not None
    assert (answer.seat.subject, answer.passed_over) == ("legal.M", ())


def test_a_vacant_post_hands_on_to_the_next_tier_up_and_is_named(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.add_post("M/dispatcher", "M", Duty.DISPATCHER)
    city.add_post("D/dispatcher", "D", Duty.DISPATCHER)
    city.assign("M/dispatcher", "near")
    city.assign("D/dispatcher", "above")
    answer = posts.who_answers(city.uow, "M1", Duty.LEGAL)
    assert answer.seat is not None
    assert answer.seat.subject == "above"
    assert [seat.code for seat in answer.passed_over] == ["M/legal"]
    assert [post.code for post in seats.list_posts(city.uow, limit=10, now=city.uow.now, vacant=True)] == ["M/legal"]


def test_where_nobody_is_left_nobody_answers(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    assert posts.who_answers(city.uow, "M1-2", Duty.LEGAL).seat is None


def test_a_stand_in_answers_for_the_term_that_they_stand_in_and_no_longer(city: City) -> None:
    now = city.uow.now
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "holder", since=now - 30 * DAY)
    city.assign("M/legal", "deputy", stand_in=True, since=now, until=now + 7 * DAY)

    def at(moment: timedelta) -> str | None:
        city.uow.now = now + moment
        seat = posts.who_answers(city.uow, "M1", Duty.LEGAL).seat
        return seat.subject if seat else None

    tick = timedelta(microseconds=1)
    assert [at(-tick), at(timedelta()), at(7 * DAY - tick), at(7 * DAY)] == ["holder", "deputy", "deputy", "holder"]


def test_a_term_begins_with_its_first_instant_and_ends_before_its_last(city: City) -> None:
    now = city.uow.now
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "holder", since=now, until=now + DAY)
    post = city.post("M/legal")
    found = [post.held_by(now + after) for after in (-DAY, timedelta(), DAY - timedelta(seconds=1), DAY)]
    assert [term and term.subject for term in found] == [None, "holder", "holder", None]


def test_two_holders_at_an_instant_are_refused_unless_one_relieves_the_other(city: City) -> None:
    now = city.uow.now
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "first", since=now - DAY)
    with pytest.raises(TermsOverlap):
        city.assign("M/legal", "second")
    post = city.assign("M/legal", "second", relieves=True)
    assert [(term.subject, term.until) for term in post.holdings] == [("first", now), ("second", None)]


def test_a_future_holder_is_not_relieved_before_they_come(city: City) -> None:
    now = city.uow.now
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "next", since=now + DAY)
    with pytest.raises(TermsOverlap):
        city.assign("M/legal", "now", relieves=True)
    city.assign("M/legal", "now", until=now + DAY)


def test_a_term_that_ends_before_it_begins_is_refused(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    with pytest.raises(TermBackwards):
        city.assign("M/legal", "x", until=city.uow.now)


def test_ending_a_term_leaves_the_post_vacant(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    post = city.assign("M/legal", "x", since=city.uow.now - DAY)
    ended = posts.end_holding(city.uow, post.id, post.holdings[0].id, version=post.version)
    assert ended.held_by(city.uow.now) is None


def test_one_person_holds_several_posts_under_one_contact(city: City) -> None:
    for code in ("M/legal", "M/petition"):
        city.add_post(code, "M", Duty.LEGAL if code.endswith("legal") else Duty.PETITION)
        city.assign(code, "wang.min", since=city.uow.now - DAY)
    contacts = [event for event in city.uow.published if event.topic == "grid.contact.v1"]
    assert len(contacts) == 1
    person = find_person(seats.HELD_POSTS, city.uow.connection, Claims("wang.min"), city.uow.now)
    assert {post.duty for post in person.posts} == {"legal", "petition"}
    assert person.scope.paths == (city.place("M").path,)


def test_a_retired_post_takes_nobody(city: City) -> None:
    post = city.add_post("M/legal", "M", Duty.LEGAL)
    posts.retire_post(city.uow, post.id, version=1)
    with pytest.raises(PostRetired):
        city.assign("M/legal", "x")


def test_a_post_needs_an_active_place(city: City) -> None:
    place = city.place("M1-2")
    places.retire_place(city.uow, place.id, version=place.version)
    with pytest.raises(PlaceClosed):
        city.add_post("x", "M1-2", Duty.BUILDING_CHIEF)


def test_a_supervisor_manages_the_posts_below_them_and_no_others(city: City) -> None:
    post = city.add_post("M1/chief", "M1", Duty.AREA_CHIEF)
    term = Term("zhao.peng", "赵鹏")
    for place, duty in (("N", Duty.SUPERVISOR), ("M1-1", Duty.DISPATCHER), ("M", Duty.WINDOW_CLERK)):
        stranger = city.as_(person_of("x", holds(city.place(place), duty)))
        with pytest.raises(NotYours):
            posts.assign(stranger, post.id, version=1, term=term, reach=None, keys=city.keys)
    officer = city.as_(person_of("x", holds(city.place("C"), Duty.SUPERVISOR, office_id=uuid4())))
    with pytest.raises(NotYours):
        posts.assign(officer, post.id, version=1, term=term, reach=None, keys=city.keys)
    own = city.as_(person_of("x", holds(city.place("M"), Duty.SUPERVISOR)))
    posts.assign(own, post.id, version=1, term=term, reach=None, keys=city.keys)


def test_an_old_version_assigns_nobody(city: City) -> None:
    post = city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "x")
    with pytest.raises(ChangedMeanwhile):
        posts.assign(city.uow, post.id, version=1, term=Term("y", "Y"), reach=None, keys=city.keys)


def test_how_a_holder_is_reached_travels_sealed_and_stands_sealed(city: City, keys: Keys) -> None:
    post = city.add_post("M/legal", "M", Duty.LEGAL)
    reach = Reach(name="王敏", means=Means.SMS, address="19900001111")
    posts.assign(city.uow, post.id, version=1, term=Term("wang.min", "王敏"), reach=reach, keys=keys)
    contact = next(event for event in city.uow.published if event.topic == "grid.contact.v1")
    assert contact.body is not None
    assert "19900001111" not in contact.body
    import json

    sealed = json.loads(contact.body)["sealed"]
    assert open_from_transport(keys.transport, sealed, Reach, key=contact.key) == reach
    row = city.uow.execute(select(holder.c.reach).where(holder.c.subject == "wang.min")).one()
    assert "19900001111" not in row.reach


def test_the_same_reach_is_not_published_again(city: City, keys: Keys) -> None:
    reach = Reach(name="王敏", means=Means.SMS, address="19900001111")
    posts.put_holders(city.uow, {"wang.min": ("王敏", reach)}, keys=keys)
    city.uow.flush()
    posts.put_holders(city.uow, {"wang.min": ("王敏", reach)}, keys=keys)
    assert city.uow.published == []
    posts.put_holders(city.uow, {"wang.min": ("王敏", reach.model_copy(update={"address": "1"}))}, keys=keys)
    assert [event.version for event in city.uow.published] == [2]


def test_a_holders_new_name_reaches_all_their_posts(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.add_post("M/petition", "M", Duty.PETITION)
    city.assign("M/legal", "wang.min")
    city.uow.flush()
    post = city.post("M/petition")
    posts.assign(city.uow, post.id, version=1, term=Term("wang.min", "王敏敏"), reach=None, keys=city.keys)
    versions = [(event.key, event.version) for event in city.uow.published if event.topic == "grid.post.v1"]
    assert len(versions) == len(set(versions)), "no version of a post is said twice"
    assert city.post("M/legal").holdings[0].name == "王敏敏"


def test_erasing_a_holder_destroys_their_key_and_sends_a_tombstone(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "wang.min", since=city.uow.now - DAY)
    city.uow.flush()
    posts.erase_holder(city.uow, "wang.min")
    row = city.uow.execute(select(holder).where(holder.c.subject == "wang.min")).one()
    assert (row.wrapped_key, row.reach, row.name) == (None, None, "wang.min")
    tombstone = next(event for event in city.uow.published if event.topic == "grid.contact.v1")
    assert (tombstone.body, tombstone.version) == (None, 2)
    assert city.post("M/legal").held_by(city.uow.now) is None


def test_who_answers_is_one_query(city: City) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    place = city.place("M1-1")
    city.uow.enter()
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine = city.uow.connection.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        seats.list_seats(city.uow, place.id, {Duty.LEGAL, Duty.DISPATCHER})
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 1


PATHS = ["/" + "/".join(f"{n:032x}" for n in range(1, depth + 1)) + "/" for depth in range(1, 5)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PATHS),
            st.sampled_from([Duty.LEGAL, Duty.DISPATCHER]),
            st.sampled_from([None, "wang.min", "li.na"]),
        ),
        max_size=8,
    ),
    st.sets(st.sampled_from(["wang.min", "li.na"])),
    st.randoms(),
)
def test_grid_and_the_copies_answer_alike_in_whatever_order_they_find_the_posts(
    made: list[tuple[str, Duty, str | None]], never: set[str], chance: Random
) -> None:
    mine = [
        Seat(uuid4(), f"post-{number}", "", duty, uuid4(), path, None, None, subject)
        for number, (path, duty, subject) in enumerate(made)
    ]
    theirs = [
        copied.Seat(seat.post_id, seat.code, "", seat.duty, seat.place_id, seat.path, None, (), None, seat.subject)
        for seat in chance.sample(mine, len(mine))
    ]
    found, chosen = answer(mine, Duty.LEGAL, never=never).seat, copied.choose(theirs, Duty.LEGAL, never=never)
    assert (found and found.post_id) == (chosen and chosen.post_id)


def test_of_several_windows_the_first_by_code_answers_and_each_next_where_those_before_are_vacant(city: City) -> None:
    for number in (3, 1, 2):
        city.add_post(f"M/window-{number}", "M", Duty.WINDOW_CLERK)
    for number in (3, 2):
        city.assign(f"M/window-{number}", f"clerk.{number}")
    found = posts.who_answers(city.uow, "M1-1", Duty.WINDOW_CLERK)
    assert found.seat is not None
    assert (found.seat.subject, [seat.code for seat in found.passed_over]) == ("clerk.2", ["M/window-1"])


def add_bureau(city: City) -> Office:
    return offices.add_office(city.uow, code="C-WATER", name="水务局", kind=OfficeKind.BUREAU, place="C")


def test_who_dispatches_for_a_community_makes_no_post_of_a_citys_bureau(city: City) -> None:
    bureau = add_bureau(city)
    local = city.as_(person_of("x", holds(city.place("M"), Duty.DISPATCHER)))
    with pytest.raises(NotYours):
        posts.add_post(local, code="M/w", title="w", duty=Duty.BUREAU, place="M", office_id=bureau.id)
    above = city.as_(person_of("x", holds(city.place("C"), Duty.DISPATCHER)))
    made = posts.add_post(above, code="M/w", title="w", duty=Duty.BUREAU, place="M", office_id=bureau.id)
    with pytest.raises(NotYours):
        posts.assign(local, made.id, version=1, term=Term("x", "X"), reach=None, keys=city.keys)


def test_how_somebody_elses_holder_is_reached_and_called_is_not_mine_to_change(city: City) -> None:
    city.add_post("N/supervisor", "N", Duty.SUPERVISOR)
    city.assign("N/supervisor", "li.na")
    mine = city.add_post("M/legal", "M", Duty.LEGAL)
    city.uow.flush()
    local = city.as_(person_of("x", holds(city.place("M"), Duty.SUPERVISOR)))
    stolen = Reach(name="Li.Na", means=Means.SMS, address="19900002222")
    for term, reach in ((Term("li.na", "Li.Na"), stolen), (Term("li.na", "别人"), None)):
        with pytest.raises(NotYours):
            posts.assign(local, mine.id, version=1, term=term, reach=reach, keys=city.keys)
    assert not [event for event in local.published if event.topic == "grid.contact.v1"]
    posts.assign(local, mine.id, version=1, term=Term("li.na", "Li.Na"), reach=None, keys=city.keys)
