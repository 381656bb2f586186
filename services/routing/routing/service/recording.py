"""What is done on a case between its steps: most of what staff do. Its state stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.routing import RECORDS_OF_ONE, ContactOutcome, RecordKind
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.numbers import new_number, parse_number

from routing import events
from routing.domain.case import RECORDED, Case
from routing.domain.recording import (
    OF_PAPERS,
    Letter,
    Paper,
    Work,
    check_state,
    letter_replied,
    papers_given_back,
    papers_still_missing,
)
from routing.domain.steps import Step
from routing.errors import NoPapersMissing, NotOfTheCase, PapersNamedAlready, WhosePapersMissing
from routing.repository import cases, records
from routing.service import deadlines, placing
from routing.service.taking import take

#: 函. Short, since it is written on paper and read out over the telephone.
LETTER_PREFIX, LETTER_LENGTH = "H", 6


@dataclass(frozen=True)
class Recorded:
    """``letter``: the number of the letter that was sent or answered; ``receipt``: the entry, if it is of originals."""

    case: Case
    letter: str | None
    receipt: int | None


def record_work(uow: UnitOfWork, case_id: UUID, work: Work) -> Recorded:
    """Enter it in the case's history and say so. The case is locked, but whichever version it is at is taken: who logs
    a call is not refused because somebody else's entry came first.
    """
    case, holder, post_id = take(uow, case_id, Step.RECORD)
    check_state(work.kind, case.state, papers_held=case.papers_held)
    concerns = _whom(case, work)
    promised = case.deadline
    letter = _note(uow, case, work, concerns)
    moved = case.deadline is not promised
    facts: dict[str, object] = {
        "record": work.kind.value,
        "outcome": work.outcome.value if work.outcome else None,
        "letter": letter.number if letter else None,
        "papers": len(work.papers),
        "copies": work.copies,
        "appeals": [str(appeal_id) for appeal_id in concerns] if work.appeal_id else None,
        "late": work.kind is RecordKind.LETTER_REPLY and not case.is_open,
    }
    told = {name: fact for name, fact in facts.items() if fact} | (placing.promise_facts(case) if moved else {})
    case.record(RECORDED, at=uow.now, by=uow.by, post_id=post_id, facts=told, words=work.said)
    uow.publish(events.case_recorded(uow, case, work, concerns=concerns, letter=letter, holder=holder, moved=moved))
    cases.save_cases(uow, [case])
    is_of_originals = work.kind in OF_PAPERS and work.papers and not work.copies
    receipt = case.version if is_of_originals else None
    return Recorded(case, letter.number if letter else None, receipt)


def _whom(case: Case, work: Work) -> list[UUID]:
    """The appeals of the resident whom it concerns; none: not said. Papers are always somebody's."""
    if work.kind not in RECORDS_OF_ONE:
        return []
    parties = [appeal.appeal_id for appeal in case.parties]
    if work.appeal_id is not None and work.appeal_id not in parties:
        raise NotOfTheCase([work.appeal_id], field="/appeal_id")
    theirs = case.appeals_of_the_same(work.appeal_id or parties[0])
    if work.appeal_id is not None or set(parties) <= set(theirs):
        return theirs
    if work.kind is RecordKind.CONTACT_ATTEMPT:
        return []
    raise WhosePapersMissing(parties)


def _note(uow: UnitOfWork, case: Case, work: Work, concerns: Sequence[UUID]) -> Letter | None:
    """What it changes besides the history; the letter that it is about."""
    match work.kind:
        case RecordKind.CONTACT_ATTEMPT if work.outcome is ContactOutcome.REACHED:
            deadlines.note_contact(uow, case)
        case RecordKind.INTERIM_WORD:
            deadlines.note_contact(uow, case)
        case RecordKind.LETTER_SENT:
            return _send_letter(uow, case, work.office or "")
        case RecordKind.LETTER_REPLY:
            return _note_reply(uow, case, work.number or "")
        case RecordKind.PAPERS_RECEIVED:
            _take_in(uow, case, work, is_awaited=case.awaits_papers_of(concerns))
        case RecordKind.PAPERS_RETURNED:
            _give_back(uow, case, work.papers)
        case RecordKind.PAPERS_MISSING:
            _name_missing(uow, case, work.papers, of=concerns[0])
        case _:
            pass
    return None


def _send_letter(uow: UnitOfWork, case: Case, office: str) -> Letter:
    letter = Letter(new_number(LETTER_PREFIX, LETTER_LENGTH), case.case_id, case.version + 1, office, uow.now)
    records.add_letter(uow, letter)
    case.letters += 1
    return letter


def _note_reply(uow: UnitOfWork, case: Case, typed: str) -> Letter:
    number = parse_number(typed, LETTER_PREFIX, LETTER_LENGTH, field="/number", on="the letter")
    letter = letter_replied(records.list_letters(uow, case.case_id), number)
    records.save_replied(uow, letter.number, at=uow.now)
    return letter


def _take_in(uow: UnitOfWork, case: Case, work: Work, *, is_awaited: bool) -> None:
    """Each that was named is ticked off; with the last, or where no more is waited for, they are complete."""
    if work.complete and not is_awaited:
        raise NoPapersMissing
    if work.papers and not work.copies:
        _take_into_custody(uow, case, work.papers)
    if not is_awaited:
        return
    case.papers_missing = () if work.complete else papers_still_missing(case.papers_missing, work.papers)
    if not case.papers_missing:
        case.papers_named_at = None
        placing.begin_with_papers(uow, case)


def _take_into_custody(uow: UnitOfWork, case: Case, names: Sequence[str]) -> None:
    by = uow.person.subject
    records.add_papers(uow, [Paper(new_id(uow.now), case.case_id, name, by, uow.now) for name in names])
    case.papers_held += len(names)


def _give_back(uow: UnitOfWork, case: Case, names: Sequence[str]) -> None:
    given_back = papers_given_back(records.list_papers_held(uow, case.case_id), names)
    records.save_returned(uow, given_back, by=uow.person.subject, at=uow.now)
    case.papers_held -= len(given_back)


def _name_missing(uow: UnitOfWork, case: Case, names: Sequence[str], *, of: UUID) -> None:
    """All at once (domain.md, section 3): again only when they have all come, and may themselves be wrong, or whoever
    was told of them asks here no more.
    """
    if case.awaits_papers_of([each.appeal_id for each in case.parties]):
        raise PapersNamedAlready
    placing.await_papers(uow, case)
    case.papers_named_at, case.papers_missing = uow.now, tuple(dict.fromkeys(names))
    case.papers_missing_of = of
