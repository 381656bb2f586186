"""What a resident says of an answer, by a link that needs no account: once for each answer, and of nothing else."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import AppealRatedV1
from contracts.rating import PURPOSE, subject_of
from contracts.routing import (
    CaseAnsweredV1,
    CaseCalledBackV1,
    CaseRedoneV1,
    CaseReportReviewedV1,
    CaseState,
    CaseVerifiedV1,
    ContactOutcome,
    Outcome,
    Party,
)
from intake.domain.appeal import EntryKind, Receipt, WithdrawalReason
from intake.domain.progress import Progress, Standing
from intake.domain.rating import Over, Said
from intake.errors import AppealNotFound, NoSuchTicket, NothingAsked
from intake.repository.sealing import Keys
from intake.service import amending, rating, reading, receiving
from intake.service.following import follow_cases
from intake.service.station import Station
from kit.auth import NOWHERE
from kit.crypto import make_ticket
from kit.db import UnitOfWork
from kit.testing.servers import NOW, RolledBackUnitOfWork
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.intake.factories import make_clerk, make_keys, make_submission

UNTIL = NOW + timedelta(days=7)
WORDS = "灯修好了，但是隔天又灭了，李小华"


@pytest.fixture
def receipt(uow_of: UnitOfWorkOf, station: Station) -> Receipt:
    return receiving.receive_appeal(uow_of("intake", person=make_clerk()), make_submission(), station=station)


def step(kind: type[Any], receipt: Receipt, **more: Any) -> Any:
    facts = {
        "version": 4,
        "case_id": UUID(int=7),
        "number": "C7K2",
        "at": NOW,
        "state": CaseState.ANSWERED,
        "placed_path": "/",
        "parties": [Party(appeal_id=receipt.appeal_id, appeal_number="A1", answer=more.pop("party_answer", None))],
    }
    return kind(**{**facts, **more})


def answered(receipt: Receipt, answer: int = 1, **more: Any) -> CaseAnsweredV1:
    facts = {"outcome": Outcome.SOLVED, "answer": "修好了", "handler": None, "promise_met": True, "rate_by": UNTIL}
    told: CaseAnsweredV1 = step(CaseAnsweredV1, receipt, party_answer=answer, **{**facts, **more})
    return told


def ticket_of(receipt: Receipt, keys: Keys, answer: int = 1) -> str:
    return make_ticket(keys.transport, PURPOSE, subject_of(receipt.appeal_id, answer))


def resident(uow_of: UnitOfWorkOf, **more: Any) -> RolledBackUnitOfWork:
    """Nobody is signed in, and nothing is in scope."""
    return uow_of("intake", scope=NOWHERE, **more)


def say(uow: UnitOfWork, ticket: str, station: Station, **overrides: Any) -> None:
    said = Said(**{"solved": False, "rating": 2, "words": WORDS, **overrides})
    rating.rate_answer(uow, ticket, said, station=station)


def progress_of(uow_of: UnitOfWorkOf, receipt: Receipt, station: Station, **more: Any) -> Progress:
    found = reading.find_progress(
        resident(uow_of, **more), receipt.query_code or "", client="203.0.113.7", station=station
    )
    assert isinstance(found, Progress)
    return found


def test_what_is_said_is_an_entry_of_the_appeal_and_all_but_the_words_is_told(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station, keys: Keys
) -> None:
    follow_cases(consumer, [answered(receipt)])
    uow = resident(uow_of)
    say(uow, ticket_of(receipt, keys), station)
    (event,) = uow.published
    told = AppealRatedV1.model_validate_json(event.body or "")
    assert (told.answer, told.solved, told.rating, told.rated_at, told.version) == (1, False, 2, NOW, 2)
    assert WORDS not in (event.body or "")
    file = reading.get_appeal(uow_of("intake", person=make_clerk()), receipt.appeal_id, station=station)
    (entry,) = file.entries
    assert (entry.kind, entry.by, entry.words, entry.answer, entry.solved, entry.rating) == (
        *(EntryKind.RATED, None, WORDS, 1, False, 2),
    )


def test_the_resident_of_a_sealed_appeal_says_so_by_the_link_and_nobody_else_reads_it(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, keys: Keys
) -> None:
    clerk = uow_of("intake", person=make_clerk())
    receipt = receiving.receive_appeal(clerk, make_submission(sealed=True), station=station)
    follow_cases(consumer, [answered(receipt, sealed=True, seen_by=["sun.yue"])])
    say(resident(uow_of), ticket_of(receipt, keys), station)
    with pytest.raises(AppealNotFound):
        reading.get_appeal(uow_of("intake", person=make_clerk()), receipt.appeal_id, station=station)
    file = reading.get_appeal(
        uow_of("intake", person=make_clerk(subject="sun.yue")), receipt.appeal_id, station=station
    )
    assert [entry.words for entry in file.entries] == [WORDS]


def test_the_words_are_stored_sealed(uow_of: UnitOfWorkOf, receipt: Receipt, station: Station, keys: Keys) -> None:
    say(resident(uow_of), ticket_of(receipt, keys), station)
    stored = uow_of("intake", person=make_clerk()).execute(text("select words from appeal_entry")).scalar_one()
    assert stored.startswith("v1.")
    assert "李小华" not in stored


def test_it_is_said_once_for_each_answer(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station, keys: Keys
) -> None:
    follow_cases(consumer, [answered(receipt)])
    say(resident(uow_of), ticket_of(receipt, keys), station)
    again = resident(uow_of)
    with pytest.raises(NothingAsked) as refused:
        say(again, ticket_of(receipt, keys), station, solved=True)
    assert (refused.value.over, again.published) == (Over.RATED, [])
    follow_cases(consumer, [answered(receipt, 2, version=9)])
    say(resident(uow_of), ticket_of(receipt, keys, 2), station, solved=True)


def test_a_link_opens_before_the_copy_of_its_case_has_come(
    uow_of: UnitOfWorkOf, receipt: Receipt, station: Station, keys: Keys
) -> None:
    assert rating.find_asked(resident(uow_of), ticket_of(receipt, keys), station=station).over(NOW) is None
    say(resident(uow_of), ticket_of(receipt, keys), station)


def test_of_an_answer_before_the_newest_nothing_is_asked_any_more(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station, keys: Keys
) -> None:
    follow_cases(consumer, [answered(receipt, 2)])
    with pytest.raises(NothingAsked) as refused:
        say(resident(uow_of), ticket_of(receipt, keys, 1), station)
    assert refused.value.over == Over.ANSWERED_ANEW


def test_when_the_time_is_over_nothing_is_asked_any_more(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station, keys: Keys
) -> None:
    follow_cases(consumer, [answered(receipt)])
    with pytest.raises(NothingAsked) as refused:
        say(resident(uow_of, now=UNTIL + timedelta(seconds=1)), ticket_of(receipt, keys), station)
    assert refused.value.over == Over.TOO_LATE
    say(resident(uow_of, now=UNTIL), ticket_of(receipt, keys), station)


@pytest.mark.parametrize(
    "kind, more",
    [
        (CaseVerifiedV1, {"passed": False, "gist": "路灯", "handler": None}),
        (
            CaseReportReviewedV1,
            {
                "office": "市热线",
                "their_number": "GD1",
                "report": "B1",
                "accepted": False,
                "gist": "路灯",
                "handler": None,
                "due_at": UNTIL,
            },
        ),
    ],
)
def test_of_what_was_no_answer_after_all_nothing_is_asked(  # noqa: PLR0917  # a table's columns
    uow_of: UnitOfWorkOf,
    consumer: UnitOfWork,
    receipt: Receipt,
    station: Station,
    keys: Keys,
    kind: type[Any],
    more: dict[str, Any],
) -> None:
    follow_cases(consumer, [answered(receipt), step(kind, receipt, version=5, state=CaseState.ASSIGNED, **more)])
    with pytest.raises(NothingAsked) as refused:
        say(resident(uow_of), ticket_of(receipt, keys), station)
    assert refused.value.over == Over.NOT_ASKED
    follow_cases(consumer, [answered(receipt, 2, version=6)])
    say(resident(uow_of), ticket_of(receipt, keys, 2), station)


def test_of_what_was_withdrawn_nothing_is_asked(
    uow_of: UnitOfWorkOf, receipt: Receipt, station: Station, keys: Keys
) -> None:
    clerk = uow_of("intake", person=make_clerk())
    amending.withdraw_appeal(clerk, receipt.appeal_id, version=1, reason=WithdrawalReason.SETTLED, station=station)
    with pytest.raises(NothingAsked) as refused:
        say(resident(uow_of), ticket_of(receipt, keys), station)
    assert refused.value.over == Over.WITHDRAWN


def test_a_link_that_we_have_not_written_asks_nothing(
    uow_of: UnitOfWorkOf, receipt: Receipt, station: Station, keys: Keys
) -> None:
    good = ticket_of(receipt, keys)
    of_nobody = make_ticket(keys.transport, PURPOSE, subject_of(uuid4(), 1))
    for_something_else = make_ticket(keys.transport, "another purpose", subject_of(receipt.appeal_id, 1))
    by_others = ticket_of(receipt, make_keys())
    about_nothing = make_ticket(keys.transport, PURPOSE, b"short")
    other_answer = ticket_of(receipt, keys, 2)[:24] + good[24:]
    wrong = (of_nobody, for_something_else, by_others, about_nothing, other_answer, good[:-1], f"{good}A", "", "链接")
    for ticket in wrong:
        uow = resident(uow_of)
        with pytest.raises(NoSuchTicket):
            say(uow, ticket, station)
        assert uow.published == []


def test_a_link_shows_nothing_of_anybody(uow_of: UnitOfWorkOf, receipt: Receipt, station: Station, keys: Keys) -> None:
    uow = resident(uow_of)
    asked = rating.find_asked(uow, ticket_of(receipt, keys), station=station)
    assert asked.number == receipt.number
    assert uow.execute(text("select id from appeal")).all() == [], "the scope is as it was"


# The progress page -----------------------------------------------------------------------------------------------


def test_the_progress_page_asks_too_until_it_was_said_or_is_over(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station, keys: Keys
) -> None:
    assert progress_of(uow_of, receipt, station).asked is None
    follow_cases(consumer, [answered(receipt)])
    shown = progress_of(uow_of, receipt, station)
    assert shown.asked is not None
    assert (shown.standing, shown.asked.rate_by, shown.rated) == (Standing.ANSWERED, UNTIL, False)
    assert rating.rating_path(shown.asked, keys) == f"/ratings/{ticket_of(receipt, keys)}"
    assert progress_of(uow_of, receipt, station, now=UNTIL + timedelta(seconds=1)).asked is None
    say(resident(uow_of), ticket_of(receipt, keys), station)
    after = progress_of(uow_of, receipt, station)
    assert (after.asked, after.rated) == (None, True)


def test_who_has_told_a_caller_is_asked_no_more(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station
) -> None:
    said = {"appeal_id": receipt.appeal_id, "answer": 1, "attempt": 1, "handler": None}
    vain = step(CaseCalledBackV1, receipt, version=5, outcome=ContactOutcome.NOT_REACHED, **said)
    told = step(CaseCalledBackV1, receipt, version=6, outcome=ContactOutcome.REACHED, solved=True, **said)
    follow_cases(consumer, [answered(receipt), vain])
    assert progress_of(uow_of, receipt, station).asked is not None
    follow_cases(consumer, [told])
    assert progress_of(uow_of, receipt, station).asked is None


def test_what_is_done_again_shows_who_does_it_and_by_when(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station
) -> None:
    due = NOW + timedelta(days=3)
    said = {"appeal_id": receipt.appeal_id, "answer": 1, "redos": 1, "gist": "停水", "superior": None, "handler": None}
    again = step(
        CaseRedoneV1,
        receipt,
        version=6,
        state=CaseState.ASSIGNED,
        promise_due=due,
        promise_text={"zh": "三个工作日内"},
        **said,
    )
    follow_cases(consumer, [answered(receipt), again])
    shown = progress_of(uow_of, receipt, station)
    assert (shown.standing, shown.due, shown.promise, shown.asked) == (
        *(Standing.ASSIGNED, due, {"zh": "三个工作日内"}, None),
    )
