"""Sealed appeals: by whom, by what they are about; who reads the words, and when routing says otherwise."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import Channel
from contracts.routing import CaseFact, CaseOpenedV1, CaseStartedV1, CaseState, Handler, Party
from intake import errors
from intake.consumers import copy_category, follow_cases
from intake.domain.appeal import SEALED_GIST, Receipt, WithdrawalReason
from intake.service import amending, reading, receiving
from intake.service.station import Station
from kit.auth import AUDITOR, Person
from kit.crypto import KeyRing, new_key
from kit.db import UnitOfWork
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.intake.factories import RESIDENT_PERSON, make_category, make_clerk, make_submission, path_of

CASE = uuid4()
RING = KeyRing.parse(new_key("k1"))
TABLES = {"appeal": "id", "appeal_entry": "appeal_id", "progress": "appeal_id"}


@pytest.fixture
def clerk(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("intake", person=make_clerk())


@pytest.fixture
def colleague(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    """Another post of the same station."""
    return uow_of("intake", person=make_clerk("HZ1", subject="sun.yue"))


@pytest.fixture
def sealed_category(consumer: RolledBackUnitOfWork, station: Station) -> str:
    """Intake knows a sealed category with a word of its own."""
    copy_category(consumer, make_category("discipline", words=["吃拿卡要"], sealed=True), version=1)
    station.refresh(consumer)
    return "discipline"


def receive(uow: RolledBackUnitOfWork, station: Station, **overrides: Any) -> Receipt:
    return receiving.receive_appeal(uow, make_submission(place="HZ1-1", **overrides), station=station)


def reads(uow: RolledBackUnitOfWork, receipt: Receipt, station: Station) -> bool:
    try:
        reading.get_appeal(uow, receipt.appeal_id, station=station)
    except errors.AppealNotFound:
        return False
    return True


def fact(receipt: Receipt, version: int, *, sealed: bool | None, seen_by: list[str]) -> CaseFact:
    common: dict[str, Any] = {
        "case_id": CASE,
        "number": "C7K2",
        "version": version,
        "at": NOW,
        "placed_path": path_of("HZ1-1"),
        "parties": [Party(appeal_id=receipt.appeal_id, appeal_number="A1")],
        "sealed": sealed,
        "seen_by": seen_by,
    }
    if version == 1:
        return CaseOpenedV1(**common, state=CaseState.RECEIVED, gist=SEALED_GIST, channel=Channel.WINDOW)
    return CaseStartedV1(**common, state=CaseState.IN_PROGRESS, handler=Handler(post_id=uuid4(), title="窗口"))


def follow(consumer: UnitOfWork, *facts: CaseFact) -> None:
    follow_cases(consumer, list(facts))


def said(uow: RolledBackUnitOfWork) -> dict[str, Any]:
    (body,) = [event.body or "" for event in uow.published if event.type == "intake.appeal.received.v1"]
    return dict(json.loads(body))


def test_who_takes_it_seals_it_and_reads_it_until_routing_says_who_may(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, sealed=True)
    assert said(clerk)["sealed"] is True
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (True, False)
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=["sun.yue"]))
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (False, True)


@pytest.mark.parametrize("how", ["suggested", "confirmed", "complained_of"])
def test_what_it_is_about_seals_it(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, station: Station, sealed_category: str, how: str
) -> None:
    ways: dict[str, dict[str, Any]] = {
        "suggested": {"title": "窗口人员吃拿卡要"},
        "confirmed": {"category": sealed_category},
        "complained_of": {"complained_of": ("li.na",)},
    }
    receipt = receive(clerk, station, **ways[how])
    assert reading.get_appeal(clerk, receipt.appeal_id, station=station).appeal.sealed
    assert not reads(colleague, receipt, station)
    assert said(clerk)["sealed"] is False  # routing seals it by what it is about itself


def test_what_is_of_a_sealed_category_is_not_done_on_the_spot(
    clerk: RolledBackUnitOfWork, station: Station, sealed_category: str
) -> None:
    with pytest.raises(errors.Contradiction) as refused:
        receive(clerk, station, category=sealed_category, done_on_the_spot=True)
    assert refused.value.field == "/done_on_the_spot"


def test_what_is_confirmed_otherwise_is_not_sealed_by_a_suggestion(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, station: Station, sealed_category: str
) -> None:
    receipt = receive(clerk, station, title="窗口人员吃拿卡要", category="water")
    assert reads(colleague, receipt, station)


def test_a_correction_to_a_sealed_category_shuts_it_until_routing_says_to_whom_it_is_open(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, station: Station, sealed_category: str
) -> None:
    receipt = receive(clerk, station)
    assert reads(colleague, receipt, station)
    changed = amending.correct_appeal(
        clerk, receipt.appeal_id, version=1, words="窗口吃拿卡要", category=sealed_category, station=station
    )
    assert (changed.sealed, changed.seen_by) == (True, ("wang.min",))
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (True, False)


def test_who_reads_the_words_is_noted_for_auditors(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, uow_of: UnitOfWorkOf, station: Station
) -> None:
    sealed, other = receive(clerk, station, sealed=True), receive(clerk, station)
    for receipt in (sealed, other):
        reading.get_appeal(clerk, receipt.appeal_id, station=station)
    assert not reads(colleague, sealed, station)
    page = Page(limit=9, of_list="openings", ring=RING, cursor=None)
    with pytest.raises(errors.NotYours):
        reading.list_openings(colleague, sealed.appeal_id, page)
    auditor = uow_of("intake", person=Person("auditor", frozenset({AUDITOR})))
    (opening,) = reading.list_openings(auditor, sealed.appeal_id, page).items
    assert (opening.opened_by, opening.opened_at) == ("wang.min", NOW)
    assert reading.list_openings(auditor, other.appeal_id, page).items == []


def test_a_post_reads_what_is_open_to_it(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, sealed=True)
    post = colleague.person.posts[0].post_id
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=[str(post)]))
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (False, True)


def test_a_grant_reaches_whoever_it_names_whatever_their_place(
    clerk: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station, uow_of: UnitOfWorkOf
) -> None:
    receipt = receive(clerk, station, sealed=True)
    inspector = uow_of("intake", person=make_clerk("HZ2", subject="gu.min"))
    assert not reads(inspector, receipt, station)
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=["gu.min"]))
    assert reads(inspector, receipt, station)
    follow(consumer, fact(receipt, 2, sealed=True, seen_by=[]))
    assert not reads(inspector, receipt, station)


def test_what_is_sorted_otherwise_is_opened_again(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, sealed=True)
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=[]), fact(receipt, 2, sealed=False, seen_by=[]))
    assert reads(colleague, receipt, station)


def test_the_case_in_which_it_goes_on_says_to_whom_it_is_open_whichever_is_heard_last(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, sealed=True)
    gone = Party(appeal_id=receipt.appeal_id, appeal_number="A1", moves=1)
    into = fact(receipt, 2, sealed=True, seen_by=["sun.yue"]).model_copy(update={"case_id": uuid4(), "parties": [gone]})
    follow(consumer, into, fact(receipt, 1, sealed=True, seen_by=["wang.min"]))
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (False, True)
    follow(consumer, fact(receipt, 3, sealed=True, seen_by=["wang.min"]))
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (False, True)


def test_what_asks_again_about_a_sealed_appeal_is_sealed(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, station: Station, uow_of: UnitOfWorkOf
) -> None:
    first = receive(clerk, station, sealed=True)
    for who in (uow_of("intake", person=RESIDENT_PERSON), uow_of("intake", person=make_clerk("HZ1", subject="li.na"))):
        channel = Channel.WEB if who.person.subject == RESIDENT_PERSON.subject else Channel.WINDOW
        asked = make_submission(place="HZ1-1", channel=channel, repeat_of=first.query_code)
        again = receiving.receive_repeat(who, asked, station=station, client="127.0.0.1")
        assert isinstance(again, Receipt)
        assert said(who)["sealed"] is True
        assert not reads(colleague, again, station)


def test_what_is_said_late_or_says_nothing_changes_nothing(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, sealed=True)
    follow(consumer, fact(receipt, 2, sealed=True, seen_by=["sun.yue"]))
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=["wang.min"]))
    assert (reads(clerk, receipt, station), reads(colleague, receipt, station)) == (False, True)
    open_to_all = receive(clerk, station)
    follow(consumer, fact(open_to_all, 1, sealed=None, seen_by=[]))
    assert reads(colleague, open_to_all, station)


def test_lists_tell_no_gist_of_it_and_the_others_see_no_line(
    clerk: RolledBackUnitOfWork, colleague: RolledBackUnitOfWork, station: Station
) -> None:
    receive(clerk, station, sealed=True)

    def gists(uow: RolledBackUnitOfWork) -> list[str]:
        page = Page(limit=9, of_list="appeals", ring=RING, cursor=None)
        return [line.gist for line in reading.list_appeals(uow, page).items]

    assert (gists(clerk), gists(colleague)) == ([SEALED_GIST], [])


def test_the_database_itself_refuses_all_that_belongs_to_it(
    clerk: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station, uow_of: UnitOfWorkOf
) -> None:
    receipt = receive(clerk, station, sealed=True)
    amending.correct_appeal(clerk, receipt.appeal_id, version=1, words="补充：他还威胁我", station=station)
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=["wang.min"]))
    others = [
        uow_of("intake", person=make_clerk("HZ1-1", subject="li.na")),
        uow_of("intake", person=make_clerk("HZ", subject="sun.yue")),
        uow_of("intake", person=Person("audit.zhou", frozenset({AUDITOR}))),
    ]
    for table, column in TABLES.items():
        rows = text(f"select count(*) from {table} where {column} = :id")
        assert count(clerk, rows, receipt.appeal_id) == 1
        assert [count(other, rows, receipt.appeal_id) for other in others] == [0, 0, 0]
    assert [other.execute(text("select id from person")).all() for other in others] == [[], [], []]


def count(uow: RolledBackUnitOfWork, statement: Any, appeal_id: UUID) -> int:
    return int(uow.execute(statement, {"id": appeal_id}).scalar_one())


def test_who_reads_it_corrects_and_withdraws_it_and_nobody_else(
    clerk: RolledBackUnitOfWork, station: Station, uow_of: UnitOfWorkOf
) -> None:
    receipt = receive(clerk, station, sealed=True)
    other = uow_of("intake", person=make_clerk("HZ1-1", subject="li.na"))
    with pytest.raises(errors.AppealNotFound):
        amending.correct_appeal(other, receipt.appeal_id, version=1, words="x", station=station)
    changed = amending.correct_appeal(clerk, receipt.appeal_id, version=1, place="HZ1-1-1", station=station)
    reason = WithdrawalReason.UNWANTED
    assert amending.withdraw_appeal(
        clerk, receipt.appeal_id, version=changed.version, reason=reason, station=station
    ).withdrawn_at


def test_only_staff_seal(uow_of: UnitOfWorkOf, station: Station) -> None:
    resident = uow_of("intake", person=RESIDENT_PERSON)
    with pytest.raises(errors.NotYours, match="sealed"):
        receive(resident, station, channel=Channel.WEB, sealed=True)


def test_the_resident_sees_by_the_code_how_it_stands_as_of_any_other(
    clerk: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station, uow_of: UnitOfWorkOf
) -> None:
    receipt = receive(clerk, station, sealed=True)
    follow(consumer, fact(receipt, 1, sealed=True, seen_by=[]))
    anybody = uow_of("intake", person=Person("nobody"))
    found = reading.find_progress(anybody, receipt.query_code or "", client="127.0.0.1", station=station)
    assert getattr(found, "number", None) == receipt.number
