"""What routing says: every step of a case in one order, the category tree, and the city's public feed."""

from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Fact, Moment, Path, Personal, Sealed
from contracts.intake import Channel, Language


class Kind(StrEnum):
    """The five kinds of matter, each with a promise of its own."""

    ADMINISTRATIVE = "administrative"
    MUNICIPAL = "municipal"
    PUBLIC_SERVICE = "public_service"
    LEGAL = "legal"
    STABILITY = "stability"


class Remit(StrEnum):
    COMMUNITY = "community"
    DISTRICT = "district"
    CITY = "city"


class CaseState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"


class Queue(StrEnum):
    """Why a dispatcher has to look at a case."""

    UNPLACED = "unplaced"
    UNSORTED = "unsorted"
    VACANT = "vacant"


class Outcome(StrEnum):
    SOLVED = "solved"
    EXPLAINED = "explained"


class Ask(StrEnum):
    """What a holder asks of a dispatcher; the case stays theirs until that is ruled on."""

    RETURN = "return"
    DECLINE = "decline"
    EXTENSION = "extension"
    SUSPENSION = "suspension"


class ExcludableRate(StrEnum):
    """What a case may be taken out of, by an application and a review."""

    CONTACTED = "contacted"
    ON_TIME = "on_time"
    SOLVED = "solved"
    SATISFIED = "satisfied"


class RecordKind(StrEnum):
    """What is done on a case between its steps, and entered in its handling record."""

    CALL = "call"
    SITE_VISIT = "site_visit"
    CONTACT_ATTEMPT = "contact_attempt"
    INTERIM_WORD = "interim_word"
    LETTER_SENT = "letter_sent"
    LETTER_REPLY = "letter_reply"
    PAPERS_RECEIVED = "papers_received"
    PAPERS_RETURNED = "papers_returned"
    PAPERS_MISSING = "papers_missing"


#: Of one resident of a case, whom alone it is told.
RECORDS_OF_ONE = frozenset(
    {
        RecordKind.CONTACT_ATTEMPT,
        RecordKind.PAPERS_MISSING,
        RecordKind.PAPERS_RECEIVED,
        RecordKind.PAPERS_RETURNED,
    }
)


class ContactOutcome(StrEnum):
    """Whether an attempt to contact the resident reached them."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"


class PressingKind(StrEnum):
    """A reminder, an order with a limit, a leader's written word: three different things; the last two owe a report."""

    NUDGE = "nudge"
    ORDER = "order"
    INSTRUCTION = "instruction"


class LinkKind(StrEnum):
    """What another case is to this one."""

    FOLLOW_UP = "follow_up"
    """It follows this one up."""
    PRECEDES = "precedes"
    """This one follows it up."""
    SAME_CAUSE = "same_cause"


class HotlineStanding(StrEnum):
    """How something that was handed to the city hotline stands with them; the last two end their part."""

    UNDER_WAY = "under_way"
    DONE = "done"
    RETURNED = "returned"


class JoinKind(StrEnum):
    """How appeals come to a case that there is already."""

    REPEAT = "repeat"
    """The same resident asks about it again."""
    MERGED = "merged"
    """From another case, which is the same trouble."""


class HandoverMeans(StrEnum):
    """How what is finished is handed back: collected, or brought home."""

    COLLECTED = "collected"
    BROUGHT_HOME = "brought_home"


class DeadlineKind(StrEnum):
    """What it is the limit of."""

    PROMISE = "promise"
    """To the resident."""
    PLANNED = "planned"
    """What was planned is due."""
    PART = "part"
    """A helper's."""
    REDO = "redo"
    RATING = "rating"
    """Until then the resident may say whether it is solved."""
    ASSIGNED = "assigned"
    """Set by who assigned it from above."""
    ORDER = "order"
    """The report on a supervision order."""
    REPLY = "reply"
    """Of the city hotline, to which it was handed."""


class Handler(Fact):
    """Who does it, as the resident is told. ``subject`` is the person's sign-in, for staff notices."""

    post_id: UUID
    title: str = Field(max_length=200)
    subject: str | None = Field(default=None, max_length=120)
    contact_id: UUID | None = None
    name: Personal | None = None
    phone: str | None = Field(default=None, max_length=40)
    stand_in: bool = False
    office_id: UUID | None = Field(
        default=None,
        description="The bureau or department whose post it is: it is given the case, and reads its words.",
    )


class Party(Fact):
    """One resident's appeal in a case, with what it takes to tell them."""

    appeal_id: UUID
    appeal_number: str = Field(max_length=32)
    person_id: UUID | None = None
    language: Language = Language.CHINESE
    query_code: Sealed | None = None
    answer: int | None = Field(
        default=None,
        ge=1,
        description="Of an answer: which of this appeal's it is; none: nobody is asked what they say of it.",
    )
    moves: int = Field(
        default=0,
        ge=0,
        description="How often the appeal has gone from one case to another: what is said of it under fewer is older.",
    )


class CaseFact(Event):
    """What every event of a case carries, so that no reader needs another topic or a call back."""

    TOPIC: ClassVar[str] = "routing.case.v1"
    SUBJECT: ClassVar[str] = "case_id"

    case_id: UUID
    number: str = Field(max_length=32)
    at: Moment
    by: str | None = Field(
        default=None, max_length=120, description="The sign-in subject of who did it; none: the platform."
    )
    state: CaseState
    category: str | None = Field(default=None, max_length=64)
    kind: Kind | None = None
    remit: Remit | None = None
    place_id: UUID | None = None
    placed_path: Path
    parties: list[Party]
    silent: bool = Field(default=False, description="A finished past: nobody is told.")
    sealed: bool | None = Field(
        default=None, description="Only those of seen_by see it; none: everybody of its place does, and did before."
    )
    seen_by: list[str] = Field(
        default=[], description="Of what is sealed: the ids of posts, and sign-in subjects, that it is open to."
    )


class CaseOpenedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.opened.v1"

    gist: str = Field(max_length=200)
    channel: Channel
    queue: Queue | None = Field(
        default=None, description="Why it waits for a dispatcher; none: it was accepted at once."
    )
    dispatcher: Handler | None = Field(default=None, description="Who is to look at it, when it waits.")
    conflict: bool = Field(
        default=False, description="Vacant by conflict of interest: those who could take it must not."
    )


class CaseAcceptedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.accepted.v1"

    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The promise in words, by language (zh, en).")
    handler: Handler | None


class CaseAssignedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.assigned.v1"

    handler: Handler
    gist: str = Field(max_length=200)
    promise_due: Moment
    first: bool = Field(description="Assigned with its acceptance, which has told the resident who does it.")
    reports_owed: int = Field(default=0, ge=0, description="On orders and instructions: they go with the case.")
    transferred: bool = Field(default=False, description="Its holder passed it on to whose remit it is.")
    former: Handler | None = Field(
        default=None,
        description="Who had it, and is to hear that they have it no more; none: they know, or nobody had it.",
    )


class CaseStartedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.started.v1"

    handler: Handler


class CaseAnsweredV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.answered.v1"

    outcome: Outcome
    answer: Personal
    handler: Handler | None
    promise_met: bool
    helpers: list[Handler] = Field(default=[], description="Whose part was still open: it ends with the answer.")
    rate_by: Moment | None = Field(
        default=None, description="Until when the resident may say whether it solved the matter; none: nobody is asked."
    )
    basis: Personal | None = Field(default=None, description="Where it is explained: the rule by which it cannot be.")
    corrects: bool = Field(default=False, description="It takes the place of an answer before.")
    handover: HandoverMeans | None = Field(
        default=None,
        description="What came of it is ready to be collected, or is brought home; none: there is nothing.",
    )


class CaseHandedOverV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.handed_over.v1"

    means: HandoverMeans


class PressingEnded(Fact):
    """An order or instruction whose case ended before its report was given."""

    pressing: PressingKind
    pressing_number: str = Field(max_length=32)
    presser: Handler | None = Field(description="Who answers now for the post that pressed.")


class CaseClosedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.closed.v1"

    handler: Handler | None
    reason: str = Field(max_length=64, description="done, withdrawn, declined, merged or historic.")
    answer: Personal | None = Field(default=None, description="Where it was declined: why, and who can help.")
    papers_held: int = Field(default=0, ge=0, description="How many of the resident's originals are still in custody.")
    helpers: list[Handler] = Field(default=[], description="Who has helped with it, and hears that it ends.")
    pressings_ended: list[PressingEnded] = Field(
        default=[], description="On which a report was owed, and is not any more."
    )
    into_number: str | None = Field(
        default=None,
        max_length=32,
        description="Of a merged case: where its appeals go on, which tells them.",
    )
    reason_text: dict[str, str] | None = Field(
        default=None, description="Where it was declined: for which reason of the closed list, by language (zh, en)."
    )


class CaseResortedV1(CaseFact):
    """A wrong category was put right; the promise is as it was, or earlier."""

    TYPE: ClassVar[str] = "routing.case.resorted.v1"

    category_before: str = Field(max_length=64)
    gist: str = Field(default="", max_length=200)
    handler: Handler | None = Field(
        default=None,
        description="Where it is due earlier by it and the case stays where it is: who has to know.",
    )
    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The promise in words, by language (zh, en).")
    out_of_plan: bool = Field(
        default=False,
        description="It was planned and is urgent: it waits for that day no more, and its promise counts.",
    )


class CaseCorrectedV1(CaseFact):
    """What its resident says was put right where it came in: words, place or category. It is sorted as before."""

    TYPE: ClassVar[str] = "routing.case.corrected.v1"

    appeal_id: UUID
    gist: str = Field(max_length=200)
    handler: Handler | None = Field(description="Who works on it and has to know; none: nobody does yet, or any more.")


class CaseExtendedV1(CaseFact):
    """The promise ends later, once, with consent, and the resident is told."""

    TYPE: ClassVar[str] = "routing.case.extended.v1"

    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The promise in words, by language (zh, en).")
    reason: str = Field(max_length=64, description="A code of the list.")
    handler: Handler | None


class CaseSuspendedV1(CaseFact):
    """The promise waits for what law or nature prescribes, and runs on afterwards; the resident is told."""

    TYPE: ClassVar[str] = "routing.case.suspended.v1"

    until: Moment = Field(description="When it runs again: the beginning of the day, by the city's clock.")
    runs_again_on: date = Field(description="The same as a day.")
    reason: str = Field(max_length=64, description="A code of the list.")
    reason_text: dict[str, str] = Field(description="The reason in words, by language (zh, en).")
    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The promise in words, by language (zh, en).")
    handler: Handler | None


class CaseResumedV1(CaseFact):
    """A suspension was ended before its time; the promise is as it was, or earlier."""

    TYPE: ClassVar[str] = "routing.case.resumed.v1"

    gist: str = Field(max_length=200)
    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The promise in words, by language (zh, en).")
    handler: Handler | None


class CasePlannedV1(CaseFact):
    """It cannot be done now: an interim answer, with a day and who will do it. It settles the promise, and answers
    nothing.
    """

    TYPE: ClassVar[str] = "routing.case.planned.v1"

    day: date
    due_at: Moment = Field(description="The end of that day, by the city's clock.")
    answer: Personal
    who: Personal | None = Field(default=None, description="Who will do it, in words; none: whoever holds the case.")
    again: bool = Field(default=False, description="Another day than was planned before.")
    gist: str = Field(max_length=200)
    handler: Handler | None


class CaseAskedV1(CaseFact):
    """The holder asks something of a dispatcher, and stays liable until that is ruled on."""

    TYPE: ClassVar[str] = "routing.case.asked.v1"

    ask: Ask
    reason: str = Field(max_length=64, description="A code of the ask's list.")
    gist: str = Field(max_length=200)
    asker: Handler
    ruler: Handler


class CaseRuledV1(CaseFact):
    """What was asked is granted or refused. ``binding``: it cannot be asked again."""

    TYPE: ClassVar[str] = "routing.case.ruled.v1"

    ask: Ask
    granted: bool
    binding: bool
    gist: str = Field(max_length=200)
    asker: Handler | None


class CaseRecordedV1(CaseFact):
    """Something was done on it and entered in its handling record; its state is as it was."""

    TYPE: ClassVar[str] = "routing.case.recorded.v1"

    record: RecordKind
    handler: Handler | None
    outcome: ContactOutcome | None = Field(default=None, description="Of an attempt to contact the resident.")
    words: Personal | None = Field(default=None, description="Of an interim word, for the resident; else none.")
    papers: list[Personal] = Field(
        default=[], max_length=30, description="The names of the papers that came, went back, or are missing."
    )
    copies: bool = Field(default=False, description="Of papers that came: they are copies, and not in custody.")
    still_missing: list[Personal] | None = Field(
        default=None,
        max_length=30,
        description="Of papers that came, or are missing: which that were named have yet to come; none: not said.",
    )
    concerns: list[UUID] = Field(
        default=[],
        description="Of an attempt to contact, and of papers: the appeals of the resident whom it concerns, and who "
        "alone is told; none: not said.",
    )
    papers_awaited_until: Moment | None = Field(
        default=None, description="While the promise waits for missing papers: from when it runs though none come."
    )
    office: Personal | None = Field(default=None, description="Whom the letter went to.")
    letter: str | None = Field(default=None, max_length=32, description="The letter's number.")
    promise_due: Moment | None = Field(
        default=None,
        description="Where the promise waits for missing papers, or counts from when they have come: as it is now.",
    )
    promise_text: dict[str, str] | None = Field(default=None, description="The same in words, by language (zh, en).")


class CaseRecusedV1(CaseFact):
    """Somebody has an interest in it and takes no part any more. Where its holder has, it is assigned anew next."""

    TYPE: ClassVar[str] = "routing.case.recused.v1"

    gist: str = Field(max_length=200)
    queue: Queue | None = None
    dispatcher: Handler | None = Field(default=None, description="Where it waits: who is to look at it instead.")
    ask: Ask | None = Field(default=None, description="What stands to be ruled on by somebody else now.")
    ruler: Handler | None = Field(default=None, description="Who is to rule on it instead.")
    reviewer: Handler | None = Field(default=None, description="Who is to review its answer instead.")
    helper: Handler | None = Field(default=None, description="Who helped with it, and whose part is nobody's now.")
    handler: Handler | None = Field(default=None, description="Who leads, where a helper has: who has to know.")


class CaseAccompaniedV1(CaseFact):
    """Handed over to a district's centre, the resident accompanied. It closes nothing: the case is followed."""

    TYPE: ClassVar[str] = "routing.case.accompanied.v1"

    gist: str = Field(max_length=200)
    centre: str = Field(max_length=200, description="Its name.")
    at_centre: Handler | None = Field(description="Who answers for its post, where it has one on the platform.")
    with_whom: Personal = Field(description="Who went there with the resident.")
    handler: Handler | None = Field(description="Who goes on answering for it.")
    promise_met: bool


class CaseCentreReportedV1(CaseFact):
    """The centre has said how it stands. Its words stay with the case."""

    TYPE: ClassVar[str] = "routing.case.centre_reported.v1"

    centre: str = Field(max_length=200)
    at_centre: Handler | None
    final: bool = Field(description="It has done with it: the handler answers next.")
    handler: Handler | None


class CaseSealedV1(CaseFact):
    """What was found out later seals it, or another dispatcher keeps it: it is open to those of seen_by from now on."""

    TYPE: ClassVar[str] = "routing.case.sealed.v1"


class CaseGrantedV1(CaseFact):
    """A sealed case is opened to somebody besides those who must see it."""

    TYPE: ClassVar[str] = "routing.case.granted.v1"

    grant_id: UUID
    granted: Handler = Field(description="To whom, or who answers for the post that it is opened to.")


class CaseGrantRevokedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.grant_revoked.v1"

    grant_id: UUID


class CasePressed(CaseFact):
    """What is said of a pressing. Its words stay with the case."""

    pressing_id: UUID
    pressing: PressingKind
    pressing_number: str = Field(
        max_length=32, description="Of an order or instruction: its own in the city; of a nudge: the how-manieth it is."
    )
    gist: str = Field(max_length=200)


class CasePressedV1(CasePressed):
    """Whoever holds the case is nudged, ordered or instructed."""

    TYPE: ClassVar[str] = "routing.case.pressed.v1"

    due_at: Moment | None = Field(default=None, description="Of an order: by when the report is owed.")
    handler: Handler
    presser_title: str = Field(max_length=200, description="The post that presses.")
    leader: Personal | None = Field(default=None, description="Of an instruction: whose word it is, by title.")


class CaseReportedV1(CasePressed):
    """The holder has reported on an order or instruction."""

    TYPE: ClassVar[str] = "routing.case.reported.v1"

    handler: Handler | None
    presser: Handler | None = Field(description="Who answers now for the post that pressed.")


class CaseReportedBackV1(CaseFact):
    """What was assigned from above is reported on; whoever assigned it reviews that."""

    TYPE: ClassVar[str] = "routing.case.reported_back.v1"

    office: str = Field(max_length=64, description="Who assigned it, by name.")
    their_number: str = Field(max_length=120)
    report: str = Field(max_length=32, description="The report's own number.")
    gist: str = Field(max_length=200)
    handler: Handler | None
    dispatcher: Handler | None = Field(
        default=None, description="Who sends it up and enters what they say; none: who reported it does."
    )


class CaseReportReviewedV1(CaseFact):
    """They have accepted the report, or rejected it: then it is under way again, with another limit of theirs."""

    TYPE: ClassVar[str] = "routing.case.report_reviewed.v1"

    office: str = Field(max_length=64)
    their_number: str = Field(max_length=120)
    report: str = Field(max_length=32)
    accepted: bool
    due_at: Moment | None = Field(default=None, description="Their new limit, where it was rejected.")
    gist: str = Field(max_length=200)
    handler: Handler | None


class CaseHelper(CaseFact):
    """What is said of a helper. What its part is, and what it reports, stays with the case."""

    helper_id: UUID
    helper: Handler | None = Field(description="Who answers now in the post that was called in.")
    gist: str = Field(max_length=200)


class CaseHelperCalledV1(CaseHelper):
    """A post is called in for a part of the case, which stays its holder's: the lead answers for it."""

    TYPE: ClassVar[str] = "routing.case.helper_called.v1"

    due_at: Moment = Field(description="By when the part is to be done; never after the promise that runs.")
    handler: Handler | None = Field(description="Who leads.")


class CaseHelperReportedV1(CaseHelper):
    """A helper's part is done."""

    TYPE: ClassVar[str] = "routing.case.helper_reported.v1"

    handler: Handler | None = Field(description="Who leads.")


class CaseHelperReleasedV1(CaseHelper):
    """A helper's part is not needed any more."""

    TYPE: ClassVar[str] = "routing.case.helper_released.v1"


class CaseLink(CaseFact):
    """What is said of a link by each of the two cases: of the other its number and no more. Its words stay there."""

    link_id: UUID
    link: LinkKind = Field(description="What the other case is to this one.")
    other_number: str = Field(max_length=32)


class CaseLinkedV1(CaseLink):
    TYPE: ClassVar[str] = "routing.case.linked.v1"


class CaseUnlinkedV1(CaseLink):
    TYPE: ClassVar[str] = "routing.case.unlinked.v1"


class CaseHandedToHotlineV1(CaseFact):
    """The city hotline is asked; the case stays with its holder."""

    TYPE: ClassVar[str] = "routing.case.handed_to_hotline.v1"

    reply_due: Moment
    gist: str = Field(max_length=200)
    handler: Handler | None


class CaseHotlineRepliedV1(CaseFact):
    """The city hotline says how it stands with them. Its words stay with the case."""

    TYPE: ClassVar[str] = "routing.case.hotline_replied.v1"

    their_number: str = Field(max_length=120)
    standing: HotlineStanding
    gist: str = Field(max_length=200)
    handler: Handler | None


class CaseDraftedV1(CaseFact):
    """An answer was handed in for review; nothing of it goes out before that is given."""

    TYPE: ClassVar[str] = "routing.case.drafted.v1"

    gist: str = Field(max_length=200)
    handler: Handler | None
    reviewer: Handler | None


class CaseReviewedV1(CaseFact):
    """The answer is approved and goes out, or is sent back."""

    TYPE: ClassVar[str] = "routing.case.reviewed.v1"

    approved: bool
    gist: str = Field(max_length=200)
    handler: Handler | None


class CaseVerifiedV1(CaseFact):
    """Somebody who did not handle it has looked on site; what does not pass is under way again."""

    TYPE: ClassVar[str] = "routing.case.verified.v1"

    passed: bool
    gist: str = Field(max_length=200)
    promise_due: Moment | None = Field(default=None, description="By when it is answered anew, where it did not pass.")
    promise_text: dict[str, str] | None = Field(default=None, description="That in words, by language (zh, en).")
    handler: Handler | None


class CaseRating(CaseFact):
    """What is said of one answer to one appeal."""

    appeal_id: UUID
    answer: int = Field(ge=1, description="Which of the answers to this appeal.")


class CallBackOwedV1(CaseRating):
    """No message reaches the resident: somebody who does not handle it has to ask them."""

    TYPE: ClassVar[str] = "routing.case.call_back_owed.v1"

    gist: str = Field(max_length=200)
    dispatcher: Handler | None = Field(description="Who sees to it that somebody does.")


class CaseCalledBackV1(CaseRating):
    """Somebody tried to ask the resident. Their words stay with the case."""

    TYPE: ClassVar[str] = "routing.case.called_back.v1"

    outcome: ContactOutcome
    attempt: int = Field(ge=1, description="The how-manieth it is for this answer.")
    solved: bool | None = Field(default=None, description="None: they were not reached.")
    rating: int | None = Field(default=None, ge=1, le=5)
    handler: Handler | None


class CaseRatedV1(CaseRating):
    """The resident has said whether the answer solved it, and how satisfied they are."""

    TYPE: ClassVar[str] = "routing.case.rated.v1"

    solved: bool
    rating: int = Field(ge=1, le=5)


class CaseRedoneV1(CaseRating):
    """It was not solved: it is done again, by a limit of its own."""

    TYPE: ClassVar[str] = "routing.case.redone.v1"

    redos: int = Field(ge=1, description="How often this appeal has been.")
    gist: str = Field(max_length=200)
    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The limit in words, by language (zh, en).")
    handler: Handler | None
    superior: Handler | None


class CaseExclusion(CaseFact):
    """A case is to be counted in a rate no more. Why is said in its history alone."""

    rate: ExcludableRate


class CaseExclusionAskedV1(CaseExclusion):
    """Its holder applies for it: until somebody above them has reviewed that, it counts."""

    TYPE: ClassVar[str] = "routing.case.exclusion_asked.v1"


class CaseExclusionReviewedV1(CaseExclusion):
    """Granted, it counts in the rate no more, and as taken out of it; else it goes on counting."""

    TYPE: ClassVar[str] = "routing.case.exclusion_reviewed.v1"

    granted: bool
    asked_by: str = Field(max_length=120, description="The sign-in subject of who applied; never who reviewed it.")
    gist: str = Field(default="", max_length=200)
    applicant: Handler | None = Field(
        default=None, description="Who applied, where they hold a post still: they hear how it went."
    )


class CaseHolderLeftV1(CaseFact):
    """Nobody acts any more in the post that holds it. Said once a vacancy, of the case that falls due first."""

    TYPE: ClassVar[str] = "routing.case.holder_left.v1"

    gist: str = Field(max_length=200)
    post_title: str = Field(max_length=200)
    cases: int = Field(ge=1, description="How many wait with the post.")
    dispatcher: Handler | None = Field(description="Of the tier above the post: who is to see to them.")


class CaseIncidentV1(CaseFact):
    """The case is an incident: every household of the places that it names is told these words, whether it has reported
    anything or not.
    """

    TYPE: ClassVar[str] = "routing.case.incident.v1"

    telling: int = Field(ge=1, description="The how-manieth telling of the case it is.")
    place_ids: list[UUID] = Field(min_length=1, max_length=200, description="Their households, and those of all below.")
    words: Personal = Field(description="For the households, and for those whose appeals the case joins.")
    named_now: bool = Field(
        default=False,
        description="The places are named by this telling: households that an earlier one told are not told again.",
    )
    gist: str = Field(max_length=200)
    handler: Handler | None
    barred: list[str] = Field(
        default=[],
        description="Sign-in subjects of staff who have an interest in it; they are not sent.",
    )


class CaseJoinedV1(CaseFact):
    """Appeals have come to the case. The promise is as it was; or that of the other case, or of what is urgent, where
    that ends earlier.
    """

    TYPE: ClassVar[str] = "routing.case.joined.v1"

    how: JoinKind
    joined: list[UUID] = Field(min_length=1, description="The appeals that have come; they are parties from now on.")
    from_number: str | None = Field(default=None, max_length=32, description="Of the case that was merged into it.")
    repeats: int = Field(default=0, ge=0, description="How often residents have asked about it again by now.")
    gist: str = Field(max_length=200)
    handler: Handler | None = Field(description="Who handles it, or looks at it where it waits.")
    promise_due: Moment | None = Field(default=None, description="None: no promise has been made yet.")
    promise_text: dict[str, str] | None = Field(default=None, description="The promise in words, by language (zh, en).")
    urgent: bool = Field(default=False, description="It is urgent by what has come, and was not before.")
    papers_awaited_until: Moment | None = Field(
        default=None,
        description="While the promise waits for papers of those who have come: from when it runs though none come.",
    )


class CaseSplitV1(CaseFact):
    """Appeals went on from it in a case of their own; its parties are those that are left."""

    TYPE: ClassVar[str] = "routing.case.split.v1"

    appeals: list[UUID] = Field(min_length=1)
    into_case_id: UUID
    into_number: str = Field(max_length=32)


class CaseSplitOffV1(CaseFact):
    """Appeals go on as a case of their own, as that stood which they come from."""

    TYPE: ClassVar[str] = "routing.case.split_off.v1"

    from_case_id: UUID
    from_number: str = Field(max_length=32)
    gist: str = Field(max_length=200)
    handler: Handler | None
    queue: Queue | None = Field(default=None, description="Why it waits for a dispatcher, as that did.")
    promise_due: Moment | None = Field(default=None, description="None: no promise has been made yet.")
    promise_text: dict[str, str] | None = Field(default=None, description="The promise in words, by language (zh, en).")


class DeadlineBreachedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.deadline_breached.v1"

    deadline_id: UUID
    deadline: DeadlineKind
    due_at: Moment
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None
    supervise_by: Moment | None = Field(
        default=None, description="Until when the superior has to see to it; none: no duty begins by it."
    )
    own: bool = Field(default=False, description="Of a part: of whoever holds the case, since they were given it.")


class DeadlineApproachingV1(CaseFact):
    """A share of the time until a limit has passed, as the rule counts it: whoever is held to it is warned."""

    TYPE: ClassVar[str] = "routing.case.deadline_approaching.v1"

    deadline_id: UUID
    deadline: DeadlineKind
    due_at: Moment
    share: int = Field(ge=1, le=99, description="In hundredths.")
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None = Field(default=None, description="Who is told besides; with the last warning alone.")
    own: bool = Field(default=False, description="Of a part: of whoever holds the case, since they were given it.")


class SupervisionClimbedV1(CaseFact):
    """A superior has not seen to what is late within their own limit: the next tier up has to; where nobody is above,
    it comes back to the last.
    """

    TYPE: ClassVar[str] = "routing.case.supervision_climbed.v1"

    supervision_id: UUID
    due_at: Moment = Field(description="Until when the superior has to see to it.")
    repeats: int = Field(
        ge=0, description="How often it has come back, since nobody is above; 0: it has climbed a tier."
    )
    gist: str = Field(max_length=200)
    handler: Handler | None = Field(description="Who holds the case.")
    superior: Handler | None = Field(description="Whose it is from now on.")
    late: Handler | None = Field(description="Who let it pass, and keeps it beside the superior; none: the superior.")


class DeadlineMovedV1(CaseFact):
    """The calendar was put right, or a station's hours are others: by that a deadline falls due at another instant, or
    was not missed after all.
    """

    TYPE: ClassVar[str] = "routing.case.deadline_moved.v1"

    deadline_id: UUID
    deadline: DeadlineKind
    due_before: Moment
    due_at: Moment
    calendar_version: int
    corrects: bool = Field(default=False, description="A breach that was recorded by the calendar before is none.")
    promise_due: Moment | None = Field(
        default=None, description="None: its residents wait for something else, or for nothing any more."
    )
    promise_text: dict[str, str] | None = Field(default=None, description="The promise in words, by language (zh, en).")
    promise_met: bool | None = Field(default=None, description="None: it still runs, or there is none.")
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None = Field(default=None, description="Of a breach that is none: who was told of it.")
    own: bool = Field(default=False, description="Of a part: of whoever holds the case, since they were given it.")


class ContactDeadlineApproachingV1(CaseFact):
    """A share of the time has passed in which the resident is to be reached for the first time."""

    TYPE: ClassVar[str] = "routing.case.contact_deadline_approaching.v1"

    deadline_id: UUID
    due_at: Moment
    share: int = Field(ge=1, le=99, description="In hundredths.")
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None = Field(default=None, description="Who is told besides; with the last warning alone.")


class ContactDeadlineBreachedV1(CaseFact):
    """The resident was not reached for the first time by when the rules say."""

    TYPE: ClassVar[str] = "routing.case.contact_deadline_breached.v1"

    deadline_id: UUID
    due_at: Moment
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None
    supervise_by: Moment | None = Field(
        default=None, description="Until when the superior has to see to it; none: no duty begins by it."
    )


class ContactDeadlineMovedV1(CaseFact):
    """By a calendar that was put right, the resident is to be reached by another instant, or was reached in time."""

    TYPE: ClassVar[str] = "routing.case.contact_deadline_moved.v1"

    deadline_id: UUID
    due_before: Moment
    due_at: Moment
    calendar_version: int
    corrects: bool = Field(default=False, description="A breach that was recorded by the calendar before is none.")
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None = Field(default=None, description="Of a breach that is none: who was told of it.")


class CategoryChangedV1(Event):
    """A branch or leaf of the category tree, with the words by which an appeal is recognised."""

    TYPE: ClassVar[str] = "routing.category.changed.v1"
    TOPIC: ClassVar[str] = "routing.category.v1"
    SUBJECT: ClassVar[str] = "code"

    code: str = Field(max_length=64)
    parent: str | None = Field(max_length=64)
    name: dict[str, str] = Field(description="By language (zh, en).")
    kind: Kind
    remit: Remit
    words: list[str] = Field(default=[], description="Words that suggest it; a longer one weighs more.")
    retired: bool = False
    sealed: bool = Field(default=False, description="What is sorted so is shown only to those who must see it.")


class CityCase(Event):
    """The city's public feed: masked, classified, stable; no personal data."""

    TOPIC: ClassVar[str] = "city.case.v1"
    SUBJECT: ClassVar[str] = "case_id"

    case_id: UUID
    number: str = Field(max_length=32)
    at: Moment
    state: CaseState
    category: str | None = Field(max_length=64, description="None where nobody has sorted it, or it is sealed.")
    kind: Kind | None
    remit: Remit | None
    district: str | None = Field(max_length=64, description="The place code of the district, at most.")
    channel: Channel


class CityCaseOpenedV1(CityCase):
    TYPE: ClassVar[str] = "city.case.opened.v1"


class CityCaseProgressedV1(CityCase):
    TYPE: ClassVar[str] = "city.case.progressed.v1"


class CityCaseClosedV1(CityCase):
    TYPE: ClassVar[str] = "city.case.closed.v1"

    promise_met: bool | None = Field(description="None where no promise was made.")
    outcome: Outcome | None
