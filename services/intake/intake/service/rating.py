"""A resident says whether an answer solved the matter: once for each answer, by the link that came with it."""

from contracts.rating import PURPOSE, asked_by, subject_of
from kit.crypto import CannotOpen, make_ticket, read_ticket
from kit.db import UnitOfWork
from kit.ids import new_id

from intake import events
from intake.domain.appeal import Appeal, Entry, EntryKind
from intake.domain.progress import Asking
from intake.domain.rating import Asked, Over, Said
from intake.errors import NoSuchTicket, NothingAsked
from intake.repository import appeals, progress
from intake.repository.sealing import Keys
from intake.service.station import Station


def find_asked(uow: UnitOfWork, ticket: str, *, station: Station) -> Asked:
    """What the link asks about; it opens that and nothing else."""
    asked = _find(uow, ticket, station.keys)
    if asked is None:
        raise NoSuchTicket
    return asked


def _find(uow: UnitOfWork, ticket: str, keys: Keys) -> Asked | None:
    try:
        appeal_id, answer = asked_by(read_ticket(keys.transport, PURPOSE, ticket))
    except (CannotOpen, ValueError):
        return None
    return progress.find_asked(uow, appeal_id, answer)


def rating_path(asked: Asking, keys: Keys) -> str:
    """Where its resident says so, for who holds the query code."""
    return f"/ratings/{make_ticket(keys.transport, PURPOSE, subject_of(asked.appeal_id, asked.answer))}"


def rate_answer(uow: UnitOfWork, ticket: str, said: Said, *, station: Station) -> Appeal:
    """An entry of the appeal; routing is told all but the words, and does again what is not solved."""
    asked = find_asked(uow, ticket, station=station)
    if over := asked.over(uow.now):
        raise NothingAsked(over)
    appeals.write_for(uow, asked.placed_path, asked.taken_path)
    appeals.open_to_its_own(uow, asked.appeal_id)
    file = appeals.find_file(uow, station.keys, asked.appeal_id, lock=True)
    if file is None:
        raise NoSuchTicket
    # Read again: whoever clicked twice had the appeal locked.
    if any(entry.kind is EntryKind.RATED and entry.answer == asked.answer for entry in file.entries):
        raise NothingAsked(Over.RATED)
    appeal = file.appeal
    appeal.rate()
    entry = Entry(
        id=new_id(uow.now),
        appeal_id=appeal.id,
        at=uow.now,
        by=None,
        kind=EntryKind.RATED,
        version=appeal.version,
        words=said.words,
        answer=asked.answer,
        solved=said.solved,
        rating=said.rating,
    )
    appeals.add_entry(uow, station.keys, entry, asker=appeal.person_id)
    appeals.save_appeal(uow, appeal)
    uow.publish(events.appeal_rated(entry, said))
    return appeal
