"""Events in: parse, call one use case."""

from collections.abc import Callable, Sequence
from uuid import UUID

from contracts.envelope import Path, Tombstone
from contracts.grid import ContactChangedV1
from contracts.intake import PersonContactChangedV1
from contracts.routing import CaseFact
from contracts.topics import TOPICS
from kit.db import UnitOfWork
from kit.kafka import consumes, consumes_all, consumes_tombstone
from kit.kafka.tracing import under
from network import consumers as network
from network import places
from opentelemetry import propagate

from notify import repository
from notify.service import contacts
from notify.service.contacts import Change
from notify.service.office import Office
from notify.service.tell import tell
from notify.service.tellings import begin_tellings


def handlers(office: Office) -> Sequence[Callable[..., None]]:
    return (*network.handlers(moved=_move), *_contact_handlers(office), _case_handler(office))


def _case_handler(office: Office) -> Callable[..., None]:
    @consumes_all(TOPICS[CaseFact.TOPIC].events, set_wise=True)
    def tell_of_step(uow: UnitOfWork, events: Sequence[CaseFact]) -> None:
        traceparents = [_traceparent(event) for event in events]
        events = _where_they_are(uow, events)
        tell(uow, office, events, traceparents=traceparents)
        begin_tellings(uow, office, events, traceparents=traceparents)

    return tell_of_step


def _where_they_are(uow: UnitOfWork, events: Sequence[CaseFact]) -> Sequence[CaseFact]:
    """By this service's own copy of the grid, which may have moved on since they were said."""
    places.hold_still(uow)
    paths = places.list_paths(uow, {event.place_id for event in events if event.place_id})
    moved = ((event, paths.get(event.place_id) if event.place_id else None) for event in events)
    return [event.model_copy(update={"placed_path": path}) if path else event for event, path in moved]


def _contact_handlers(office: Office) -> Sequence[Callable[..., None]]:
    @consumes(PersonContactChangedV1, snapshot=True, set_wise=True)
    def keep_people(uow: UnitOfWork, events: Sequence[PersonContactChangedV1], *, versions: Sequence[int]) -> None:
        told = [Change(e.person_id, e.sealed, version) for e, version in zip(events, versions, strict=True)]
        contacts.keep_contacts(uow, office, told, topic=PersonContactChangedV1.TOPIC)

    @consumes(ContactChangedV1, snapshot=True, set_wise=True)
    def keep_staff_and_homes(uow: UnitOfWork, events: Sequence[ContactChangedV1], *, versions: Sequence[int]) -> None:
        told = [
            Change(e.contact_id, e.sealed, version, e.subject, e.place_id, e.room)
            for e, version in zip(events, versions, strict=True)
        ]
        contacts.keep_contacts(uow, office, told, topic=ContactChangedV1.TOPIC)

    @consumes_tombstone(PersonContactChangedV1.TOPIC)
    @consumes_tombstone(ContactChangedV1.TOPIC)
    def erase(uow: UnitOfWork, tombstone: Tombstone, *, version: int) -> None:
        contacts.erase_contact(uow, UUID(tombstone.key), topic=tombstone.topic, version=version)

    return (keep_people, keep_staff_and_homes, erase)


def _traceparent(event: CaseFact) -> str | None:
    """The event's own trace, also when it came in a set: what is sent for it joins that."""
    carrier: dict[str, str] = {}
    with under(event):
        propagate.inject(carrier)
    return carrier.get("traceparent")


def _move(uow: UnitOfWork, place_id: UUID, path: Path) -> None:
    repository.move_messages(uow, place_id, path)
    repository.move_tellings(uow, place_id, path)
