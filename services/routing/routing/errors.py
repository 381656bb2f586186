"""What routing refuses.

::

    ServiceError
    ├── NotFound   CaseNotFound, DeadlineNotFound, PrecedentNotFound, LetterNotFound, PressingNotFound,
    │              ReportBackNotFound, HelperNotFound, LinkNotFound, BatchNotFound, KeptRowNotFound, GrantNotFound,
    │              CalendarNotFound, ReceiptNotFound, NotFrozen, RuleSetNotFound
    ├── Conflict   StepNotAllowed, NobodyHolds, NobodyRules, RulingBinds, AlreadyThere, PrecedentRevoked, ReasonTaken,
    │              PromiseMissed, ClockRuns, LetterAnswered, PapersNamedAlready, PapersInCustody, NudgedAlready,
    │              PapersAwaited, ReportOwed, NoReportOwed, StillFollowed, NotForACentre, ReportBackOwed,
    │              NoReportBackOwed, NotTriedEnough, SuspensionOver, SuspendedStill, HadItBefore, HelpsAlready,
    │              PartEnded, LinkedAlready, CallBackOwed, NoCallBackOwed, PlaceNamedAlready, AssignedFromAbove,
    │              DoneAgain, AnswerDrafted, VerificationOwed, NotSealed, SealedStaysHere, AlreadyGranted,
    │              NothingChanges, CalendarInForce, CalendarOutdated, ClockSetBack, AlreadyExcluded, FrozenAlready,
    │              MonthNotOver, NoRuleChanges, RuleSetInForce, RuleSetOutdated, ReleaseBeforeRuns, LateAlready
    ├── Stale      CaseChanged
    ├── Unavailable  UnfitRules
    ├── Forbidden  NotYourStep, NotYourPlace, NotTheOperator, NotYourPrecedent, NotYoursToName, OtherCaseUnseen,
    │              NotYourExchange, FiguresElsewhere, NotAnOverseer, SecondPersonNeeded
    └── Invalid    UnknownCategory, UnknownPlace, CategoryMissing, PlaceMissing, UnboundBranches, UnfitTree,
                   UnknownReason, ListIsClosed, UnfitPost, WhereToMissing, WhereToUnasked, UnknownLetter, NotInCustody,
                   UnfitLimit, CentreMissing, TheirLimitMissing, TheirLimitUnasked, UnfitPartLimit, UnknownCase,
                   LinkedToItself, WhoseMissing, UnfitPeriod, UnfitDay, UnfitPlace, TooManyPlaces, NotOfTheCase,
                   LastAppeal, UnknownTarget, UnfitTarget, EvidenceMissing, WhomMissing, UnfitGrant,
                   UnfitNotice, UnfitYear, YearIsOfficial, UnfitTimetable, NotKeptSo, UnfitDocument, NoPlaceWithCode,
                   RulesBeginTooEarly, LongerThanTheRules, BeyondTheLaw, NamedTwice, NoPapersMissing,
                   WhosePapersMissing
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Unavailable


class CaseNotFound(NotFound):
    def __init__(self, case_id: UUID | None) -> None:
        named = f"no case {case_id}" if case_id else "no case with this number"
        super().__init__("case_not_found", f"There is {named}, or it is not for you to see.")


class NamedTwice(Invalid):
    """Counted from 1."""

    def __init__(self, place: int, first: int, *, field: str) -> None:
        super().__init__(
            "named_twice",
            f"names at {place} the same case as at {first}: name each once. Nothing was done.",
            field=field,
        )


class DeadlineNotFound(NotFound):
    def __init__(self, deadline_id: UUID) -> None:
        super().__init__("deadline_not_found", f"The case has no deadline {deadline_id}.")


class CaseChanged(Stale):
    def __init__(self, version: int, state: str, holder_post_id: UUID | None) -> None:
        super().__init__(
            "case_changed",
            f"The case has changed since you read it: it is {state}, at version {version}. Read it again.",
            present={
                "version": version,
                "state": state,
                "holder_post_id": str(holder_post_id) if holder_post_id else None,
            },
        )


class StepNotAllowed(Conflict):
    """``why``: what is in its way, or lacks."""

    def __init__(self, step: str, state: str, theirs: Sequence[str], *, why: str = "") -> None:
        now = ", ".join(theirs) or "nothing"
        super().__init__(
            "step_not_allowed",
            f"A case that is {state} does not allow the step {step}{f', {why}' if why else ''}; you may now: {now}.",
        )


class NobodyHolds(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "nobody_holds",
            "Nobody who may handle this holds a post for that place: fill the post or name a stand-in first.",
        )


class NobodyRules(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "nobody_rules",
            "No other dispatcher of the place or above it is there to rule on this: fill the post or name a stand-in.",
        )


class RulingBinds(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "ruling_binds",
            "A tier above has ruled who handles this, or has taken it over: only that tier or one above may change it.",
        )


class PromiseMissed(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "promise_missed",
            "A promise is extended or suspended before it falls due: this one does not run any more.",
        )


class PromiseKept(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "promise_kept",
            "Its promise was kept, by a plan, by accompanying or by an answer: none runs that could be extended.",
        )


class PapersAwaited(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "papers_awaited",
            "The promise waits for the papers that were named, and counts from when they have come: record them first.",
        )


class ClockRuns(Conflict):
    def __init__(self) -> None:
        super().__init__("clock_runs", "What is urgent is counted in hours, and is not extended, suspended or planned.")


class NotTriedEnough(Conflict):
    """A resident is waited for once they could not be reached on several days; ``field``: of who asks it, or grants
    it.
    """

    def __init__(self, tried: int, wanted: int, field: str) -> None:
        super().__init__(
            "not_tried_enough",
            f"A resident is waited for after attempts on {wanted} different days since they were last reached; on "
            f"record: {tried}. Record each as a contact_attempt, not_reached; refuse what is asked already.",
            field=field,
        )


class SuspensionOver(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "suspension_over",
            "The day until which a suspension is asked for has come: refuse it, so that another may be asked for.",
        )


class SuspendedStill(Conflict):
    def __init__(self) -> None:
        super().__init__("suspended", "It is suspended: resume it before it is put right, since that counts from now.")


class HelpedFromElsewhere(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "helped_from_elsewhere",
            "Who helps with it does not answer for that place: release them first (POST …/helpers/{id}/releases).",
            field="/place_id",
        )


class HadItBefore(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "had_it_before",
            "Who answers there has had this case before, and it is not passed back and forth: ask the dispatcher to "
            "take it back (POST …/returns).",
            field="/post_id",
        )


class AlreadyThere(Conflict):
    def __init__(self, field: str) -> None:
        super().__init__("already_there", "That is where it lies already, or how it stands: name another.", field=field)


class NotYourStep(Forbidden):
    def __init__(self, step: str, who: Sequence[str]) -> None:
        super().__init__(
            "not_your_step",
            f"The step {step} is not yours to take: it is for {', or '.join(who)}. `steps` of the case lists those "
            "that are yours.",
        )


class NudgedAlready(Conflict):
    def __init__(self, again_at: datetime) -> None:
        again = again_at.isoformat(timespec="seconds")
        super().__init__(
            "nudged_already", f"Your post nudged it within the last 24 hours: it may again from {again} on."
        )


class ReportOwed(Conflict):
    def __init__(self, owed: int) -> None:
        super().__init__(
            "report_owed",
            f"Reports that its holder owes on it: {owed}. `pressings` of the case lists them: report on each, then "
            "close it.",
        )


class NoReportOwed(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "no_report_owed", "No report is owed on this any more: `pressings` of the case shows what is, and what was."
        )


class StillFollowed(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "still_followed",
            "The centre that has it in hand has not reported finally: enter what it reports (centre_reports), the last "
            "with `final`, first.",
        )


class NotForACentre(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "not_for_a_centre",
            "Only legal, stability and petition matters are handed over to a centre: put its category right first.",
        )


class CentreMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "centre_missing",
            "Name the centre that takes it over: by its post on the platform (post_id), or else in words (centre).",
            field="/centre",
        )


class ReportBackOwed(Conflict):
    def __init__(self, office: str, *, is_given: bool) -> None:
        wanted = (
            f"{office} has the report back and has not accepted it yet: enter what they say, then close it."
            if is_given
            else f"{office} assigned it and wants a report back: answer it, report back, and close it when they accept."
        )
        super().__init__("report_back_owed", wanted)


class NoReportBackOwed(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "no_report_back_owed",
            "Nothing of this kind is waited for: `report_back` of the case says whether whoever assigned it wants a "
            "report (owed), has it (given) or has accepted it.",
        )


class TheirLimitMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "their_limit_missing",
            "What they reject is open again by another limit of theirs, which lies ahead: name it.",
            field="/due_at",
        )


class TheirLimitUnasked(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "their_limit_unasked", "What they accept needs no other limit: leave this out.", field="/due_at"
        )


class CallBackOwed(Conflict):
    def __init__(self, owed: int) -> None:
        super().__init__(
            "call_back_owed",
            f"Residents whom no message reaches and whom nobody has asked yet: {owed}. `callbacks` of the case lists "
            "them: who does not handle it calls each, then close it.",
        )


class NoCallBackOwed(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "no_call_back_owed", "Nobody is to be called about this: `callbacks` of the case shows who was asked."
        )


class AnswerDrafted(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "answer_drafted",
            "An answer waits for its review: it is approved or sent back first, by a dispatcher who did not write it.",
        )


class VerificationOwed(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "verification_owed", "Somebody who did not handle it has to look on site first whether it was done."
        )


class EvidenceMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "evidence_missing",
            "For such a matter, name what shows that it was done: the number of the photo, document or record.",
            field="/evidence",
        )


class WhoseMissing(Invalid):
    def __init__(self, appeals: Sequence[UUID]) -> None:
        waiting = ", ".join(map(str, appeals))
        said = f"Several residents are to be called: say whose appeal it is of {waiting}."
        super().__init__("whose_missing", said, field="/appeal_id")


class AlreadyExcluded(Conflict):
    def __init__(self, rate: str) -> None:
        super().__init__("already_excluded", f"The case does not count in {rate} any more.", field="/rate")


class NotKeptSo(Invalid):
    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__("not_kept_so", detail, field=field)


class FrozenAlready(Conflict):
    def __init__(self, month: date) -> None:
        super().__init__("frozen_already", f"{month:%Y-%m} is frozen: what comes to it later is listed beside it.")


class MonthNotOver(Conflict):
    def __init__(self, month: date) -> None:
        super().__init__("month_not_over", f"{month:%Y-%m} is not over: freeze it once the next month has begun.")


class NotFrozen(NotFound):
    def __init__(self, month: date) -> None:
        super().__init__(
            "not_frozen", f"{month:%Y-%m} is not frozen: `/figures/freezes` lists the months that are.", field="/month"
        )


class NotSealed(Conflict):
    def __init__(self) -> None:
        super().__init__("not_sealed", "The case is not sealed: everybody of its place sees it, without a grant.")


class SealedStaysHere(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "sealed_stays_here",
            "What is sealed goes into no file and to no household: open it to whom it needs by a grant.",
        )


class AlreadyGranted(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "already_granted", "A grant opens it to them already: `grants` of the case lists those in force."
        )


class GrantNotFound(NotFound):
    def __init__(self, grant_id: UUID) -> None:
        super().__init__(
            "grant_not_found", f"The case has no grant {grant_id} in force: `grants` of the case lists those that are."
        )


class WhomMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "whom_missing",
            "Say whom it is opened to: a person (subject) or a post (post_id), one of them.",
            field="/subject",
        )


class UnfitGrant(Invalid):
    def __init__(self, why: str, field: str) -> None:
        super().__init__("unfit_grant", f"It cannot be opened to them: {why}. Name another.", field=field)


class NotAnOverseer(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "not_an_overseer",
            "Who has opened a sealed case is listed for auditors and for dispatchers and supervisors.",
        )


class PressingNotFound(NotFound):
    def __init__(self, pressing_id: UUID) -> None:
        super().__init__(
            "pressing_not_found",
            f"There is no order or instruction {pressing_id}, or it is not for you to see.",
        )


class NotOfTheCase(Invalid):
    def __init__(self, appeals: Sequence[UUID], *, field: str = "/appeal_ids") -> None:
        named = ", ".join(map(str, appeals))
        super().__init__(
            "not_of_the_case",
            f"These appeals are not of this case, or withdrawn: {named}. `appeals` of the case lists those that stand.",
            field=field,
        )


class AssignedFromAbove(Conflict):
    def __init__(self, office: str) -> None:
        super().__init__(
            "assigned_from_above",
            f"{office} assigned it, and wants it answered under their own number: merge the other case into this one.",
        )


class DoneAgain(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "done_again", "It is done again for who was not satisfied, by a limit of its own: it goes on by itself."
        )


class LateAlready(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "late_already",
            "Its promise is missed: a dispatcher of its place or of a tier above who does not hold it names the day.",
        )


class HouseholdsTold(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "households_told",
            "Whole buildings have been told of it, and are told its end by it: merge the other case into this one.",
        )


class UnknownTarget(Invalid):
    def __init__(self, into: str) -> None:
        super().__init__(
            "unknown_case", f"There is no case {into}, or it is not for you to see: correct it.", field="/into"
        )


class UnfitTarget(Invalid):
    def __init__(self, why: str) -> None:
        super().__init__("unfit_target", f"This case cannot go on in that one: {why}. Name another.", field="/into")


class LastAppeal(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "last_appeal", "Somebody who still asks stays in the case: leave out one appeal.", field="/appeal_ids"
        )


class UnfitLimit(Invalid):
    def __init__(self, longest: int) -> None:
        super().__init__(
            "unfit_limit", f"An order's limit lies ahead, and at most {longest} days: choose another.", field="/due_at"
        )


class HelpsAlready(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "helps_already",
            "That post helps already, and its part is open: name another, or release it first.",
            field="/post_id",
        )


class NotYoursToName(Forbidden):
    def __init__(self, *, field: str | None = "/post_id") -> None:
        super().__init__(
            "not_yours_to_name",
            "Between offices, or an office and a place, the dispatcher of a tier above both names who leads and who "
            "helps; whoever leads names helpers at or below their own place, or of their own office. Who passes a case "
            "on while another helps releases that part first, or asks that dispatcher.",
            field=field,
        )


class UnfitPartLimit(Invalid):
    def __init__(self, latest: datetime) -> None:
        super().__init__(
            "unfit_part_limit",
            f"A part's limit lies ahead, and not after {latest.isoformat(timespec='seconds')}: choose another.",
            field="/due_at",
        )


class HelperNotFound(NotFound):
    def __init__(self, helper_id: UUID) -> None:
        super().__init__("helper_not_found", f"There is no helper {helper_id} on this case: the case lists them.")


class PartEnded(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "part_ended", "That part has ended: it is done, or was released. `helpers` of the case shows it."
        )


class SealedLinksSealed(Conflict):
    """A link tells the number and the words to whoever sees the other case."""

    def __init__(self) -> None:
        super().__init__(
            "one_is_sealed",
            "One of the two is sealed, and whoever sees the other would read of it: link what is sealed with what is "
            "sealed, or open it to whom it needs by a grant.",
            field="/number",
        )


class LinkedAlready(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "linked_already",
            "The two cases are linked already: `links` of the case lists them. To say another kind, end that link.",
            field="/number",
        )


class LinkNotFound(NotFound):
    def __init__(self, link_id: UUID) -> None:
        super().__init__(
            "link_not_found", f"There is no link {link_id} on this case, or it has ended: the case lists its links."
        )


class OtherCaseUnseen(Forbidden):
    def __init__(self) -> None:
        super().__init__("other_case_unseen", "You see one of the two cases only: a link is ended by who sees both.")


class LinkedToItself(Invalid):
    def __init__(self) -> None:
        super().__init__("linked_to_itself", "That is the number of this very case: name another.", field="/number")


class UnknownCase(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "unknown_case",
            "There is no case with this number, or it is not for you to see: name another.",
            field="/number",
        )


class UnfitPeriod(Invalid):
    def __init__(self, longest: int) -> None:
        super().__init__(
            "unfit_period", f"A period ends no sooner than it begins, {longest} days at most.", field="/since"
        )


class FiguresElsewhere(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "figures_elsewhere",
            "Those figures are for the staff of that place and of the tiers above it: name one at or below your own.",
            field="/place",
        )


class UnfitDay(Invalid):
    def __init__(self, first: date, last: date, *, field: str) -> None:
        super().__init__("unfit_day", f"Choose a day from {first.isoformat()} to {last.isoformat()}.", field=field)


class NotYourPlace(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "not_your_place", "You do not dispatch for that place: choose one at or below your own.", field="/place_id"
        )


class NotTheOperator(Forbidden):
    def __init__(self) -> None:
        super().__init__("not_the_operator", "Only the city's operator may do this.")


class UnknownCategory(Invalid):
    def __init__(self, code: str) -> None:
        super().__init__(
            "unknown_category",
            f"There is no category {code}: take one from GET /routing/v1/categories.",
            field="/category",
        )


class UnknownPlace(Invalid):
    def __init__(self, place_id: UUID) -> None:
        super().__init__("unknown_place", f"There is no open place {place_id}: choose one that is.", field="/place_id")


class UnknownPlaceAsked(Invalid):
    def __init__(self) -> None:
        super().__init__("unknown_place", "There is no such place: take its id from grid.", field="/place")


class PlaceMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "place_missing",
            "Nobody knows yet where this is: name the place; where it concerns all of yours, name that.",
            field="/place_id",
        )


class CategoryMissing(Invalid):
    def __init__(self) -> None:
        super().__init__("category_missing", "The case has no category yet: name it.", field="/category")


class UnknownReason(Invalid):
    def __init__(self, code: str, known: Sequence[str]) -> None:
        super().__init__(
            "unknown_reason", f"There is no reason {code} for this; there are: {', '.join(known)}.", field="/reason"
        )


class ListIsClosed(Invalid):
    def __init__(self, ask: str) -> None:
        super().__init__("list_is_closed", f"The reasons for {ask} are the law's: none can be added.", field="/ask")


class ReasonTaken(Conflict):
    def __init__(self, code: str) -> None:
        super().__init__("reason_taken", f"There is a reason {code} already: choose another code.", field="/code")


class UnfitPost(Invalid):
    def __init__(self, why: str) -> None:
        super().__init__("unfit_post", f"That post cannot take the case: {why}. Name another.", field="/post_id")


class WhereToMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "where_to_missing",
            "A return that is granted goes somewhere: name the post that takes it, or the right category or place.",
            field="/post_id",
        )


class WhereToUnasked(Invalid):
    def __init__(self, field: str) -> None:
        super().__init__(
            "where_to_unasked", "Only a return that is granted goes elsewhere: leave this out.", field=f"/{field}"
        )


class PrecedentNotFound(NotFound):
    def __init__(self, precedent_id: UUID) -> None:
        super().__init__("precedent_not_found", f"There is no precedent {precedent_id}, or it is not for you to see.")


class PrecedentRevoked(Conflict):
    def __init__(self) -> None:
        super().__init__("precedent_revoked", "The precedent was revoked before.")


class NotYourPrecedent(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "not_your_precedent", "Only a dispatcher of the tier that ruled, or of one above it, revokes a precedent."
        )


class LetterNotFound(NotFound):
    def __init__(self, number: str) -> None:
        super().__init__("letter_not_found", f"There is no letter {number} on this case: the case lists its letters.")


class ReceiptNotFound(NotFound):
    def __init__(self, seq: int) -> None:
        super().__init__(
            "receipt_not_found",
            f"Entry {seq} of this case neither took originals in nor gave them back: the history lists its entries.",
        )


class ReportBackNotFound(NotFound):
    def __init__(self, number: str) -> None:
        super().__init__(
            "report_back_not_found", f"There is no report {number} on this case: the case lists its reports_back."
        )


class UnknownLetter(Invalid):
    def __init__(self, number: str, waiting: Sequence[str]) -> None:
        open_ones = f"letters that wait for a reply: {', '.join(waiting)}" if waiting else "no letter waits for a reply"
        super().__init__("unknown_letter", f"There is no letter {number} on this case; {open_ones}.", field="/number")


class LetterAnswered(Conflict):
    def __init__(self, number: str) -> None:
        super().__init__(
            "letter_answered",
            f"The reply to letter {number} is on record already: record what else comes as a call.",
            field="/number",
        )


class NotInCustody(Invalid):
    """``index`` is the paper's place in the request's list."""

    def __init__(self, index: int, held: Sequence[str]) -> None:
        here = f"besides those before it only these are: {'、'.join(held)}" if held else "no others are"
        super().__init__(
            "not_in_custody",
            f"Paper {index + 1} of the list is not in custody here; {here}. Correct its name, or leave it out.",
            field=f"/papers/{index}",
        )


class PapersNamedAlready(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "papers_named_already",
            "The resident was told of all missing papers at once: more can be named only when those have all come "
            "(papers_received), or none of them is waited for any more (its `complete`).",
        )


class WhosePapersMissing(Invalid):
    def __init__(self, appeals: Sequence[UUID]) -> None:
        standing = ", ".join(map(str, appeals))
        said = f"Several residents ask in this case: say whose papers they are by an appeal of {standing}."
        super().__init__("whose_papers_missing", said, field="/appeal_id")


class NoPapersMissing(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "no_papers_missing",
            "No papers are waited for: none were named, or all have come. Name the papers that came in `papers`.",
            field="/complete",
        )


class PapersInCustody(Conflict):
    def __init__(self, held: int) -> None:
        super().__init__(
            "papers_in_custody",
            f"{held} of the resident's originals are still in custody: give them back and record papers_returned.",
        )


class NotYourExchange(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "not_your_exchange",
            "The exchange with the city hotline is for dispatchers of the tree, each for what they see; the city's "
            "dispatcher sees all of it: sign in as one.",
        )


class BatchNotFound(NotFound):
    def __init__(self, number: int) -> None:
        super().__init__(
            "batch_not_found", f"There is no batch {number} for the city hotline, or it is not for you to see."
        )


class KeptRowNotFound(NotFound):
    def __init__(self, reply_id: UUID) -> None:
        super().__init__(
            "kept_row_not_found", f"There is no row {reply_id} that waits to be settled, or it is not for you to see."
        )


class UnfitPlace(Invalid):
    """``index`` is the place's in the request's list."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(
            "unfit_place",
            f"Place {index + 1} of the list cannot be named: {why}. Leave it out, or name another.",
            field=f"/place_ids/{index}",
        )


class TooManyPlaces(Invalid):
    def __init__(self, left: int) -> None:
        super().__init__(
            "too_many_places",
            f"A case names few buildings: at most {left} more. Name the area that they lie in, or leave some out.",
            field="/place_ids",
        )


class PlaceNamedAlready(Conflict):
    def __init__(self, index: int) -> None:
        super().__init__(
            "place_named_already",
            f"Place {index + 1} of the list is named already, or lies in one that is: leave it out. What else its "
            "households are to know, tell them by `incident_words`.",
            field=f"/place_ids/{index}",
        )


class UnboundBranches(Invalid):
    """Branches of a taxonomy that neither a binding nor a name rule gives a kind of matter."""

    def __init__(self, branches: Sequence[tuple[int, str]]) -> None:
        super().__init__(
            "unbound_branches",
            f"Nothing was changed. Bind these branches to a kind and a remit: {_by_line(branches)}.",
            field="/rows",
        )
        self.branches = list(branches)


class UnknownBranch(Invalid):
    """A binding that speaks of no branch of its tree would bind nothing: a slip of the pen."""

    def __init__(self, branch: str) -> None:
        super().__init__(
            "unknown_branch",
            f"Nothing was changed. The bindings name {branch}, which is no branch of the tree: write its names from "
            f"the first level on, joined by /.",
            field="/bindings",
        )


class UnfitTree(Invalid):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__("unfit_tree", f"Nothing was changed. Line {line}: {reason}.", field="/rows")


SHOWN = 50


def _by_line(said: Sequence[tuple[int, str]]) -> str:
    named = "; ".join(f"line {line}: {what}" for line, what in said[:SHOWN])
    return f"{named}; and {len(said) - SHOWN} more" if len(said) > SHOWN else named


class UnfitDocument(Invalid):
    """Lines of a rule document that no rule set could follow, or that loosen what holds above them."""

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("unfit_document", f"Nothing was changed. Put right: {_by_line(faults)}.", field="/rules")


class NoPlaceWithCode(Invalid):
    def __init__(self, code: str) -> None:
        super().__init__(
            "no_place_with_code",
            f"There is no open place with the code {code}: take its code from grid.",
            field="/place",
        )


class RulesBeginTooEarly(Invalid):
    def __init__(self, day: date, first: date) -> None:
        super().__init__(
            "rules_begin_too_early",
            f"Nothing was changed. Rules hold from a day ahead, and not from before the set that they follow: {day} is "
            f"before {first}. Name a later day, or none, so that they hold from when they are put into force.",
            field="/begins",
        )


class RuleSetNotFound(NotFound):
    def __init__(self, version: int) -> None:
        super().__init__(
            "rule_set_not_found", f"There is no rule set {version}: GET /routing/v1/rule-sets lists those there are."
        )


class NoRuleChanges(Conflict):
    def __init__(self, version: int) -> None:
        super().__init__("no_rule_changes", f"Rule set {version}, which holds there, says the same.")


class RuleSetInForce(Conflict):
    def __init__(self, version: int) -> None:
        super().__init__(
            "rule_set_in_force",
            f"Rule set {version} is in force, or was. What is wrong in it is put right by another.",
        )


class RuleSetOutdated(Conflict):
    def __init__(self, version: int, since: int) -> None:
        super().__init__(
            "rule_set_outdated",
            f"Rule set {version} was drafted before rule set {since} was put into force, and does not know what that "
            "changed: draft its document again, and look at what it changes now.",
        )


class ReleaseBeforeRuns(Conflict):
    def __init__(self, roles: Sequence[str]) -> None:
        super().__init__(
            "release_before_runs",
            f"Nothing was changed. Processes of a release before are connected ({', '.join(roles)}), and would take it "
            "for less than it says: end the roll-out of this release, then put it into force again.",
        )


class ClockSetBack(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "clock_set_back",
            "By this server's clock it is earlier than when this was drafted or the one before it came into force: put "
            "the clock right first.",
        )


class SecondPersonNeeded(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "second_person_needed",
            "It is put into force by somebody else than who drafted it: ask another operator.",
        )


class LongerThanTheRules(Invalid):
    """More time is asked for than the rules of the case allow."""

    def __init__(self, most: int, field: str) -> None:
        super().__init__(
            "longer_than_the_rules", f"The rules that this case is under allow {most} days at the most.", field=field
        )


class BeyondTheLaw(Invalid):
    def __init__(self, statute: str, latest: date) -> None:
        super().__init__(
            "beyond_the_law",
            f"By {statute} it has to be done by {latest}: ask for fewer days, so that it falls due no later.",
            field="/days",
        )


class UnfitRules(Unavailable):
    """Nothing is promised by rules that cannot be kept: it waits until they are put right."""

    def __init__(self, version: int, why: str) -> None:
        super().__init__("unfit_rules", f"Version {version} of the rules is not fit to be used: {why}.")


class UnfitNotice(Invalid):
    """Lines of a year's notice that no calendar could follow."""

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("unfit_notice", f"Nothing was changed. Put right: {_by_line(faults)}.", field="/rows")


class UnfitTimetable(Invalid):
    """Lines of a file of opening hours by which no station could open."""

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("unfit_timetable", f"Nothing was changed. Put right: {_by_line(faults)}.", field="/rows")


class UnfitYear(Invalid):
    def __init__(self, year: int, count: int, fewest: int, most: int) -> None:
        super().__init__(
            "unfit_year",
            f"Nothing was changed. {year} would have {count} working days, and a year has {fewest} to {most}: the file "
            "names all of its days off and make-up days, once each.",
            field="/rows",
        )


class YearIsOfficial(Invalid):
    def __init__(self, year: int) -> None:
        super().__init__(
            "year_is_official",
            f"The notice of {year} is out, and it does not become a forecast again: import what puts it right as "
            "official.",
            field="/status",
        )


class CalendarNotFound(NotFound):
    def __init__(self, version: int) -> None:
        super().__init__("calendar_not_found", f"There is no version {version} of the calendar.")


class NothingChanges(Conflict):
    def __init__(self, version: int) -> None:
        super().__init__("nothing_changes", f"The calendar in force, version {version}, says the same.")


class CalendarInForce(Conflict):
    def __init__(self, version: int) -> None:
        super().__init__(
            "calendar_in_force",
            f"Version {version} is in force, or was. What is wrong in it is put right by importing that year again.",
        )


class CalendarOutdated(Conflict):
    def __init__(self, version: int, in_force: int) -> None:
        super().__init__(
            "calendar_outdated",
            f"Version {version} was drafted before version {in_force} came into force, and does not know what that "
            "changed: import its file again, and look at what it changes now.",
        )
