"""What is found out later: corrections and withdrawal, as entries."""

from uuid import UUID

from contracts.grid import Duty
from kit.auth import Person
from kit.db import UnitOfWork
from kit.ids import new_id
from network import places

from intake import events
from intake.domain.appeal import Appeal, Entry, EntryKind, Location, WithdrawalReason
from intake.domain.gist import gist_of
from intake.errors import AppealChanged, AppealNotFound, Contradiction, NoSuchCategory, NotYours
from intake.repository import appeals, progress
from intake.service.placing import locate_code
from intake.service.station import Station

#: At a window or by telephone: who hears what a resident says of an appeal that another took.
_HEARING = (Duty.WINDOW_CLERK, Duty.DISPATCHER)

_WHO_WITHDRAWS = "It is the resident's to withdraw: who took it, a window clerk or a dispatcher of its place does it."
_NOT_THE_HOLDER = (
    "Its case lies with you, and the withdrawal would end it: let the resident tell the dispatcher or another window."
)


def correct_appeal(
    uow: UnitOfWork,
    appeal_id: UUID,
    *,
    version: int,
    station: Station,
    words: str | None = None,
    place: str | None = None,
    category: str | None = None,
) -> Appeal:
    """What was said first stays; the entry says what holds now."""
    station.must_know()
    appeal = _get_for_change(uow, station, appeal_id, version=version)
    if not (words or place or category):
        raise Contradiction("nothing_to_correct", "Say what is to be corrected: words, place or category.", field="/")
    found = station.categories.find(category) if category else None
    if category and (found is None or found.retired):
        raise NoSuchCategory(category)
    if place:
        places.hold_still(uow)
    location = locate_code(uow, place) if place else appeal.location
    was = appeal.location.path
    if found is not None and found.sealed and not appeal.sealed:
        appeal.seal(uow.person.subject)
    _correct(appeal, words=words, category=category, location=location)
    entry = Entry(
        id=new_id(uow.now),
        appeal_id=appeal.id,
        at=uow.now,
        by=uow.by,
        kind=EntryKind.CORRECTED,
        version=appeal.version,
        words=words,
        place_id=location.place_id if place else None,
        category=category,
    )
    appeals.add_entry(uow, station.keys, entry, asker=appeal.person_id)
    appeals.write_for(uow, was, location.path, appeal.taken_path)
    appeals.save_appeal(uow, appeal)
    uow.publish(events.appeal_corrected(appeal, entry))
    return appeal


def withdraw_appeal(
    uow: UnitOfWork, appeal_id: UUID, *, version: int, reason: WithdrawalReason, station: Station
) -> Appeal:
    """For the resident, by who can have heard them say so: never by who holds the case, who would be rid of it."""
    appeal = _get_for_change(uow, station, appeal_id, version=version)
    if not _hears(uow.person, appeal):
        raise NotYours("not_yours_to_withdraw", _WHO_WITHDRAWS)
    if uow.person.holds(progress.find_holder(uow, appeal_id)):
        raise NotYours("held_by_you", _NOT_THE_HOLDER)
    appeal.withdraw(at=uow.now)
    entry = Entry(
        id=new_id(uow.now),
        appeal_id=appeal.id,
        at=uow.now,
        by=uow.by,
        kind=EntryKind.WITHDRAWN,
        version=appeal.version,
        reason=reason,
    )
    appeals.add_entry(uow, station.keys, entry, asker=appeal.person_id)
    appeals.save_appeal(uow, appeal)
    uow.publish(events.appeal_withdrawn(appeal, entry, reason=reason))
    return appeal


def _correct(appeal: Appeal, *, words: str | None, category: str | None, location: Location) -> None:
    gist = gist_of(title="", words=words) if words else appeal.gist
    appeal.correct(gist=gist, category=category or appeal.category, location=location)


def _get_for_change(uow: UnitOfWork, station: Station, appeal_id: UUID, *, version: int) -> Appeal:
    file = appeals.find_file(uow, station.keys, appeal_id, lock=True)
    if file is None:
        raise AppealNotFound
    if not _answers_for(uow.person, file.appeal):
        raise NotYours("only_read", "You may read this appeal; it is amended by who holds a post where it lies.")
    if file.appeal.version != version:
        raise AppealChanged(file.appeal.version)
    return file.appeal


def _answers_for(person: Person, appeal: Appeal) -> bool:
    """An auditor sees everything and changes nothing."""
    paths = [post.path for post in person.posts if post.office_id is None]
    return any(where.startswith(path) for path in paths for where in (appeal.location.path, appeal.taken_path))


def _hears(person: Person, appeal: Appeal) -> bool:
    hearing = [post.path for post in person.posts if post.office_id is None and post.duty in _HEARING]
    on_line = any(where.startswith(path) for path in hearing for where in (appeal.location.path, appeal.taken_path))
    return on_line or appeal.taken_by == person.subject
