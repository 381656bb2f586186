"""How households are reached: entered by whole files, sealed, said to notify, and forgotten."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from contracts.grid import ContactChangedV1, Duty
from contracts.intake import Language, Means, Reach
from grid.api import HOUSEHOLDS
from grid.domain.imports import Report
from grid.domain.register import Household
from grid.errors import HouseholdNotFound, NotYours, RowsRefused
from grid.keys import Keys
from grid.repository import register
from grid.service import households, imports, places
from grid.service.imports import How
from kit.auth import EVERYWHERE
from kit.crypto import open_from_transport
from kit.testing.servers import RolledBackUnitOfWork
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .conftest import OPERATING, City, holds, person_of
from .test_imports import rows_of

UowOf = Callable[..., RolledBackUnitOfWork]

HEAD = "household,place,room,name,means,address,language\n"
ONE = "M1-1/1,M1-1,1-101,王静,sms,19900000001,\n"
TWO = "M1-1/2,M1-1,1-102,,,,\n"


@pytest.fixture
def station(city: City) -> RolledBackUnitOfWork:
    """The dispatcher of the first community."""
    return city.as_(person_of("chen.jing", holds(city.place("M"), Duty.DISPATCHER)))


def take(uow: RolledBackUnitOfWork, keys: Keys, rows: str, **how: bool) -> Report:
    return imports.import_households(uow, rows_of(HEAD + rows, HOUSEHOLDS), how=How(**how), keys=keys)


def counted(report: Report) -> tuple[int, int, int]:
    return report.created, report.changed, report.unchanged


def events_of(uow: RolledBackUnitOfWork) -> list[ContactChangedV1]:
    told = [event.body for event in uow.published if event.type == ContactChangedV1.TYPE and event.body]
    return [ContactChangedV1.model_validate_json(body) for body in told]


def said(uow: RolledBackUnitOfWork, keys: Keys) -> dict[str, Reach]:
    """By door, what the events say of how each household is reached."""
    return {e.room or "": open_from_transport(keys.transport, e.sealed, Reach, key=e.key) for e in events_of(uow)}


def household(uow: RolledBackUnitOfWork, code: str) -> Household:
    return register.lock_households(uow, [code])[code]


def test_each_household_is_said_also_one_that_no_message_reaches(station: RolledBackUnitOfWork, city: City) -> None:
    assert counted(take(station, city.keys, ONE + TWO)) == (2, 0, 0)
    assert said(station, city.keys) == {
        "1-101": Reach(name="王静", means=Means.SMS, address="19900000001"),
        "1-102": Reach(means=Means.NONE),
    }
    said_of = {(event.subject, event.place_id, event.version) for event in events_of(station)}
    assert said_of == {(None, city.place("M1-1").id, 1)}


def test_a_contact_is_stored_under_a_key_of_the_households_own(station: RolledBackUnitOfWork, city: City) -> None:
    take(station, city.keys, ONE + "M1-1/2,M1-1,1-102,李强,sms,19900000002,en\n")
    one, two = household(station, "M1-1/1"), household(station, "M1-1/2")
    assert "19900000001" not in f"{one.reach}{one.wrapped_key}"
    assert one.wrapped_key != two.wrapped_key
    reach = households.reach_of(two, city.keys)
    assert reach is not None
    assert (reach.name, reach.language) == ("李强", Language.ENGLISH)


def test_the_same_file_again_says_nothing_and_another_number_is_said(station: RolledBackUnitOfWork, city: City) -> None:
    take(station, city.keys, ONE + TWO)
    station.flush()
    assert counted(take(station, city.keys, ONE + TWO)) == (0, 0, 2)
    assert station.published == []
    assert counted(take(station, city.keys, ONE.replace("0001,", "0009,") + TWO)) == (0, 1, 1)
    assert said(station, city.keys)["1-101"].address == "19900000009"
    assert household(station, "M1-1/1").version == 2


def test_an_empty_cell_leaves_the_contact_as_it_is(station: RolledBackUnitOfWork, city: City) -> None:
    take(station, city.keys, ONE)
    station.flush()
    assert counted(take(station, city.keys, "M1-1/1,M1-1,1-103,,,,\n")) == (0, 1, 0)
    assert said(station, city.keys)["1-103"].address == "19900000001"


def test_who_stood_in_the_register_before_contacts_were_kept_is_said_by_the_next_import(
    station: RolledBackUnitOfWork, city: City
) -> None:
    place = city.place("M1-1")
    old = Household(uuid4(), "M1-1/2", place.id, place.path, "1-102", version=0)
    register.insert_households(station, [old])
    assert counted(take(station, city.keys, TWO)) == (0, 1, 0)
    assert "1-102" in said(station, city.keys)


BAD_ROWS = {
    "no code": (",M1-1,1-101,,,,", "household", "missing"),
    "no room": ("X,M1-1,,,,,", "room", "missing"),
    "a place that is not there": ("X,nowhere,1-101,,,,", "place", "place_unknown"),
    "a place of another community": ("X,N,1-101,,,,", "place", "not_yours"),
    "an unknown means": ("X,M1-1,1-101,王静,pigeon,,", "means", "not_one_of"),
    "a message without a number": ("X,M1-1,1-101,王静,sms,,", "address", "missing"),
    "a number that is none": ("X,M1-1,1-101,王静,sms,abc,", "address", "no_telephone"),
    "a number without a name": ("X,M1-1,1-101,,sms,19900000001,", "name", "missing"),
    "an unknown language": ("X,M1-1,1-101,王静,sms,19900000001,xx", "language", "not_one_of"),
    "a household twice": ("M1-1/1,M1-1,1-101,,,,", "household", "repeated"),
    "who lives elsewhere": ("M1-2/1,M1-1,1-101,,,,", "place", "lives_elsewhere"),
    "a code of another community": ("N/1,M1-1,1-101,,,,", "household", "code_taken"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_named_by_line_column_and_reason_and_nothing_is_taken(
    station: RolledBackUnitOfWork, city: City, case: str
) -> None:
    take(station, city.keys, "M1-2/1,M1-2,1-101,,,,\n")
    neighbour = city.as_(person_of("other", holds(city.place("N"), Duty.SUPERVISOR)))
    take(neighbour, city.keys, "N/1,N,1-101,,,,\n")
    row, column, code = BAD_ROWS[case]
    with pytest.raises(RowsRefused) as refused:
        take(station, city.keys, ONE + row + "\n")
    assert [(line, where, what) for line, where, what, _ in refused.value.problems] == [(3, column, code)]
    assert register.lock_households(station, ["M1-1/1"]) == {}
    assert counted(take(station, city.keys, ONE + row + "\n", partial=True)) == (1, 0, 0)


def test_a_dry_run_changes_nothing(station: RolledBackUnitOfWork, city: City) -> None:
    assert counted(take(station, city.keys, ONE, dry_run=True)) == (1, 0, 0)
    assert register.lock_households(station, ["M1-1/1"]) == {}
    assert station.published == []


@pytest.mark.parametrize("duty", [Duty.WINDOW_CLERK, Duty.BUILDING_CHIEF])
def test_who_lives_where_is_entered_by_who_keeps_the_register(city: City, duty: Duty) -> None:
    for uow in (city.as_(person_of("somebody", holds(city.place("M"), duty))), city.as_(OPERATING)):
        with pytest.raises(RowsRefused) as refused:
            take(uow, city.keys, ONE)
        assert [code for _, _, code, _ in refused.value.problems] == ["not_yours"]


def test_a_contact_that_is_forgotten_is_gone_everywhere_and_the_household_is_still_said(
    station: RolledBackUnitOfWork, city: City
) -> None:
    take(station, city.keys, ONE)
    station.flush()
    one = household(station, "M1-1/1")
    households.erase_contact(station, one.id, keys=city.keys)
    tombstone, event = station.published
    assert (tombstone.key, tombstone.version, tombstone.body) == (str(one.id), 2, None)
    assert event.version == 3
    assert said(station, city.keys) == {"1-101": Reach(means=Means.NONE)}
    after = household(station, "M1-1/1")
    assert (after.wrapped_key, after.reach, after.digest, after.version) == (None, None, None, 3)


def test_a_contact_is_forgotten_by_who_keeps_the_register_alone(station: RolledBackUnitOfWork, city: City) -> None:
    take(station, city.keys, ONE)
    one = household(station, "M1-1/1")
    clerk = city.as_(person_of("clerk", holds(city.place("M"), Duty.WINDOW_CLERK)))
    with pytest.raises(NotYours):
        households.erase_contact(clerk, one.id, keys=city.keys)
    neighbour = city.as_(person_of("other", holds(city.place("N"), Duty.SUPERVISOR)))
    with pytest.raises(HouseholdNotFound):
        households.erase_contact(neighbour, one.id, keys=city.keys)


@pytest.mark.parametrize("column", ["wrapped_key", "reach", "digest"])
def test_the_auditor_reads_not_how_a_household_is_reached(city: City, uow_of: UowOf, column: str) -> None:
    uow = uow_of("grid", role="auditor", scope=EVERYWHERE)
    assert uow.execute(text("select id, code, place_id, placed_path, room, flags, version from household")).all() == []
    with pytest.raises(DBAPIError, match="permission denied"):
        uow.execute(text(f"select {column} from household"))


def test_which_codes_stand_anywhere_is_told_and_nothing_else_of_them(station: RolledBackUnitOfWork, city: City) -> None:
    take(station, city.keys, ONE)
    neighbour = city.as_(person_of("other", holds(city.place("N"), Duty.SUPERVISOR)))
    assert register.codes_known(neighbour, ["M1-1/1", "M1-1/9"]) == {"M1-1/1"}
    assert register.lock_households(neighbour, ["M1-1/1"]) == {}


def test_a_household_goes_on_being_reached_where_its_place_moves(
    station: RolledBackUnitOfWork, city: City, uow_of: UowOf
) -> None:
    """Its row moves; it says nothing anew, since notify follows the place."""
    take(station, city.keys, ONE)
    area = city.place("M1")
    places.move_place(city.uow, area.id, version=area.version, to="N")
    everywhere = uow_of("grid", scope=EVERYWHERE, person=OPERATING)
    moved = household(everywhere, "M1-1/1")
    assert moved.placed_path == city.place("M1-1").path
    assert households.reach_of(moved, city.keys) is not None
