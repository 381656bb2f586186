"""The four APIs against their own OpenAPI documents: no 5xx, nothing undocumented, and every operation has answered."""

from collections.abc import Callable, Iterator

import pytest
from kit.testing.tokens import Identity
from schemathesis.core.failures import FailureGroup

from tests.contracts.stories import Home
from tests.system import api_stories
from tests.system.apis import aspect_of, running, settings_of
from tests.system.callers import OPERATOR, Caller

#: Made-up calls of each operation.
CALLS = 16


@pytest.fixture
def identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


def caller_of(service: str, url: str, identity: Identity) -> Caller:
    app = aspect_of(service, settings_of(service)).app
    assert app is not None
    return Caller(url, app.openapi(), identity)


def hold_to_its_document(api: Caller) -> None:
    assert api.never_well() == [], "the story leaves these operations out"
    for name in api.operations:
        api.make_up(name, calls=CALLS)


def test_grid_answers_as_documented(fresh_database_of: Callable[[str], str], identity: Identity) -> None:
    url = fresh_database_of("grid")
    with running("grid", url, identity) as address:
        api = caller_of("grid", address, identity)
        api_stories.grid(api)
        hold_to_its_document(api)


def test_intake_answers_as_documented(fresh_database_of: Callable[[str], str], identity: Identity) -> None:
    url = fresh_database_of("intake")
    api_stories.feed("intake", url, Home("intake"), topics=lambda name: name != "routing.case.v1")
    with running("intake", url, identity) as address:
        api = caller_of("intake", address, identity)
        api_stories.intake(api)
        hold_to_its_document(api)


def test_routing_answers_as_documented(fresh_database_of: Callable[[str], str], identity: Identity) -> None:
    url = fresh_database_of("routing")
    api_stories.feed("routing", url, Home("routing"), topics=lambda name: name != "notify.message.v1")
    with running("routing", url, identity) as address:
        api = caller_of("routing", address, identity)
        api_stories.freeze_a_month(url)
        api_stories.routing(api, lambda case_id: api_stories.withhold_the_asking(url, case_id))
        hold_to_its_document(api)


def test_notify_answers_as_documented(fresh_database_of: Callable[[str], str], identity: Identity) -> None:
    url = fresh_database_of("notify")
    api_stories.feed("notify", url, Home("notify"), topics=lambda _: True)
    with running("notify", url, identity) as address:
        api = caller_of("notify", address, identity)
        api_stories.notify(api, lambda: api_stories.fail_a_message(url))
        hold_to_its_document(api)


def test_an_operation_that_never_answered_well_is_found(
    fresh_database_of: Callable[[str], str], identity: Identity
) -> None:
    with running("grid", fresh_database_of("grid"), identity) as address:
        api = caller_of("grid", address, identity)
        api.call("GET /grid/v1/tiers", OPERATOR)
        assert "POST /grid/v1/tiers" in api.never_well()
        assert "GET /grid/v1/tiers" not in api.never_well()


def test_an_answer_that_is_not_documented_is_found(fresh_database_of: Callable[[str], str], identity: Identity) -> None:
    with running("grid", fresh_database_of("grid"), identity) as address:
        api = caller_of("grid", address, identity)
        del api.document["paths"]["/grid/v1/tiers"]["get"]["responses"]["200"]
        unlike = Caller(api.url, api.document, identity)
        with pytest.raises(FailureGroup) as found:
            unlike.call("GET /grid/v1/tiers", OPERATOR)
        assert "Undocumented status code" in {failure.title for failure in found.value.exceptions}
