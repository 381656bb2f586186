"""The registry of topics against the services' own code: who says what, who takes what."""

from pathlib import Path

import pytest
from contracts.topics import EVENTS, TOPICS
from kit.kafka.handlers import subscriptions_of

from tests.contracts.services import SERVICES, events_made_elsewhere, handlers_of, published_by


def registered_for(service: str) -> set[str]:
    return {event.TYPE for topic in TOPICS.values() if topic.owner == service for event in topic.events}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_what_the_registry_lets_it_say_and_all_of_it(service: str) -> None:
    assert published_by(service) == registered_for(service)


@pytest.mark.parametrize("service", SERVICES)
def test_events_are_made_in_the_events_module_alone(service: str) -> None:
    assert list(events_made_elsewhere(service)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_from_the_topics_that_name_it_as_consumer(service: str) -> None:
    taken = {subscription.topic for subscription in subscriptions_of(handlers_of(service))}
    assert taken == {topic.name for topic in TOPICS.values() if service in topic.consumers}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_types_that_their_topic_carries(service: str) -> None:
    for subscription in subscriptions_of(handlers_of(service)):
        if subscription.event is not None:
            assert subscription.event in TOPICS[subscription.topic].events


def test_every_event_of_an_internal_topic_is_taken_by_somebody() -> None:
    taken = {s.type for service in SERVICES for s in subscriptions_of(handlers_of(service))}
    internal = {event.TYPE for topic in TOPICS.values() if not topic.public for event in topic.events}
    assert internal <= taken


def test_what_may_be_erased_is_erased_by_each_who_keeps_it() -> None:
    """Contacts are erased by tombstones: each consumer of such a topic takes them."""
    for name in ("grid.contact.v1", "intake.contact.v1"):
        for service in TOPICS[name].consumers:
            tombstones = {s.topic for s in subscriptions_of(handlers_of(service)) if s.type is None}
            assert name in tombstones, f"{service} keeps {name} and takes no tombstone"


def test_topics_and_types_are_named_alike() -> None:
    for topic in TOPICS.values():
        subject = topic.name.removesuffix(".v1")
        for event in topic.events:
            assert event.TYPE.startswith(f"{subject}."), event.TYPE
            assert topic.name == event.TOPIC
            assert event.SUBJECT in event.model_fields
    assert len(EVENTS) == sum(len(topic.events) for topic in TOPICS.values()), "two events share a type"


def test_an_event_that_nobody_registered_is_found(tmp_path: Path) -> None:
    home = tmp_path / "services" / "notify" / "notify"
    home.mkdir(parents=True)
    (home / "events.py").write_text("from contracts.routing import CaseClosedV1\nCaseClosedV1(version=1)\n")
    (home / "service.py").write_text("from contracts.notify import MessageFailedV1 as Failed\nFailed(version=1)\n")
    assert published_by("notify", root=tmp_path) == {"routing.case.closed.v1"}
    assert [made for _, made in events_made_elsewhere("notify", root=tmp_path)] == ["notify.message.failed.v1"]
