"""Row-level security on the real database: who lives where is told to who answers for the place, whatever the role."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from contracts.grid import Duty
from grid.demonstration.homes import Dweller, Home
from grid.models import SCOPED
from grid.repository import register
from grid.service import demonstration, places
from kit.auth import EVERYWHERE, NOWHERE, Scope
from kit.testing.servers import RolledBackUnitOfWork
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .conftest import City, holds, person_of

UowOf = Callable[..., RolledBackUnitOfWork]


@pytest.fixture
def lived_in(city: City, uow_of: UowOf) -> City:
    """One household of two in each building of the first community, and one in the second."""
    everywhere = uow_of("grid", scope=EVERYWHERE, person=person_of("maker"))
    homes = [
        Home(f"{code}/1", code, "1-101", ("low_income",), (Dweller("甲", "19900000001"), Dweller("乙", None)))
        for code in ("M1-1", "M1-2", "N")
    ]
    demonstration.lay_homes(everywhere, homes, keys=city.keys)
    return city


ROLES = ("api", "auditor")


@pytest.mark.parametrize("role", ROLES)
def test_another_communitys_residents_are_hidden_from_every_role(lived_in: City, uow_of: UowOf, role: str) -> None:
    own, other = lived_in.place("M").path, lived_in.place("N").path
    uow = uow_of("grid", role=role, scope=Scope(paths=(own,)))
    for table in SCOPED:
        rows = uow.execute(text(f"select placed_path from {table}")).scalars().all()
        assert all(path.startswith(own) for path in rows)
        assert uow.execute(text(f"select count(*) from {table} where placed_path = :p"), {"p": other}).scalar() == 0
    assert uow.execute(text("select count(*) from resident")).scalar() == 4


@pytest.mark.parametrize("role", ["relay", "consumer", "clock"])
def test_roles_that_do_not_need_the_register_cannot_read_it(lived_in: City, uow_of: UowOf, role: str) -> None:
    for table in SCOPED:
        uow = uow_of("grid", role=role, scope=EVERYWHERE)
        savepoint = uow.connection.begin_nested()
        with pytest.raises(DBAPIError, match="permission denied"):
            uow.execute(text(f"select * from {table}"))
        savepoint.rollback()
        uow.connection.info.pop("entered", None)


def test_even_the_tables_owner_is_bound(lived_in: City, uow_of: UowOf) -> None:
    uow = uow_of("grid", role="owner", scope=NOWHERE)
    assert uow.execute(text("select count(*) from resident")).scalar() == 0


def test_nobody_writes_into_another_community(lived_in: City, uow_of: UowOf) -> None:
    uow = uow_of("grid", scope=Scope(paths=(lived_in.place("M").path,)))
    place = lived_in.place("N")
    statement = "insert into household (id, code, place_id, placed_path, room) values (:id, 'x', :place, :path, '1')"
    with pytest.raises(DBAPIError, match="row-level security"):
        uow.execute(text(statement), {"id": uuid4(), "place": place.id, "path": place.path})


def test_the_auditor_reads_no_sealed_names(lived_in: City, uow_of: UowOf) -> None:
    uow = uow_of("grid", role="auditor", scope=EVERYWHERE)
    with pytest.raises(DBAPIError, match="permission denied"):
        uow.execute(text("select name from resident"))


def test_the_index_is_used_under_the_policy(lived_in: City, uow_of: UowOf) -> None:
    uow = uow_of("grid", scope=Scope(paths=(lived_in.place("M").path,)))
    uow.execute(text("set local enable_seqscan = off"))
    plan = "\n".join(uow.execute(text("explain select count(*) from resident")).scalars())
    assert "ix_resident_path" in plan
    assert "Index Cond" in plan


def test_a_register_moves_with_its_place_though_who_moves_it_sees_nobody(lived_in: City, uow_of: UowOf) -> None:
    area = lived_in.place("M1")
    lived_in.uow.scope = NOWHERE
    lived_in.uow.connection.info.pop("entered", None)
    places.move_place(lived_in.uow, area.id, version=area.version, to="N")
    assert lived_in.uow.execute(text("select count(*) from resident")).scalar() == 0
    everywhere = uow_of("grid", scope=EVERYWHERE)
    counts = register.counts(everywhere, lived_in.place("N").path)
    assert (counts.households, counts.residents) == (3, 6)
    assert register.counts(everywhere, lived_in.place("M").path).residents == 0


def test_who_lives_in_a_merged_place_goes_over(lived_in: City, uow_of: UowOf) -> None:
    building = lived_in.place("M1-1")
    places.merge_place(lived_in.uow, building.id, version=building.version, into="M1-2")
    everywhere = uow_of("grid", scope=EVERYWHERE)
    assert register.counts(everywhere, lived_in.place("M1-2").path).residents == 4


def test_a_place_where_somebody_lives_is_not_retired(lived_in: City) -> None:
    from grid.errors import PlaceInUse

    lived_in.uow.scope = NOWHERE
    lived_in.uow.connection.info.pop("entered", None)
    building = lived_in.place("M1-2")
    with pytest.raises(PlaceInUse, match="households"):
        places.retire_place(lived_in.uow, building.id, version=building.version)


def test_low_income_households_are_counted_within_the_scope_alone(lived_in: City, uow_of: UowOf) -> None:
    person = person_of("lin.yue", holds(lived_in.place("M"), Duty.WINDOW_CLERK))
    counts = register.counts(lived_in.as_(person), lived_in.place("C").path)
    assert (counts.households, counts.low_income_households) == (2, 2)
