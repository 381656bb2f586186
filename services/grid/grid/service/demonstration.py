"""Puts the demonstration city into the network and the register. Twice is as once."""

from collections.abc import Iterable
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.intake import Means, Reach
from kit.crypto import DataKey, blind_index, encrypt_field
from kit.db import UnitOfWork
from kit.ids import new_id

from grid.demonstration.homes import Dweller, Home
from grid.demonstration.network import HOURS, Network
from grid.domain.places import Place
from grid.domain.register import Household, Organisation, Team
from grid.keys import Keys
from grid.repository import offices as office_rows
from grid.repository import places as tree
from grid.repository import register
from grid.repository.register import ResidentRow, VolunteerRow
from grid.service import households as register_of
from grid.service import imports, places
from grid.service.imports import How
from grid.service.places import Change

_AT_ONCE = 2_000


def lay_network(uow: UnitOfWork, network: Network, *, keys: Keys, zone: ZoneInfo) -> None:
    imports.import_places(uow, network.places, how=How())
    imports.import_offices(uow, network.offices, how=How())
    imports.import_posts(uow, network.posts, how=How())
    imports.import_holders(uow, network.holders, how=How(), keys=keys, zone=zone)
    for code, hours in HOURS.items():
        place = tree.find_by_code(uow, code)
        if place and not place.opening_hours:
            places.change_place(uow, place.id, version=place.version, change=Change(opening_hours=hours))
    at = tree.by_code(uow, {row["code"] for row in network.places})
    _lay_organisations(uow, network, at)
    _lay_teams(uow, network, at, keys=keys)


def lay_homes(uow: UnitOfWork, homes: Iterable[Home], *, keys: Keys) -> None:
    """What is known by its code is passed over."""
    homes = iter(homes)
    while batch := list(islice(homes, _AT_ONCE)):
        known = register.codes_known(uow, [home.code for home in batch])
        _lay_batch(uow, [home for home in batch if home.code not in known], keys=keys)


def _lay_batch(uow: UnitOfWork, homes: list[Home], *, keys: Keys) -> None:
    at = tree.by_code(uow, {home.place for home in homes})
    named = {dweller.branch for home in homes for dweller in home.dwellers if dweller.branch}
    branches = {code: found.id for code, found in office_rows.organisations_by_code(uow, named).items()}
    households: list[Household] = []
    told: list[tuple[Household, Reach | None]] = []
    residents: list[ResidentRow] = []
    for home in homes:
        place, identity = at[home.place], new_id(uow.now)
        households.append(Household(identity, home.code, place.id, place.path, home.room, home.flags))
        told.append((households[-1], _reach(home.contact)))
        for each in home.dwellers:
            branch = branches.get(each.branch) if each.branch else None
            residents.append(_resident(new_id(uow.now), each, households[-1], branch, keys))
    register.insert_households(uow, register_of.say(uow, register_of.new_ones(told), keys=keys))
    uow.flush()
    register.insert_residents(uow, residents)


def _reach(contact: Dweller | None) -> Reach | None:
    """Invented numbers are told by the sandbox, never by a gateway that may reach somebody."""
    return Reach(name=contact.name, means=Means.SANDBOX, address=contact.phone) if contact else None


def _resident(identity: UUID, dweller: Dweller, household: Household, branch: UUID | None, keys: Keys) -> ResidentRow:
    key = DataKey.new(keys.service)

    def seal(column: str, plain: str) -> str:
        return encrypt_field(key, plain, table="resident", column=column, row=identity)

    return ResidentRow(
        id=identity,
        household_id=household.id,
        placed_path=household.placed_path,
        wrapped_key=key.wrap(keys.service, owner=identity),
        name=seal("name", dweller.name),
        phone=seal("phone", dweller.phone) if dweller.phone else None,
        phone_index=blind_index(keys.service, "resident phone", dweller.phone) if dweller.phone else None,
        flags=dweller.flags,
        branch_id=branch,
    )


def _lay_organisations(uow: UnitOfWork, network: Network, at: dict[str, Place]) -> None:
    known = office_rows.organisations_by_code(uow, [code for code, *_ in network.organisations])
    office_rows.insert_organisations(
        uow,
        [
            Organisation(new_id(uow.now), 1, code, name, kind, at[place].id)
            for code, name, kind, place in network.organisations
            if code not in known
        ],
    )


def _lay_teams(uow: UnitOfWork, network: Network, at: dict[str, Place], *, keys: Keys) -> None:
    known = register.teams_by_code(uow, [team.code for team in network.teams])
    ids = {team.code: new_id(uow.now) for team in network.teams if team.code not in known}
    teams = [team for team in network.teams if team.code in ids]
    register.insert_teams(
        uow,
        [
            Team(ids[t.code], t.code, t.name, at[t.place].id, t.skills, tuple(at[area].id for area in t.areas), t.fee)
            for t in teams
        ],
    )
    paths = {team.code: at[team.place].path for team in teams}
    rows = []
    for volunteer in network.volunteers:
        if volunteer.team not in ids:
            continue
        identity, key = new_id(uow.now), DataKey.new(keys.service)
        name = encrypt_field(key, volunteer.name, table="volunteer", column="name", row=identity)
        wrapped = key.wrap(keys.service, owner=identity)
        subject, path = volunteer.subject, paths[volunteer.team]
        rows.append(VolunteerRow(identity, ids[volunteer.team], path, volunteer.kind, subject, wrapped, name))
    register.insert_volunteers(uow, rows)
