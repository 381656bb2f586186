"""Every handler of every service over every example of each type that it takes, as it takes them from the broker."""

import pytest
from contracts.catalogue import examples_of
from contracts.topics import TOPICS
from intake.service.receiving import receive_appeal
from intake.service.station import Station
from kit.db import UnitOfWork
from kit.kafka.handlers import subscriptions_of
from kit.kafka.record import Message, Record
from kit.kafka.taking import take
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.contracts.services import book_of, handlers_of
from tests.contracts.stories import Home, batches_of, read, record_of, story_of
from tests.intake.factories import make_clerk, make_keys, make_submission

CONSUMERS = ("intake", "notify", "routing")


class Consumer:
    """A service that takes the story, batch by batch, in one transaction that is undone."""

    def __init__(self, service: str, uow_of: UnitOfWorkOf) -> None:
        self.service = service
        self.uow_of = uow_of
        self.uow = uow_of(service, role="consumer")
        self.book = book_of(service)
        self.home = Home(service)
        self.taken: list[Message] = []

    def take_story(self, *, size: int | None = None) -> None:
        for batch in batches_of(self.book):
            self._settle(batch[0].topic)
            for start in range(0, len(batch), size or len(batch)):
                self._take(batch[start : start + (size or len(batch))])

    def _settle(self, topic: str) -> None:
        if (self.service, topic) == ("routing", "notify.message.v1"):
            self.home.learn_cases(self.uow)
        if (self.service, topic) == ("intake", "routing.case.v1"):
            self.home.learn_appeals(self._receive_appeal)

    def _receive_appeal(self) -> str:
        clerk = self.uow_of("intake", person=make_clerk())
        station = Station(make_keys())
        station.refresh(self.uow)
        return str(receive_appeal(clerk, make_submission(), station=station).appeal_id)

    def _take(self, batch: list[Record]) -> None:
        messages = [read(self.book, self.home.fit(record)) for record in batch]
        results = take(self.uow, self.service, messages).results
        assert {result for _, result in results} == {"applied"}, [(m.type, m.key, result) for m, result in results]
        self.uow.flush()
        self.taken += messages


@pytest.fixture(params=CONSUMERS)
def consumer(request: pytest.FixtureRequest, uow_of: UnitOfWorkOf) -> Consumer:
    return Consumer(request.param, uow_of)


def test_every_handler_takes_every_example_one_by_one(consumer: Consumer) -> None:
    consumer.take_story(size=1)
    taken = {message.type for message in consumer.taken}
    assert taken == {s.type for s in subscriptions_of(handlers_of(consumer.service)) if s.type}


def test_every_handler_takes_a_whole_topic_as_one_batch(consumer: Consumer) -> None:
    consumer.take_story()
    examples = [e for e in story_of(consumer.book) if consumer.book.find(e.record.topic, e.type)]
    assert len(consumer.taken) == len(examples)


def test_an_example_that_comes_again_changes_nothing(consumer: Consumer) -> None:
    consumer.take_story()
    before = _rows(consumer.uow)
    results = take(consumer.uow, consumer.service, consumer.taken).results
    assert {result for _, result in results} <= {"repeated", "applied"}
    assert all(m.subscription and m.subscription.snapshot for m, result in results if result == "applied")
    assert consumer.uow.published == [], "what comes again is told again"
    assert _rows(consumer.uow) == before


@pytest.mark.parametrize("service", CONSUMERS)
def test_every_tombstone_is_taken(service: str, uow_of: UnitOfWorkOf) -> None:
    book = book_of(service)
    uow = uow_of(service, role="consumer")
    for name in book.topics:
        if book.find(name, None) is None:
            continue
        for event in TOPICS[name].events:
            for body in examples_of(event.TYPE).values():
                key = event.model_validate(body).key
                for version, value in ((body["version"], body), (body["version"] + 1, None)):
                    message = read(book, record_of(name, event.TYPE, value, key=key, version=version))
                    assert [result for _, result in take(uow, service, [message]).results] == ["applied"]


def _rows(uow: UnitOfWork) -> dict[str, int]:
    names = (
        uow.execute(
            text(
                "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
                " and not relispartition and has_table_privilege(oid, 'select')"
            )
        )
        .scalars()
        .all()
    )
    return {name: uow.execute(text(f'select count(*) from "{name}"')).scalar_one() for name in sorted(names)}
