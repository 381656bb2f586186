"""When a message is tried again, and what is made of each answer."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify.domain.sending import (
    FIRST_DELAY,
    LONGEST_DELAY,
    MOST_ATTEMPTS,
    Outcome,
    Result,
    State,
    delay_after,
    key_of,
    settle,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@given(st.integers(1, 10_000))
def test_the_wait_never_shrinks_and_is_bounded(attempts: int) -> None:
    assert FIRST_DELAY <= delay_after(attempts) <= delay_after(attempts + 1) <= LONGEST_DELAY


def test_a_gateway_that_is_away_for_a_night_is_waited_for() -> None:
    waited = sum((delay_after(n) for n in range(1, MOST_ATTEMPTS)), timedelta())
    assert timedelta(hours=12) < waited < timedelta(hours=24)


@given(
    st.sampled_from(list(Result)),
    st.integers(1, MOST_ATTEMPTS + 5),
    st.booleans(),
    st.none() | st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_every_answer_ends_in_a_state_that_somebody_reads(
    result: Result, attempts: int, is_idempotent: bool, retry_after: timedelta | None
) -> None:
    settled = settle(
        Outcome(result, "code", retry_after=retry_after), attempts=attempts, is_idempotent=is_idempotent, now=NOW
    )
    assert (settled.due_at is not None) == (settled.state is State.QUEUED)
    if settled.due_at is not None:
        assert NOW < settled.due_at <= NOW + LONGEST_DELAY
        assert attempts < MOST_ATTEMPTS
    assert (settled.state is State.SENT) == (result is Result.ACCEPTED)


def test_without_a_key_a_call_without_an_answer_is_never_repeated() -> None:
    uncertain = Outcome(Result.UNCERTAIN, "no_answer")
    assert settle(uncertain, attempts=1, is_idempotent=False, now=NOW).state is State.UNKNOWN
    assert settle(uncertain, attempts=1, is_idempotent=True, now=NOW).state is State.QUEUED


def test_what_may_have_been_sent_is_given_up_as_unknown_not_as_failed() -> None:
    def last(result: Result) -> State:
        return settle(Outcome(result), attempts=MOST_ATTEMPTS, is_idempotent=True, now=NOW).state

    assert (last(Result.UNCERTAIN), last(Result.DEFERRED)) == (State.UNKNOWN, State.FAILED)


def test_the_gateways_own_wait_is_kept_when_longer_and_capped() -> None:
    def wait(seconds: int) -> timedelta:
        outcome = Outcome(Result.DEFERRED, retry_after=timedelta(seconds=seconds))
        due = settle(outcome, attempts=1, is_idempotent=True, now=NOW).due_at
        assert due is not None
        return due - NOW

    assert wait(1) == FIRST_DELAY
    assert wait(60) == timedelta(seconds=60)
    assert wait(10**6) == LONGEST_DELAY


@pytest.mark.parametrize("turn, key", [(0, str(UUID(int=7))), (2, f"{UUID(int=7)}.2")])
def test_the_providers_key_changes_only_when_a_person_sends_again(turn: int, key: str) -> None:
    assert key_of(UUID(int=7), turn) == key
