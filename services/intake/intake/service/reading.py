"""Who may see an appeal sees all of it; the database itself keeps the others' from view."""

from uuid import UUID

from kit.auth import AUDITOR
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.numbers import parse_code, parse_name
from kit.paging import Page, Sheet

from intake.domain.appeal import Location, Opening
from intake.domain.progress import Progress, TooManyGuesses
from intake.errors import AppealNotFound, NoSuchCode, NotYours
from intake.repository import appeals, progress
from intake.repository.appeals import AppealFile, AppealLine
from intake.service.placing import locate, locate_code
from intake.service.receiving import NUMBER_PREFIX, taken_path_of
from intake.service.station import Station


def get_id(uow: UnitOfWork, named: str, *, field: str) -> UUID:
    """By its id, or by its number however it is typed; what is not to be seen is not found."""
    name = parse_name(named, NUMBER_PREFIX, field=field)
    appeal_id = name if isinstance(name, UUID) else appeals.find_id(uow, name)
    if appeal_id is None:
        raise AppealNotFound
    return appeal_id


def get_appeal(uow: UnitOfWork, appeal_id: UUID, *, station: Station) -> AppealFile:
    file = appeals.find_file(uow, station.keys, appeal_id)
    if file is None:
        raise AppealNotFound
    if file.appeal.sealed:
        opening = Opening(new_id(uow.now), uow.person.subject, uow.now)
        appeals.add_opening(uow, opening, file.appeal)
    return file


def list_openings(uow: UnitOfWork, appeal_id: UUID, page: Page) -> Sheet[Opening]:
    """Who has read its words while it was sealed, the last first: for auditors, though they do not see it."""
    if AUDITOR not in uow.person.roles:
        raise NotYours("not_an_auditor", "Who has read a sealed appeal is listed for auditors.")
    return appeals.list_openings(uow, appeal_id, page)


def list_appeals(uow: UnitOfWork, page: Page, *, place: str | None = None) -> Sheet[AppealLine]:
    below = locate_code(uow, place).path if place else "/"
    return appeals.list_appeals(uow, page, below=below)


def try_address(uow: UnitOfWork, address: str, *, station: Station) -> Location:
    """Where an appeal with this address would be placed, before it is taken."""
    station.must_know()
    near = taken_path_of(uow.person)
    return locate(station, address=address, near=near, root=station.root_of(near))


def count_copies(uow: UnitOfWork, *, station: Station) -> tuple[int, int]:
    """Places and categories by which appeals are placed and sorted at this moment."""
    del uow
    return len(station.names), len(station.categories)


def find_progress(
    uow: UnitOfWork, code: str, *, client: str, station: Station
) -> Progress | TooManyGuesses | NoSuchCode:
    """How it stands, for who holds the code. A guess is counted, so that error is returned, not raised."""
    known = parse_code(code, field="/code")
    return progress.find_by_code(uow, station.keys, known, client=client)
