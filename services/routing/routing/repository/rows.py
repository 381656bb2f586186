"""Between rows and the dataclasses of the domain, field by field."""

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from contracts.intake import Channel, Language
from contracts.routing import Ask, CaseState, HandoverMeans, Kind, Outcome, Queue, Remit
from sqlalchemy import Row

from routing.domain.assignment import Owing
from routing.domain.calendar import Hours
from routing.domain.case import (
    SEALED_GIST,
    Appeal,
    Case,
    ClosedReason,
    Deadline,
    DeadlineKind,
    DeadlineState,
    Seal,
    Standing,
)
from routing.domain.chain import Entry
from routing.domain.figures import Rate, Tally
from routing.domain.paths import last_of
from routing.domain.promise import Offer, Promise, Term, Unit, WarningAt
from routing.domain.rules import Demand

T = TypeVar("T")


def case_row(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "number": case.number,
        "version": case.version,
        "head": case.head,
        "state": case.state.value,
        "queue": _value(case.queue),
        "gist": case.gist,
        "channel": case.channel.value,
        "urgent": case.urgent,
        "silent": case.silent,
        "complained_of": list(case.complained_of),
        "place_id": case.place_id,
        "taken_place_id": last_of(case.taken_path),
        "placed_path": case.placed_path,
        "taken_path": case.taken_path,
        "district": case.district,
        "category": case.category,
        "category_version": case.category_version,
        "category_suggested": case.category_suggested,
        "kind": _value(case.kind),
        "remit": _value(case.remit),
        "rule_version": case.rule_version,
        "rule_layers": list(case.rule_layers),
        "holder_post_id": case.holder_post_id,
        "office_id": case.office_id,
        "promise_due": case.promise_due,
        "promise_met": case.promise_met,
        "outcome": _value(case.outcome),
        "handover": _value(case.handover),
        "closed_reason": _value(case.closed_reason),
        "ask": _value(case.ask),
        "ask_reason": case.ask_reason,
        "asked_by": case.asked_by,
        "asked_days": case.asked_days,
        "asked_until": case.asked_until,
        "ruler_post_id": case.ruler_post_id,
        "ruler_place_id": last_of(case.ruler_path),
        "ruler_path": case.ruler_path,
        "returns": case.returns,
        "returned_place_id": last_of(case.returned_path),
        "returned_path": case.returned_path,
        "ruled_place_id": last_of(case.ruled_path),
        "ruled_path": case.ruled_path,
        "dispatched_place_id": case.dispatched_place_id,
        "dispatched_path": case.dispatched_path,
        "extended": case.extended,
        "letters": case.letters,
        "papers_held": case.papers_held,
        "papers_named_at": case.papers_named_at,
        "papers_missing": list(case.papers_missing),
        "papers_missing_of": case.papers_missing_of,
        "papers_awaited_until": case.papers_awaited_until,
        "first_contact_at": case.first_contact_at,
        "pressings": case.pressings,
        "reports_owed": case.reports_owed,
        "recused": list(case.recused),
        "seal": _value(case.seal),
        "keeper_post_id": case.keeper_post_id,
        "granted_to": list(case.granted_to),
        "seen_by": list(case.seen_by),
        "followed_since": case.followed_since,
        "assigned_by": case.assigned_by,
        "assigned_number": case.assigned_number,
        "assigned_due": case.assigned_due,
        "report_back": _value(case.report_back),
        "helpers": case.helpers,
        "helper_post_ids": list(case.helper_post_ids),
        "linked": case.linked,
        "hotline_handovers": case.hotline_handovers,
        "at_hotline": case.at_hotline,
        "answered_by": case.answered_by,
        "calls_owed": case.calls_owed,
        "tellings": case.tellings,
        "suspended_until": case.suspended_until,
        "suspension_reason": case.suspension_reason,
        "planned_for": case.planned_for,
        "planned_due": case.planned_due,
        "planned_who": case.planned_who,
        "first_holder_post_id": case.first_holder_post_id,
        "supervisor_post_id": case.supervisor_post_id,
        "demands": sorted(demand.value for demand in case.demands),
        "by_the_clock": case.by_the_clock,
        "draft": case.draft,
        "reviewer_post_id": case.reviewer_post_id,
        "verified": case.verified,
        "undelivered": case.undelivered,
        "repeats": case.repeats,
        "merged_into": case.merged_into,
        "excluding": _value(case.excluding),
        "excluding_by": case.excluding_by,
        "standing": case.standing.rank,
        "falls_due": case.falls_due or case.opened_at,
        "behind": list(case.behind),
        "tally": case.tally.stored() if case.tally else None,
        "received_at": case.received_at,
        "opened_at": case.opened_at,
        "accepted_at": case.accepted_at,
        "answered_at": case.answered_at,
        "closed_at": case.closed_at,
    }


def case_of(row: Row[Any], now: datetime) -> Case:
    """As it stands ``now``: a suspension whose end has come is none any more, and nothing has to end it."""
    facts = row._mapping  # a name of the row itself is found six times as slowly
    case = Case(
        case_id=facts["case_id"],
        number=facts["number"],
        gist=facts["gist"],
        channel=Channel(facts["channel"]),
        received_at=facts["received_at"],
        opened_at=facts["opened_at"],
        placed_path=facts["placed_path"],
        taken_path=facts["taken_path"],
        place_id=facts["place_id"],
        district=facts["district"],
        category=facts["category"],
        category_version=facts["category_version"],
        category_suggested=facts["category_suggested"],
        kind=_maybe(Kind, facts["kind"]),
        remit=_maybe(Remit, facts["remit"]),
        urgent=facts["urgent"],
        silent=facts["silent"],
        complained_of=tuple(facts["complained_of"]),
        state=CaseState(facts["state"]),
        queue=_maybe(Queue, facts["queue"]),
        holder_post_id=facts["holder_post_id"],
        office_id=facts["office_id"],
        rule_version=facts["rule_version"],
        rule_layers=tuple(facts["rule_layers"]),
        promise_due=facts["promise_due"],
        promise_met=facts["promise_met"],
        outcome=_maybe(Outcome, facts["outcome"]),
        handover=_maybe(HandoverMeans, facts["handover"]),
        closed_reason=_maybe(ClosedReason, facts["closed_reason"]),
        accepted_at=facts["accepted_at"],
        answered_at=facts["answered_at"],
        closed_at=facts["closed_at"],
        ask=_maybe(Ask, facts["ask"]),
        ask_reason=facts["ask_reason"],
        asked_by=facts["asked_by"],
        asked_days=facts["asked_days"],
        asked_until=facts["asked_until"],
        ruler_post_id=facts["ruler_post_id"],
        ruler_path=facts["ruler_path"],
        returns=facts["returns"],
        returned_path=facts["returned_path"],
        ruled_path=facts["ruled_path"],
        dispatched_path=facts["dispatched_path"],
        extended=facts["extended"],
        letters=facts["letters"],
        papers_held=facts["papers_held"],
        papers_named_at=facts["papers_named_at"],
        papers_missing=tuple(facts["papers_missing"]) if facts["papers_named_at"] else (),
        papers_missing_of=facts["papers_missing_of"],
        papers_awaited_until=facts["papers_awaited_until"],
        first_contact_at=facts["first_contact_at"],
        pressings=facts["pressings"],
        reports_owed=facts["reports_owed"],
        recused=tuple(facts["recused"]),
        seal=_maybe(Seal, facts["seal"]),
        keeper_post_id=facts["keeper_post_id"],
        granted_to=tuple(facts["granted_to"]),
        followed_since=facts["followed_since"],
        assigned_by=facts["assigned_by"],
        assigned_number=facts["assigned_number"],
        assigned_due=facts["assigned_due"],
        report_back=_maybe(Owing, facts["report_back"]),
        helpers=facts["helpers"],
        helper_post_ids=tuple(facts["helper_post_ids"]),
        linked=facts["linked"],
        hotline_handovers=facts["hotline_handovers"],
        at_hotline=facts["at_hotline"],
        answered_by=facts["answered_by"],
        calls_owed=facts["calls_owed"],
        tellings=facts["tellings"],
        planned_for=facts["planned_for"],
        planned_due=facts["planned_due"],
        planned_who=facts["planned_who"],
        first_holder_post_id=facts["first_holder_post_id"],
        supervisor_post_id=facts["supervisor_post_id"],
        demands=frozenset(map(Demand, facts["demands"])),
        by_the_clock=facts["by_the_clock"],
        draft=facts["draft"],
        reviewer_post_id=facts["reviewer_post_id"],
        verified=facts["verified"],
        undelivered=facts["undelivered"],
        repeats=facts["repeats"],
        merged_into=facts["merged_into"],
        excluding=_maybe(Rate, facts["excluding"]),
        excluding_by=facts["excluding_by"],
        standing=Standing.ranked(facts["standing"]),
        falls_due=facts["falls_due"],
        behind=tuple(facts["behind"]),
        version=facts["version"],
        head=facts["head"],
    )
    if facts["suspended_until"] is not None and now < facts["suspended_until"]:
        case.suspend(facts["suspended_until"], reason=facts["suspension_reason"])
    if "appeals" not in facts:  # a line of a list
        return case
    case.tally = Tally.of(facts["tally"]) if facts["tally"] is not None else None
    case.appeals = [_appeal(item) for item in facts["appeals"] or ()]
    as_made = attrgetter("deadline_id")
    standing = sorted(map(deadline_from, facts["deadlines"] or ()), key=as_made)
    case.deadline = next((each for each in reversed(standing) if each.kind is DeadlineKind.PROMISE), None)
    case.limits = [deadline for deadline in standing if deadline.kind is not DeadlineKind.PROMISE]
    return case


def told_gist(row: Row[Any]) -> str:
    """Of a row with a case's gist and seal: what is said of it in a list."""
    return row.gist if row.seal is None else SEALED_GIST


def appeal_row(case: Case, appeal: Appeal) -> dict[str, Any]:
    return {
        "appeal_id": appeal.appeal_id,
        "case_id": case.case_id,
        "number": appeal.number,
        "person_id": appeal.person_id,
        "language": appeal.language.value,
        "query_code": appeal.query_code,
        "withdrawn_at": appeal.withdrawn_at,
        "moves": appeal.moves,
        "reached_by_message": appeal.reached_by_message,
        "asker": appeal.asker,
    }


def entry_row(entry: Entry) -> dict[str, Any]:
    return {
        "case_id": entry.case_id,
        "seq": entry.seq,
        "at": entry.at,
        "step": entry.step,
        "by": entry.by,
        "post_id": entry.post_id,
        "facts": dict(entry.facts),
        "words": entry.words,
        "salt": entry.salt,
        "commitment": entry.commitment,
        "hash": entry.hash,
    }


def entry_of(row: Row[Any]) -> Entry:
    return Entry(**row._mapping)


def deadline_row(case: Case, deadline: Deadline) -> dict[str, Any]:
    promise = deadline.promise
    return {
        "deadline_id": deadline.deadline_id,
        "case_id": case.case_id,
        "kind": deadline.kind.value,
        "about": deadline.about,
        "state": deadline.state.value,
        "place_id": case.place_id,
        "taken_place_id": last_of(case.taken_path),
        "placed_path": case.placed_path,
        "taken_path": case.taken_path,
        "due_at": promise.due_at,
        "settled_at": deadline.settled_at,
        "start_at": promise.start_at,
        "unit": promise.term.unit.value,
        "count": promise.term.count,
        "zone": promise.zone,
        "hours": promise.hours.listed(),
        "rule_version": promise.rule_version,
        "rule_layers": list(promise.rule_layers),
        "others": [_offer_row(*offer) for offer in promise.others],
        "counted_path": promise.path or case.placed_path,
        "calendar_version": promise.calendar_version,
        "forecast": promise.forecast,
        "warnings": [{"share": each.share, "at": each.at.isoformat()} for each in deadline.warnings],
        "warned": deadline.warned,
        "standing": deadline.standing.rank,
        "warn_at": deadline.warn_at,
        "sealed": case.seal is not None,
        "goes_on_from": deadline.goes_on_from,
        "recounted_by": deadline.recounted_by,
    }


def deadline_of(row: Row[Any]) -> Deadline:
    return deadline_from(dict(row._mapping))


def deadline_from(facts: Mapping[str, Any]) -> Deadline:
    """From the row, or from the row as JSON, as it comes with its case in one query."""
    promise = Promise(
        term=Term(Unit(facts["unit"]), facts["count"]),
        start_at=_moment(facts["start_at"]),
        due_at=_moment(facts["due_at"]),
        rule_version=facts["rule_version"],
        rule_layers=tuple(facts["rule_layers"]),
        calendar_version=facts["calendar_version"],
        forecast=facts["forecast"],
        hours=Hours.of(facts["hours"]),
        zone=facts["zone"],
        warnings=tuple(WarningAt(each["share"], _moment(each["at"])) for each in facts["warnings"]),
        # The release before says nothing of it: by the hours of where its case is.
        path=facts["counted_path"] or facts["placed_path"],
        others=tuple(map(_offer, facts["others"])),
    )
    return Deadline(
        deadline_id=UUID(str(facts["deadline_id"])),
        kind=DeadlineKind(facts["kind"]),
        promise=promise,
        about=UUID(str(facts["about"])) if facts["about"] else None,
        state=DeadlineState(facts["state"]),
        settled_at=_moment(facts["settled_at"]) if facts["settled_at"] else None,
        warned=facts["warned"],
        goes_on_from=UUID(str(facts["goes_on_from"])) if facts["goes_on_from"] else None,
        recounted_by=facts["recounted_by"],
    )


def _offer_row(term: Term, start_at: datetime) -> dict[str, Any]:
    return {"unit": term.unit.value, "count": term.count, "start_at": start_at.isoformat()}


def _offer(row: Mapping[str, Any]) -> Offer:
    return Term(Unit(row["unit"]), row["count"]), _moment(row["start_at"])


def _moment(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _appeal(facts: Mapping[str, Any]) -> Appeal:
    return Appeal(
        appeal_id=UUID(facts["appeal_id"]),
        number=facts["number"],
        person_id=UUID(facts["person_id"]) if facts["person_id"] else None,
        language=Language(facts["language"]),
        query_code=facts["query_code"],
        withdrawn_at=datetime.fromisoformat(facts["withdrawn_at"]) if facts["withdrawn_at"] else None,
        moves=facts["moves"],
        reached_by_message=facts["reached_by_message"],
        asker=UUID(facts["asker"]) if facts["asker"] else None,
    )


def _value(item: Any) -> str | None:
    return item.value if item is not None else None


def _maybe(enum: type[T], value: str | None) -> T | None:
    return enum(value) if value is not None else None  # type: ignore[call-arg]
