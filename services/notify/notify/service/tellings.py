"""An incident's households, told one by one: found at once by the consumer, told in parts by the clock.

Finding a thousand households is one statement; opening how each is reached, and sealing what it reads, is not. So the
consumer writes down who is owed, and the clock takes some at a time, each part a transaction of its own: what dies
between two parts goes on where it stopped, and each household is in the part of one transaction only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from contracts.grid import PlaceChangedV1
from contracts.intake import Reach
from contracts.routing import CaseFact, CaseIncidentV1, Handler
from kit.crypto import CannotOpen, DataKey
from kit.db import UnitOfWork
from kit.errors import NotYet
from kit.ids import new_id
from network.places import hold_still, prefixes
from network.posts import Seat, list_seats

from notify import repository
from notify.domain.owed import owed_to_chief, owed_to_household
from notify.domain.tellings import VISITING, Door, Way, doors_in_words, is_reached, number_of, way_of, who_visits
from notify.repository import Contact, HouseholdOwed, Telling
from notify.service.contacts import reach_of
from notify.service.office import Office
from notify.service.tell import Draft, queue, queue_again, reaches_of

#: Households of one transaction.
AT_ONCE = 200


def begin_tellings(
    uow: UnitOfWork, office: Office, events: Sequence[CaseFact], *, traceparents: Sequence[str | None]
) -> None:
    """Write down which households are owed what. A telling that has come before is passed over."""
    for event, traceparent in zip(events, traceparents, strict=True):
        if isinstance(event, CaseIncidentV1) and not event.silent:
            _begin(uow, office, event, traceparent)


def _begin(uow: UnitOfWork, office: Office, event: CaseIncidentV1, traceparent: str | None) -> None:
    for place_id in repository.list_unknown_places(uow, event.place_ids):
        raise NotYet(PlaceChangedV1.TOPIC, place_id)
    new = Telling(
        case_id=event.case_id,
        telling=event.telling,
        number=event.number,
        version=event.version,
        place_id=event.place_id,
        placed_path=event.placed_path,
        gist=event.gist,
        words=office.keys.seal(event.words.encode(), _bound(event.case_id, event.telling)),
        handler=event.handler.model_dump(mode="json") if event.handler else None,
        persons=[party.person_id for party in event.parties if party.person_id],
        barred=event.barred,
        traceparent=traceparent,
        begun_at=uow.now,
    )
    if repository.add_telling(uow, new):
        repository.add_households(uow, new, event.place_ids, named_now=event.named_now)


def tell_next(uow: UnitOfWork, office: Office, *, limit: int = AT_ONCE) -> int:
    """Tell the next households of the oldest telling; once nobody is left of it, send chiefs to those whom no message
    reaches. How many households that were; 0: there is nothing to tell.
    """
    telling = repository.claim_telling(uow)
    if telling is None:
        return 0
    hold_still(uow)
    owed = repository.list_owed(uow, telling, limit=limit)
    words = office.keys.open(telling.words, _bound(telling.case_id, telling.telling)).decode()
    _tell(uow, office, telling, owed, words)
    if len(owed) < limit:
        _send_chiefs(uow, office, telling, words)
        repository.finish_telling(uow, telling)
    return max(len(owed), 1)


def _tell(uow: UnitOfWork, office: Office, telling: Telling, owed: Sequence[HouseholdOwed], words: str) -> None:
    reaches = {each.household_id: _opened(office, each.household_id, each.wrapped_key, each.reach) for each in owed}
    told = _numbers_told(uow, office, telling)
    ways: dict[UUID, tuple[Way, UUID | None]] = {}
    drafts: list[Draft] = []
    for each in owed:
        opened = reaches[each.household_id]
        way = way_of(opened[1] if opened else None, told=told)
        if way is Way.MESSAGE:
            drafts.append(_draft(uow, telling, each, words))
        ways[each.household_id] = (way, drafts[-1].message_id if way is Way.MESSAGE else None)
    queue(uow, office, drafts, {household_id: opened for household_id, opened in reaches.items() if opened})
    repository.save_ways(uow, telling, ways)


def _opened(office: Office, whose: UUID, wrapped_key: str | None, reach: str | None) -> tuple[DataKey, Reach] | None:
    """None where it is not known any more, or cannot be read: then somebody goes there."""
    if wrapped_key is None or reach is None:
        return None
    try:
        return reach_of(office, Contact(whose, wrapped_key, reach, version=0))
    except CannotOpen:
        return None


def _numbers_told(uow: UnitOfWork, office: Office, telling: Telling) -> set[str]:
    """Those at which the notices about the case's appeals reach somebody."""
    known = repository.list_contacts(uow, telling.persons).values()
    opened = [_opened(office, person.contact_id, person.wrapped_key, person.reach) for person in known]
    return {number_of(each[1]) for each in opened if each and is_reached(each[1])}


def _draft(uow: UnitOfWork, telling: Telling, owed: HouseholdOwed, words: str) -> Draft:
    handler = Handler.model_validate(telling.handler) if telling.handler else None
    notice = owed_to_household(owed.household_id, number=telling.number, words=words, handler=handler)
    at_home = replace(telling, place_id=owed.place_id, placed_path=owed.placed_path)
    return Draft(new_id(uow.now), at_home, notice, telling.traceparent)


def _send_chiefs(uow: UnitOfWork, office: Office, telling: Telling, words: str) -> None:
    """A task to each chief, for all of their buildings together; who has one, and is to go to more doors, finds all of
    them in it. Where nobody up to the root holds a post, nobody is sent: those households stay untold, and are counted
    so.
    """
    doors: dict[Seat, list[Door]] = {}
    for seat, door in _visits(uow, telling):
        doors.setdefault(seat, []).append(door)
    theirs = {seat: listed for seat, listed in _by_subject(doors).items() if any(d.task_id is None for d in listed)}
    tasks = repository.list_tasks(uow, telling, [seat.subject for seat in theirs if seat.subject])
    drafts = {
        seat: _task(uow, telling, seat, listed, words=words, task_id=tasks.get(seat.subject or ""))
        for seat, listed in theirs.items()
    }
    reaches = reaches_of(uow, office, list(drafts.values()))
    queue(uow, office, [each for each in drafts.values() if each.message_id not in tasks.values()], reaches)
    queue_again(uow, office, [each for each in drafts.values() if each.message_id in tasks.values()], reaches)
    ways = {
        door.household_id: (Way.VISIT, drafts[seat].message_id) for seat, listed in theirs.items() for door in listed
    }
    repository.save_ways(uow, telling, ways)


def _visits(uow: UnitOfWork, telling: Telling) -> list[tuple[Seat, Door]]:
    doors = repository.list_doors(uow, telling)
    seats = list_seats(uow, {door.path for door in doors}, VISITING) if doors else []
    seats = [seat for seat in seats if seat.office_id is None]
    chiefs: dict[str, Seat | None] = {}
    for path in {door.path for door in doors}:
        line = set(prefixes(path))
        chiefs[path] = who_visits((s for s in seats if s.path in line), never=telling.barred)
    return [(seat, door) for door in doors if (seat := chiefs[door.path]) is not None]


def _by_subject(doors: Mapping[Seat, list[Door]]) -> dict[Seat, list[Door]]:
    """Most chiefs hold one or two buildings: what each is to do stands together, under the first of their posts."""
    first: dict[str | None, Seat] = {}
    together: dict[Seat, list[Door]] = {}
    for seat, listed in doors.items():
        together.setdefault(first.setdefault(seat.subject, seat), []).extend(listed)
    return together


def _task(
    uow: UnitOfWork, telling: Telling, seat: Seat, doors: Sequence[Door], *, words: str, task_id: UUID | None
) -> Draft:
    """``task_id``: of the one that they have."""
    assert seat.subject is not None
    notice = owed_to_chief(
        *(seat.subject, seat.contact_id),
        number=telling.number,
        gist=telling.gist,
        words=words,
        households=len(doors),
        doors=doors_in_words(doors),
    )
    return Draft(task_id or new_id(uow.now), telling, notice, telling.traceparent)


def _bound(case_id: UUID, telling: int) -> str:
    """What the sealed words are bound to."""
    return f"telling words {case_id} {telling}"
