"""Every handler of every service over every example of each type that it takes, as it takes them from the broker."""

import pytest
from contracts.catalogue import examples_of
from contracts.topics import TOPICS
from kit.db import UnitOfWork
from kit.kafka.handlers import subscriptions_of
from kit.kafka.taking import take
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.contracts.services import book_of, handlers_of
from tests.contracts.stories import at_home, batches_of, read, record_of, story_of

CONSUMERS = ("intake", "notify", "routing")


@pytest.mark.parametrize("service", CONSUMERS)
def test_every_handler_takes_every_example(service: str, uow_of: UnitOfWorkOf) -> None:
    book = book_of(service)
    uow = uow_of(service, role="consumer")
    taken = []
    for example in story_of(book):
        if book.find(example.record.topic, example.type) is None:
            continue
        results = take(uow, service, [read(book, at_home(uow, example.record, service))]).results
        assert [result for _, result in results] == ["applied"], f"{example.type} {example.name}"
        uow.flush()
        taken.append(example.type)
    assert set(taken) == {s.type for s in subscriptions_of(handlers_of(service)) if s.type}


@pytest.mark.parametrize("service", CONSUMERS)
def test_taking_a_whole_topic_as_one_batch_is_the_same(service: str, uow_of: UnitOfWorkOf) -> None:
    book = book_of(service)
    uow = uow_of(service, role="consumer")
    for batch in batches_of(book):
        messages = [read(book, at_home(uow, record, service)) for record in batch]
        results = take(uow, service, messages).results
        assert {result for _, result in results} == {"applied"}
        uow.flush()


@pytest.mark.parametrize("service", CONSUMERS)
def test_an_example_that_comes_again_changes_nothing(service: str, uow_of: UnitOfWorkOf) -> None:
    book = book_of(service)
    uow = uow_of(service, role="consumer")
    messages = []
    for batch in batches_of(book):
        messages += [read(book, at_home(uow, record, service)) for record in batch]
        take(uow, service, messages[-len(batch) :])
        uow.flush()
    before = _rows(uow)
    results = take(uow, service, messages).results
    assert {result for _, result in results} <= {"repeated", "applied"}
    assert all(m.subscription and m.subscription.snapshot for m, result in results if result == "applied")
    assert uow.published == [], "what comes again is told again"
    assert _rows(uow) == before


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
