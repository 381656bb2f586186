"""The handling record: what is entered, what it changes besides, and what the resident is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealWithdrawnV1
from contracts.routing import Ask, CaseRecordedV1, CaseState, ContactOutcome, RecordKind
from kit.crypto import KeyRing, new_key
from kit.errors import ServiceError
from kit.numbers import Mistyped, parse_number
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.recording import Work
from routing.domain.steps import Step
from routing.errors import (
    CaseNotFound,
    LetterAnswered,
    LetterNotFound,
    NoPapersMissing,
    NotInCustody,
    NotOfTheCase,
    NotYourStep,
    PapersInCustody,
    PapersNamedAlready,
    ReceiptNotFound,
    StepNotAllowed,
    UnknownLetter,
    WhosePapersMissing,
)
from routing.repository import cases
from routing.service import asking, opening, printing, reading, recording, steps
from routing.service.reading import CaseDetail
from routing.service.recording import Recorded

from tests.routing.conftest import City, make_post, put_post, statements_of
from tests.routing.test_merging import make_shared
from tests.routing.test_steps import TAKE, As, make_case, make_case_in

WATER = "临江市自来水公司"

WORK = {
    RecordKind.CALL: Work(RecordKind.CALL, words="电话说明情况"),
    RecordKind.SITE_VISIT: Work(RecordKind.SITE_VISIT, words="到场查看，灯杆倾斜"),
    RecordKind.CONTACT_ATTEMPT: Work(RecordKind.CONTACT_ATTEMPT, outcome=ContactOutcome.NOT_REACHED, words="无人接听"),
    RecordKind.INTERIM_WORD: Work(RecordKind.INTERIM_WORD, words="备件已订购"),
    RecordKind.LETTER_SENT: Work(RecordKind.LETTER_SENT, office=WATER, words="请协助核实"),
    RecordKind.PAPERS_RECEIVED: Work(RecordKind.PAPERS_RECEIVED, papers=["户口簿", "身份证"]),
    RecordKind.PAPERS_MISSING: Work(RecordKind.PAPERS_MISSING, papers=["户口簿", "残疾人证"]),
}


@pytest.fixture
def case(uow: RolledBackUnitOfWork, city: City) -> Case:
    return make_case(uow, city)


@pytest.fixture
def mine(city: City, as_person: As) -> RolledBackUnitOfWork:
    return as_person(city.person("municipal"))


def record(uow: RolledBackUnitOfWork, case: Case, kind: RecordKind, **told: Any) -> Recorded:
    return recording.record_work(uow, case.case_id, Work(kind, **told) if told else WORK[kind])


def receive(uow: RolledBackUnitOfWork, case: Case, *papers: str) -> Case:
    return record(uow, case, RecordKind.PAPERS_RECEIVED, papers=papers).case


def give_back(uow: RolledBackUnitOfWork, case: Case, *papers: str) -> Case:
    return record(uow, case, RecordKind.PAPERS_RETURNED, papers=papers).case


def reach(uow: RolledBackUnitOfWork, case: Case, outcome: ContactOutcome) -> Case:
    return record(uow, case, RecordKind.CONTACT_ATTEMPT, outcome=outcome).case


def send_letter(uow: RolledBackUnitOfWork, case: Case) -> str:
    number = record(uow, case, RecordKind.LETTER_SENT).letter
    assert number is not None
    return number


def look(uow: RolledBackUnitOfWork, case: Case) -> CaseDetail:
    return reading.get_case(uow, case.case_id)


def told_by(uow: RolledBackUnitOfWork) -> list[CaseRecordedV1]:
    assert {event.type for event in uow.published} == {CaseRecordedV1.TYPE}
    return [CaseRecordedV1.model_validate_json(event.body or "") for event in uow.published]


@pytest.mark.parametrize("kind", WORK)
def test_each_kind_of_work_is_one_entry_and_one_event_and_changes_no_state(
    mine: RolledBackUnitOfWork, case: Case, city: City, kind: RecordKind
) -> None:
    after = record(mine, case, kind).case
    assert (after.state, after.version, after.promise_due) == (case.state, case.version + 1, case.promise_due)
    entry = cases.list_entries(mine, after)[-1]
    assert (entry.step, entry.facts["record"]) == ("recorded", kind.value)
    assert entry.post_id == city.posts["municipal"].post_id
    (told,) = told_by(mine)
    assert (told.record, told.version, told.state) == (kind, after.version, CaseState.ASSIGNED)
    assert reading.get_history(mine, case.case_id).faults == []


def test_words_stay_in_the_history_but_for_those_that_the_resident_is_told(
    mine: RolledBackUnitOfWork, case: Case
) -> None:
    for kind, work in WORK.items():
        record(mine, case, kind)
        assert cases.list_entries(mine, case)[-1].words == (work.words or "、".join(work.papers))
    assert {told.record: told.words for told in told_by(mine) if told.words} == {
        RecordKind.INTERIM_WORD: WORK[RecordKind.INTERIM_WORD].words
    }


def test_papers_are_named_in_words_which_can_be_erased_and_not_in_facts(mine: RolledBackUnitOfWork, case: Case) -> None:
    after = receive(mine, case, "户口簿")
    entry = cases.list_entries(mine, after)[-1]
    assert (entry.facts, entry.words) == ({"record": "papers_received", "papers": 1}, "户口簿")
    assert told_by(mine)[0].papers == ["户口簿"]


def test_whose_entry_came_first_does_not_matter(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    for who in ("municipal", "dispatcher", "district_dispatcher"):
        record(as_person(city.person(who)), case, RecordKind.CALL)
    assert cases.get_case(uow, case.case_id).version == case.version + 3


@pytest.mark.parametrize("state", [CaseState.ASSIGNED, CaseState.IN_PROGRESS, CaseState.ANSWERED])
def test_work_is_recorded_from_assignment_to_answer(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    assert record(as_person(city.person("municipal")), case, RecordKind.CALL).case.state is state


def test_nothing_is_recorded_after_it_has_ended(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case_in(CaseState.CLOSED, uow, city, as_person)
    with pytest.raises(StepNotAllowed, match="record"):
        record(as_person(city.person("municipal", "dispatcher")), case, RecordKind.CALL)


@pytest.mark.parametrize("state", [CaseState.RECEIVED, CaseState.ANSWERED])
def test_work_that_goes_on_is_recorded_only_under_way_but_a_call_before_and_after(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    dispatcher = as_person(city.person("dispatcher"))
    with pytest.raises(StepNotAllowed, match="record a papers_missing"):
        recording.record_work(dispatcher, case.case_id, Work(RecordKind.PAPERS_MISSING, papers=("户口簿",)))
    assert record(dispatcher, case, RecordKind.CALL).case.state is state


@pytest.mark.parametrize("who, refused", [("window", NotYourStep), ("other_dispatcher", CaseNotFound)])
def test_others_record_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str, refused: type[ServiceError]
) -> None:
    case = make_case(uow, city)
    other = as_person(city.person(who))
    with pytest.raises(refused):
        record(other, case, RecordKind.CALL)
    assert other.published == []


def test_the_first_time_that_the_resident_is_reached_is_kept(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)

    def at(hours: int) -> RolledBackUnitOfWork:
        return as_person(city.person("municipal"), now=NOW + timedelta(hours=hours))

    assert reach(at(1), case, ContactOutcome.NOT_REACHED).first_contact_at is None
    assert record(at(2), case, RecordKind.CALL).case.first_contact_at is None
    assert reach(at(3), case, ContactOutcome.REACHED).first_contact_at == NOW + timedelta(hours=3)
    assert reach(at(4), case, ContactOutcome.REACHED).first_contact_at == NOW + timedelta(hours=3)
    assert cases.get_case(uow, case.case_id).first_contact_at == NOW + timedelta(hours=3)


def test_an_interim_word_is_a_first_contact_too(mine: RolledBackUnitOfWork, case: Case) -> None:
    assert record(mine, case, RecordKind.INTERIM_WORD).case.first_contact_at == NOW


def test_a_letter_is_open_until_its_reply(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    number = send_letter(mine, case)
    assert parse_number(number, "H", 6) == number
    (letter,) = look(mine, case).letters
    assert (letter.number, letter.office, letter.sent_at, letter.replied_at) == (number, WATER, NOW, None)
    later = as_person(city.person("municipal"), now=NOW + timedelta(days=2))
    typed = number.replace("-", " ").lower()
    replied = record(later, case, RecordKind.LETTER_REPLY, number=typed, words="已派人维修")
    assert replied.letter == number
    assert [each.replied_at for each in look(mine, case).letters] == [NOW + timedelta(days=2)]
    (sent, answered) = (*told_by(mine), *told_by(later))
    assert (sent.letter, sent.office) == (answered.letter, answered.office) == (number, WATER)
    with pytest.raises(LetterAnswered):
        record(later, case, RecordKind.LETTER_REPLY, number=number, words="再复")


def test_a_reply_to_no_letter_of_the_case_names_those_that_wait(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, other = make_case(uow, city), make_case(uow, city)
    mine = as_person(city.person("municipal"))
    foreign = send_letter(mine, other)
    with pytest.raises(UnknownLetter, match="no letter waits"):
        record(mine, case, RecordKind.LETTER_REPLY, number=foreign, words="复函")
    waiting = send_letter(mine, case)
    with pytest.raises(UnknownLetter, match=waiting):
        record(mine, case, RecordKind.LETTER_REPLY, number=foreign, words="复函")
    with pytest.raises(Mistyped):
        record(mine, case, RecordKind.LETTER_REPLY, number="H000-0001", words="复函")
    assert [each.replied_at for each in look(mine, other).letters] == [None]


def test_papers_are_in_custody_until_they_are_given_back(mine: RolledBackUnitOfWork, case: Case) -> None:
    assert receive(mine, case, "身份证", "户口簿", "身份证").papers_held == 3
    assert sorted(paper.name for paper in look(mine, case).papers) == ["户口簿", "身份证", "身份证"]
    assert give_back(mine, case, "身份证").papers_held == 2
    assert sorted(paper.name for paper in look(mine, case).papers) == ["户口簿", "身份证"]
    assert give_back(mine, case, "户口簿", "身份证").papers_held == 0
    assert look(mine, case).papers == []


@pytest.mark.parametrize(
    "received, returned, refusal",
    [
        ([], ["身份证"], (0, "no others are")),
        (["身份证"], ["身份证", "户口簿"], (1, "no others are")),
        (["身份证"], ["身份证", "身份证"], (1, "no others are")),
        (["身份证", "结婚证"], ["户口簿"], (0, "结婚证、身份证")),
    ],
)
def test_what_was_never_received_or_is_back_already_is_named_and_nothing_is_given_back(
    mine: RolledBackUnitOfWork, case: Case, received: list[str], returned: list[str], refusal: tuple[int, str]
) -> None:
    wrong, here = refusal
    if received:
        receive(mine, case, *received)
    with pytest.raises(NotInCustody, match=here) as refused:
        give_back(mine, case, *returned)
    assert refused.value.field == f"/papers/{wrong}"
    assert len(look(mine, case).papers) == len(received)


def test_a_paper_that_was_given_back_is_not_given_back_again(mine: RolledBackUnitOfWork, case: Case) -> None:
    receive(mine, case, "身份证")
    give_back(mine, case, "身份证")
    with pytest.raises(NotInCustody):
        give_back(mine, case, "身份证")


def test_a_case_closes_only_when_the_originals_are_back(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine = as_person(city.person("municipal"))
    held = TAKE[Step.ANSWER](mine, receive(mine, make_case(uow, city), "身份证"))
    with pytest.raises(PapersInCustody, match="papers_returned"):
        steps.close_case(mine, held.case_id, version=held.version)
    back = give_back(mine, held, "身份证")
    assert steps.close_case(mine, held.case_id, version=back.version).state is CaseState.CLOSED


def test_nothing_is_declined_while_the_originals_are_here(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    case = receive(holder, case, "身份证")
    case = asking.ask_dispatcher(
        holder, case.case_id, ask=Ask.DECLINE, version=case.version, reason="in_court", words="已起诉"
    )
    with pytest.raises(PapersInCustody):
        asking.rule_on_case(
            as_person(city.person("dispatcher")), case.case_id, version=case.version, granted=True, words="请向法院询问"
        )
    assert cases.get_case(uow, case.case_id).state is CaseState.ASSIGNED


def test_what_is_withdrawn_is_recorded_until_the_originals_are_back(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    receive(mine, case, "身份证")
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    assert look(mine, case).steps == [Step.RECORD, Step.LINK, Step.ASK_EXCLUSION]
    assert give_back(mine, case, "身份证").state is CaseState.CLOSED
    assert look(mine, case).steps == [Step.LINK, Step.ASK_EXCLUSION]
    with pytest.raises(StepNotAllowed, match="over"):
        record(mine, case, RecordKind.CALL)


PAGE = Page(9, "custody", KeyRing.parse(new_key("k1")))


def kept(uow: RolledBackUnitOfWork, page: Page = PAGE, **at: Any) -> dict[UUID, list[str]]:
    lines = reading.list_custody(uow, page, **at).items
    return {line.case.case_id: [paper.name for paper in line.papers] for line in lines}


def withdraw(uow: RolledBackUnitOfWork, case: Case) -> None:
    appeal_id = case.appeals[0].appeal_id
    opening.withdraw_appeal(uow, AppealWithdrawnV1(version=2, appeal_id=appeal_id, withdrawn_at=NOW, reason="settled"))


def test_originals_that_are_kept_stand_on_a_list_of_their_own_until_they_are_back(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    first, second = make_case(uow, city), make_case(uow, city)
    assert kept(mine) == {}
    receive(mine, second, "身份证")
    receive(mine, first, "户口簿", "残疾人证")
    withdraw(uow, first)
    for reader in (mine, dispatcher, as_person(city.person("district_dispatcher"))):
        assert kept(reader) == {first.case_id: ["户口簿", "残疾人证"], second.case_id: ["身份证"]}
    assert kept(as_person(city.person("other_dispatcher"))) == {}
    assert kept(dispatcher, place_id=city.ids["area"]) == kept(mine)
    assert kept(dispatcher, place_id=city.ids["other"]) == {}
    give_back(mine, first, "户口簿")
    assert kept(mine)[first.case_id] == ["残疾人证"]
    give_back(mine, first, "残疾人证")
    assert kept(mine) == {second.case_id: ["身份证"]}


def test_the_list_of_originals_goes_on_page_by_page(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine = as_person(city.person("municipal"))
    cases_kept = [make_case(uow, city) for _ in range(3)]
    for each in cases_kept:
        receive(mine, each, "身份证")
    seen: list[UUID] = []
    cursor = None
    while not seen or cursor:
        sheet = reading.list_custody(mine, replace(PAGE, limit=1, cursor=cursor))
        seen += [line.case.case_id for line in sheet.items]
        cursor = sheet.next
    assert seen == sorted(each.case_id for each in cases_kept)
    assert len(statements_of(mine, lambda: kept(mine))) == 2


def test_an_office_lists_what_its_own_posts_keep(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    bureau = make_post(city, "water", Duty.BUREAU, "city", office_id=uuid4(), matters=["municipal.water"])
    put_post(uow, bureau, version=1)
    case = make_case(uow, city, place="bare", suggested_category="municipal.water")
    officer = as_person(city.person("water"))
    receive(officer, case, "水费单")
    withdraw(uow, case)
    assert kept(officer) == {case.case_id: ["水费单"]}


def test_closing_is_not_offered_while_originals_are_here(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine = as_person(city.person("municipal"))
    held = TAKE[Step.ANSWER](mine, receive(mine, make_case(uow, city), "身份证"))
    assert Step.CLOSE not in look(mine, held).steps
    assert Step.CLOSE in look(mine, give_back(mine, held, "身份证")).steps


def test_a_case_without_letters_and_papers_costs_no_statement_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine = as_person(city.person("municipal"))
    begun = make_case_in(CaseState.IN_PROGRESS, uow, city, as_person)
    looked = statements_of(mine, lambda: look(mine, begun))
    case = make_case_in(CaseState.ANSWERED, uow, city, as_person)
    closed = statements_of(mine, lambda: TAKE[Step.CLOSE](mine, case))
    asked = [sql for sql, _ in looked + closed if "FROM letter" in sql or "FROM paper" in sql]
    assert asked == []
    assert len(looked) == 1


def test_missing_papers_are_named_once_and_again_only_when_all_of_them_have_come(
    mine: RolledBackUnitOfWork, case: Case
) -> None:
    named = record(mine, case, RecordKind.PAPERS_MISSING).case
    assert (named.papers_named_at, named.papers_missing) == (NOW, ("户口簿", "残疾人证"))
    first = receive(mine, case, "户口簿", "照片")
    assert (first.papers_named_at, first.papers_missing) == (NOW, ("残疾人证",))
    with pytest.raises(PapersNamedAlready):
        record(mine, case, RecordKind.PAPERS_MISSING)
    last = receive(mine, case, "残疾人证")
    assert (last.papers_named_at, last.papers_missing) == (None, ())
    assert record(mine, case, RecordKind.PAPERS_MISSING, papers=["残疾人证"]).case.papers_named_at == NOW
    assert [told.still_missing for told in told_by(mine)] == [["户口簿", "残疾人证"], ["残疾人证"], [], ["残疾人证"]]


def test_the_holder_says_with_a_reason_that_no_more_papers_are_waited_for(
    mine: RolledBackUnitOfWork, case: Case
) -> None:
    record(mine, case, RecordKind.PAPERS_MISSING)
    receive(mine, case, "户口簿")
    done = record(mine, case, RecordKind.PAPERS_RECEIVED, complete="残联系统已查到，无需残疾人证。")
    assert (done.case.papers_named_at, done.case.papers_missing, done.receipt) == (None, (), None)
    assert cases.list_entries(mine, case)[-1].words == "残联系统已查到，无需残疾人证。"
    told = told_by(mine)[-1]
    assert (told.papers, told.still_missing, told.words) == ([], [], None)
    with pytest.raises(ReceiptNotFound):
        printing.print_receipt(mine, case.case_id, done.case.version)


def test_nothing_is_complete_that_nobody_has_named(mine: RolledBackUnitOfWork, case: Case) -> None:
    with pytest.raises(NoPapersMissing) as refused:
        record(mine, case, RecordKind.PAPERS_RECEIVED, complete="齐了")
    assert refused.value.field == "/complete"


def shared_by_two(uow: RolledBackUnitOfWork, city: City, as_person: As) -> tuple[Case, RolledBackUnitOfWork]:
    return make_shared(uow, city, as_person(city.person("dispatcher"))), as_person(city.person("municipal"))


def test_papers_are_ticked_off_for_the_resident_whose_they_are(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, mine = shared_by_two(uow, city, as_person)
    whose, other = (appeal.appeal_id for appeal in case.appeals)
    missing = {"papers": ["户口簿"], "appeal_id": whose}
    assert record(mine, case, RecordKind.PAPERS_MISSING, **missing).case.papers_missing == ("户口簿",)
    others = record(mine, case, RecordKind.PAPERS_RECEIVED, papers=["户口簿"], appeal_id=other)
    assert (others.case.papers_missing, others.case.papers_held) == (("户口簿",), 1)
    with pytest.raises(NoPapersMissing):
        record(mine, case, RecordKind.PAPERS_RECEIVED, complete="齐了", appeal_id=other)
    record(mine, case, RecordKind.PAPERS_RECEIVED, **missing)
    reached = {"outcome": ContactOutcome.REACHED}
    record(mine, case, RecordKind.CONTACT_ATTEMPT, **reached)
    record(mine, case, RecordKind.CONTACT_ATTEMPT, **reached, appeal_id=other)
    assert [(told.concerns, told.still_missing) for told in told_by(mine)] == [
        ([whose], ["户口簿"]),
        ([other], None),
        ([whose], []),
        ([], None),
        ([other], None),
    ]


@pytest.mark.parametrize("kind", [RecordKind.PAPERS_MISSING, RecordKind.PAPERS_RECEIVED, RecordKind.PAPERS_RETURNED])
def test_whose_papers_they_are_is_said_where_several_ask(
    uow: RolledBackUnitOfWork, city: City, as_person: As, kind: RecordKind
) -> None:
    case, mine = shared_by_two(uow, city, as_person)
    with pytest.raises(WhosePapersMissing) as refused:
        record(mine, case, kind, papers=["户口簿"])
    assert refused.value.field == "/appeal_id"
    with pytest.raises(NotOfTheCase) as strange:
        record(mine, case, kind, papers=["户口簿"], appeal_id=uuid4())
    assert strange.value.field == "/appeal_id"


def test_whose_papers_are_missing_and_asks_no_more_hinders_nobody(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, mine = shared_by_two(uow, city, as_person)
    gone, stays = (appeal.appeal_id for appeal in case.appeals)
    record(mine, case, RecordKind.PAPERS_MISSING, papers=["户口簿"], appeal_id=gone)
    opening.withdraw_appeal(uow, AppealWithdrawnV1(version=2, appeal_id=gone, withdrawn_at=NOW, reason="settled"))
    assert record(mine, case, RecordKind.PAPERS_MISSING).case.papers_missing_of == stays


def test_copies_are_ticked_off_and_not_in_custody(mine: RolledBackUnitOfWork, case: Case) -> None:
    record(mine, case, RecordKind.PAPERS_MISSING)
    done = record(mine, case, RecordKind.PAPERS_RECEIVED, papers=["户口簿"], copies=True)
    assert (done.case.papers_held, done.case.papers_missing, done.receipt) == (0, ("残疾人证",), None)
    assert look(mine, case).papers == []
    assert Step.CLOSE in look(mine, TAKE[Step.ANSWER](mine, done.case)).steps
    with pytest.raises(ReceiptNotFound):
        printing.print_receipt(mine, case.case_id, done.case.version)


def test_a_reply_that_comes_after_the_end_is_entered_and_changes_no_state(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine = as_person(city.person("municipal"))
    case = make_case(uow, city)
    number = send_letter(mine, case)
    closed = TAKE[Step.CLOSE](mine, TAKE[Step.ANSWER](mine, look(mine, case).case))
    assert Step.RECORD in look(mine, closed).steps
    with pytest.raises(StepNotAllowed, match="record a letter_reply"):
        record(mine, closed, RecordKind.CALL)
    after = record(mine, closed, RecordKind.LETTER_REPLY, number=number, words="已核实").case
    assert (after.state, after.closed_reason, look(mine, after).letters[0].replied_at) == (
        *(CaseState.CLOSED, closed.closed_reason),
        NOW,
    )
    assert cases.list_entries(mine, after)[-1].facts["late"] is True
    assert Step.RECORD not in look(mine, after).steps
    with pytest.raises(StepNotAllowed):
        record(mine, after, RecordKind.CALL)


def test_a_letter_is_printed_with_what_it_says_and_who_sends_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    evening = as_person(city.person("municipal"), now=datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    work = Work(RecordKind.LETTER_SENT, office="<市供电公司>", words="请贵公司\n核实 & 处理")
    number = recording.record_work(evening, case.case_id, work).letter
    assert number is not None
    page = printing.print_letter(evening, case.case_id, number.lower())
    for said in (number, case.number, case.gist, "&lt;市供电公司&gt;：", "请贵公司\n核实 &amp; 处理", "2026年11月24日"):
        assert said in page
    assert "city district community" in page
    assert "post municipal 0000-1234" in page
    for kept in (city.posts["municipal"].holders[0].name, case.appeals[0].number, str(case.appeals[0].person_id)):
        assert str(kept) not in page


@pytest.mark.parametrize(
    "kind, title", [(RecordKind.PAPERS_RECEIVED, "材料收据"), (RecordKind.PAPERS_RETURNED, "材料退还单")]
)
def test_a_receipt_says_what_was_taken_or_given_back_for_which_case_when_and_by_which_post(
    uow: RolledBackUnitOfWork, city: City, as_person: As, kind: RecordKind, title: str
) -> None:
    case = make_case(uow, city)
    evening = as_person(city.person("municipal"), now=datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    receive(evening, case, "户口簿", "<身份证>", "残疾人证")
    done = recording.record_work(evening, case.case_id, Work(kind, papers=["户口簿", "<身份证>"]))
    assert done.receipt == done.case.version
    page = printing.print_receipt(evening, case.case_id, done.receipt)
    number = f"{case.number}/{done.receipt}"
    for said in (title, number, "共 2 件", "<li>户口簿</li>", "<li>&lt;身份证&gt;</li>", "2026年11月24日"):
        assert said in page
    assert "city district community" in page
    assert "post municipal 0000-1234" in page
    person = (city.posts["municipal"].holders[0].name, case.appeals[0].number, str(case.appeals[0].person_id))
    for kept in (*person, case.gist, "残疾人证"):
        assert str(kept) not in page


def test_a_name_that_is_a_list_itself_is_printed_as_it_was_typed(mine: RolledBackUnitOfWork, case: Case) -> None:
    done = recording.record_work(mine, case.case_id, Work(RecordKind.PAPERS_RECEIVED, papers=["户口簿、身份证"]))
    assert done.receipt is not None
    assert "<li>户口簿、身份证</li>" in printing.print_receipt(mine, case.case_id, done.receipt)


def test_what_is_no_receipt_or_another_communitys_is_not_printed(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, mine = make_case(uow, city), as_person(city.person("municipal"))
    called = record(mine, case, RecordKind.CALL)
    assert called.receipt is None
    for seq in (called.case.version, 1, 99):
        with pytest.raises(ReceiptNotFound):
            printing.print_receipt(mine, case.case_id, seq)
    taken = record(mine, case, RecordKind.PAPERS_RECEIVED).receipt
    assert taken is not None
    with pytest.raises(CaseNotFound):
        printing.print_receipt(as_person(city.person("other_dispatcher")), case.case_id, taken)


def test_a_letter_of_another_case_is_not_printed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case, other = make_case(uow, city), make_case(uow, city)
    mine = as_person(city.person("municipal"))
    number = send_letter(mine, other)
    with pytest.raises(LetterNotFound):
        printing.print_letter(mine, case.case_id, number)
    with pytest.raises(CaseNotFound):
        printing.print_letter(as_person(city.person("other_dispatcher")), other.case_id, number)
