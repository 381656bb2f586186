"""The demonstration city's numbers are the sources' own, and making it twice changes nothing."""

from collections import Counter
from collections.abc import Callable
from random import Random
from zoneinfo import ZoneInfo

import pytest
from contracts.grid import Duty
from grid.demonstration.homes import make_homes, spread
from grid.demonstration.network import BAIYANG, RURAL, Network, make_network
from grid.domain.register import Counts
from grid.keys import Keys
from grid.models import resident
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.repository import register
from grid.service import demonstration
from hypothesis import given
from hypothesis import strategies as st
from kit.auth import EVERYWHERE
from kit.testing.servers import RolledBackUnitOfWork
from local.greeting import DUTIES, SHOWN
from sqlalchemy import select

from .conftest import OPERATING

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def network() -> Network:
    return make_network(seed=1, communities=2)


def test_baiyang_has_its_six_areas_its_103_buildings_and_its_60_chiefs(network: Network) -> None:
    tiers = Counter(row["tier"] for row in network.places if row["code"].startswith(BAIYANG))
    assert tiers == {"community": 1, "area": 6, "building": 103}
    chiefs: dict[str, set[str]] = {}
    for row in network.holders:
        if row["post"].endswith("/building_chief"):
            chiefs.setdefault(row["post"][: len(f"{BAIYANG}-1")], set()).add(row["subject"])
    assert [len(subjects) for subjects in chiefs.values()] == [10] * 6
    assert len(set.union(*chiefs.values())) == 60
    held = Counter(row["subject"] for row in network.holders if row["post"].endswith("/building_chief"))
    assert set(held.values()) == {1, 2}


def test_eleven_staff_hold_all_the_posts_of_baiyangs_station_between_them(network: Network) -> None:
    station = [
        row for row in network.holders if row["post"].startswith(BAIYANG) and not row["post"].endswith("building_chief")
    ]
    assert len({row["subject"] for row in station}) == 11
    posts = Counter(row["duty"] for row in network.posts if row["place"] == BAIYANG)
    assert posts[Duty.WINDOW_CLERK.value] == 5
    assert posts[Duty.TEAM_LEADER.value] == 5


def test_48_volunteers_serve_in_five_teams_with_building_chiefs_among_them(network: Network) -> None:
    assert len(network.volunteers) == 48
    assert len(network.teams) == 5
    assert {volunteer.team for volunteer in network.volunteers} == {team.code for team in network.teams}
    chiefs = {row["subject"] for row in network.holders if row["post"].endswith("/building_chief")}
    serving = {volunteer.subject for volunteer in network.volunteers if volunteer.kind == "building_chief"}
    assert serving
    assert serving <= chiefs


def test_the_city_has_six_bureaus_and_its_district_departments(network: Network) -> None:
    kinds = Counter((row["kind"], row["place"]) for row in network.offices)
    assert kinds == {("bureau", "HL"): 6, ("department", "HZ"): 4}


def test_the_same_seed_makes_the_same_city_and_another_seed_another(network: Network) -> None:
    assert make_network(seed=1, communities=2) == network
    assert make_network(seed=2, communities=2).holders != network.holders
    homes = next(iter(network.homes))
    assert list(make_homes(homes, seed=1)) == list(make_homes(homes, seed=1))


def test_a_city_of_n_has_n_communities() -> None:
    for communities in (1, 2, 3, 20):
        places = make_network(seed=1, communities=communities).places
        assert sum(row["tier"] == "community" for row in places) == communities


@given(st.data())
def test_what_is_spread_is_all_there(data: st.DataObject) -> None:
    parts, most = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 9))
    total = data.draw(st.integers(parts, parts * most))
    sizes = spread(total, parts, Random(0), most=most)
    assert sum(sizes) == total
    assert len(sizes) == parts
    assert all(1 <= size <= most for size in sizes)


def lay(uow: RolledBackUnitOfWork, network: Network, keys: Keys) -> None:
    demonstration.lay_network(uow, network, keys=keys, zone=ZONE)
    for homes in network.homes:
        demonstration.lay_homes(uow, make_homes(homes, seed=1), keys=keys)


def test_the_city_as_it_stands_is_exact_whole_and_made_once(
    uow_of: Callable[..., RolledBackUnitOfWork], network: Network, keys: Keys
) -> None:
    """One city for all of these, since laying it takes seconds."""
    uow = uow_of("grid", person=OPERATING, scope=EVERYWHERE)
    lay(uow, network, keys)
    uow.flush()
    baiyang, rural = tree.get_named(uow, BAIYANG), tree.get_named(uow, RURAL)
    assert register.counts(uow, baiyang.path) == Counts(7_130, 17_291, 130, 257, 152, 48)
    counted = register.counts(uow, rural.path)
    assert (counted.households, counted.residents) == (1_308, 4_860)
    assert sum(place.tier == "village" for place in tree.list_below(uow, rural.path)) == 5
    check_that_the_net_has_no_hole(uow)
    check_that_names_are_sealed(uow)
    check_that_the_known_are_greeted(uow)
    before = register.counts(uow, "/")
    lay(uow, network, keys)
    assert uow.published == []
    assert register.counts(uow, "/") == before


def check_that_the_net_has_no_hole(uow: RolledBackUnitOfWork) -> None:
    assert seats.list_posts(uow, limit=10, now=uow.now, vacant=True) == []
    buildings = {place.id for place in tree.list_places(uow, limit=1_000, tier_name="building")}
    chiefs = seats.list_posts(uow, limit=1_000, now=uow.now, duty=Duty.BUILDING_CHIEF)
    assert {post.place_id for post in chiefs} == buildings


def check_that_the_known_are_greeted(uow: RolledBackUnitOfWork) -> None:
    greeted = {row.subject for row in uow.connection.exec_driver_sql(SHOWN, (DUTIES,))}
    assert greeted >= {"gao.ning", "xu.wei", "chen.jing", "zhou.lan", "lin.yue", "zhao.peng"}


def check_that_names_are_sealed(uow: RolledBackUnitOfWork) -> None:
    rows = uow.execute(select(resident.c.name, resident.c.wrapped_key).limit(50)).all()
    assert all(row.name.startswith("v1.") for row in rows)
    assert len({row.wrapped_key for row in rows}) == 50
