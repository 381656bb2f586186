"""The handling record: what is done on a case between its steps (domain.md, section 4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import CaseState, ContactOutcome, RecordKind

from routing.domain.chain import Entry
from routing.errors import LetterAnswered, NotInCustody, StepNotAllowed, UnknownLetter

#: What speaks of work that goes on, or begins some, is for cases under way; what ends something begun, and a call, can
#: come after the answer too, and on a case that was withdrawn while originals were here.
_BEGINS = frozenset(
    {RecordKind.INTERIM_WORD, RecordKind.PAPERS_MISSING, RecordKind.PAPERS_RECEIVED, RecordKind.LETTER_SENT}
)
_SPEAKS = frozenset({RecordKind.CALL, RecordKind.CONTACT_ATTEMPT, RecordKind.SITE_VISIT})
ALLOWED = {
    CaseState.RECEIVED: _SPEAKS,
    CaseState.ASSIGNED: frozenset(RecordKind),
    CaseState.IN_PROGRESS: frozenset(RecordKind),
    CaseState.ANSWERED: frozenset(RecordKind) - _BEGINS,
    CaseState.CLOSED: frozenset(RecordKind) - _BEGINS,
}
#: Between the names in an entry's words.
BETWEEN = "、"


@dataclass(frozen=True)
class Work:
    """What was done, as whoever did it says; its kind decides which of the fields it has."""

    kind: RecordKind
    words: str | None = None
    outcome: ContactOutcome | None = None
    office: str | None = None
    number: str | None = None
    papers: Sequence[str] = ()
    copies: bool = False
    """Of papers that came: the resident keeps the originals."""
    appeal_id: UUID | None = None
    """Whom it concerns, by an appeal of theirs."""
    complete: str | None = None
    """Why nothing more is waited for, though not all that were named have come."""

    @property
    def said(self) -> str | None:
        """What the history keeps of it in words."""
        return self.words or BETWEEN.join(self.papers) or self.complete


def reaches(facts: Mapping[str, Any]) -> bool:
    """Whether the resident was reached by what an entry records, or told how it goes."""
    attempt = facts["record"] == RecordKind.CONTACT_ATTEMPT and facts.get("outcome") == ContactOutcome.REACHED
    return attempt or facts["record"] == RecordKind.INTERIM_WORD


@dataclass(frozen=True)
class Letter:
    """To an office that is not on the platform. ``seq`` is the entry of the case's history that has its words."""

    number: str
    case_id: UUID
    seq: int
    office: str
    sent_at: datetime
    replied_at: datetime | None = None


@dataclass(frozen=True)
class Paper:
    """One of the resident's originals, in custody."""

    paper_id: UUID
    case_id: UUID
    name: str
    received_by: str
    received_at: datetime


def check_state(kind: RecordKind, state: CaseState, *, papers_held: int) -> None:
    """What is closed, and has no originals to be given back, is open to a letter's reply alone."""
    is_over = state is CaseState.CLOSED and not papers_held
    allowed = frozenset({RecordKind.LETTER_REPLY}) if is_over else ALLOWED.get(state, frozenset())
    if kind not in allowed:
        raise StepNotAllowed(f"record a {kind}", state, [f"record a {each}" for each in sorted(allowed)])


def letter_replied(letters: Sequence[Letter], number: str) -> Letter:
    """The one that the reply is to."""
    letter = next((letter for letter in letters if letter.number == number), None)
    if letter is None:
        raise UnknownLetter(number, [letter.number for letter in letters if letter.replied_at is None])
    if letter.replied_at is not None:
        raise LetterAnswered(number)
    return letter


OF_PAPERS = (RecordKind.PAPERS_RECEIVED, RecordKind.PAPERS_RETURNED)


def papers_in(entry: Entry) -> list[str]:
    """Which originals were taken in, or given back, by this entry; a name that is itself a list stays one where they
    are told apart by nothing.
    """
    is_of_originals = entry.facts.get("record") in OF_PAPERS and entry.facts.get("papers")
    if not is_of_originals or entry.facts.get("copies") or not entry.words:
        return []
    names = entry.words.split(BETWEEN)
    return names if len(names) == entry.facts["papers"] else [entry.words]


def papers_still_missing(missing: Sequence[str], come: Collection[str]) -> tuple[str, ...]:
    """What of that which was named has not come, by its name; what nobody has named may come too."""
    return tuple(name for name in missing if name not in come)


def papers_given_back(held: Sequence[Paper], names: Sequence[str]) -> list[Paper]:
    """Those of these names; of several of one name the first that came."""
    left, given = list(held), []
    for index, name in enumerate(names):
        paper = next((paper for paper in left if paper.name == name), None)
        if paper is None:
            raise NotInCustody(index, [paper.name for paper in left])
        left.remove(paper)
        given.append(paper)
    return given
