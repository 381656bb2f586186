"""Who is told what: the notices that each step of a case owes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.routing import (
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseFact,
    CaseOpenedV1,
    DeadlineBreachedV1,
    Handler,
)


class Audience(StrEnum):
    RESIDENT = "resident"
    STAFF = "staff"


class Template(StrEnum):
    CASE_ACCEPTED = "case_accepted"
    CASE_REASSIGNED = "case_reassigned"
    CASE_ANSWERED = "case_answered"
    CASE_CLOSED = "case_closed"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_WAITING = "case_waiting"
    CASE_ASSIGNED = "case_assigned"
    CASE_CLOSED_STAFF = "case_closed_staff"
    DEADLINE_MISSED = "deadline_missed"
    DEADLINE_MISSED_SUPERIOR = "deadline_missed_superior"


@dataclass(frozen=True)
class Owed:
    """One notice to one person. ``recipient`` is a resident's person id or a member of staff's sign-in subject."""

    audience: Audience
    template: Template
    recipient: str
    contact_id: UUID | None
    facts: Mapping[str, Any]
    appeal_id: UUID | None = None
    query_code: str | None = None


def owed_by(event: CaseFact) -> list[Owed]:
    """The notices that the event owes: one a person and template, however many appeals of theirs the case joins."""
    rule = _RULES.get(type(event))
    if rule is None or event.silent:
        return []
    once = {(notice.recipient, notice.template): notice for notice in reversed(rule(event))}
    return list(reversed(once.values()))


def _opened(event: CaseOpenedV1) -> list[Owed]:
    if event.queue is None:
        return []
    return _staff(event, Template.CASE_WAITING, event.dispatcher, gist=event.gist, queue=event.queue.value)


def _accepted(event: CaseAcceptedV1) -> list[Owed]:
    promise = dict(event.promise_text)
    return _residents(event, Template.CASE_ACCEPTED, event.handler, due=event.promise_due, promise=promise)


def _assigned(event: CaseAssignedV1) -> list[Owed]:
    told = [] if event.first else _residents(event, Template.CASE_REASSIGNED, event.handler, due=event.promise_due)
    return told + _staff(event, Template.CASE_ASSIGNED, event.handler, gist=event.gist, due=event.promise_due)


def _answered(event: CaseAnsweredV1) -> list[Owed]:
    return _residents(event, Template.CASE_ANSWERED, event.handler, answer=event.answer)


def _closed(event: CaseClosedV1) -> list[Owed]:
    template = Template.CASE_WITHDRAWN if event.reason == "withdrawn" else Template.CASE_CLOSED
    told = _residents(event, template, event.handler)
    return told + _staff(event, Template.CASE_CLOSED_STAFF, event.handler, reason=event.reason)


def _breached(event: DeadlineBreachedV1) -> list[Owed]:
    told = _staff(event, Template.DEADLINE_MISSED, event.handler, gist=event.gist, due=event.due_at)
    return told + _staff(
        event,
        Template.DEADLINE_MISSED_SUPERIOR,
        event.superior,
        gist=event.gist,
        due=event.due_at,
        handler=_shown(event.handler),
    )


_RULES: dict[type[CaseFact], Callable[[Any], list[Owed]]] = {
    CaseOpenedV1: _opened,
    CaseAcceptedV1: _accepted,
    CaseAssignedV1: _assigned,
    CaseAnsweredV1: _answered,
    CaseClosedV1: _closed,
    DeadlineBreachedV1: _breached,
}


def _residents(event: CaseFact, template: Template, handler: Handler | None, **facts: Any) -> list[Owed]:
    """Whoever gave no name is owed nothing: they have their query code."""
    return [
        Owed(
            audience=Audience.RESIDENT,
            template=template,
            recipient=str(party.person_id),
            contact_id=party.person_id,
            appeal_id=party.appeal_id,
            query_code=party.query_code,
            facts={"number": party.appeal_number, "handler": _shown(handler), **facts},
        )
        for party in event.parties
        if party.person_id is not None
    ]


def _staff(event: CaseFact, template: Template, to: Handler | None, **facts: Any) -> list[Owed]:
    if to is None or to.subject is None:
        return []
    notice = Owed(
        audience=Audience.STAFF,
        template=template,
        recipient=to.subject,
        contact_id=to.contact_id,
        facts={"number": event.number, **facts},
    )
    return [notice]


def _shown(handler: Handler | None) -> dict[str, str] | None:
    """What others are told of who does it: their post, their name, the post's public number."""
    if handler is None:
        return None
    return {"title": handler.title, "name": handler.name or "", "phone": handler.phone or ""}
