"""Cases that are related, so that whoever works on one finds the other (domain.md, section 4)."""

from collections.abc import Callable
from uuid import UUID

from contracts.envelope import Event
from contracts.routing import LinkKind
from kit.db import UnitOfWork
from kit.ids import new_id

from routing import events
from routing.domain.case import LINKED, UNLINKED, Case
from routing.domain.linking import Link
from routing.domain.steps import Step
from routing.errors import (
    CaseNotFound,
    LinkedAlready,
    LinkedToItself,
    OtherCaseUnseen,
    SealedLinksSealed,
    UnknownCase,
)
from routing.repository import cases, links
from routing.service.naming import find_id
from routing.service.taking import take


def link_cases(uow: UnitOfWork, case_id: UUID, *, version: int, number: str, kind: LinkKind, words: str) -> Case:
    """Name another case on this one, and this one on that. Whoever does it sees both."""
    other_id = find_id(uow, number, field="/number")
    if other_id is not None:
        cases.lock_cases(uow, [case_id, other_id])
    case, _, post_id = take(uow, case_id, Step.LINK, version)
    if other_id is None:
        raise UnknownCase
    if other_id == case_id:
        raise LinkedToItself
    if links.is_linked(uow, case_id, other_id):
        raise LinkedAlready
    other = _get_other(uow, other_id)
    if (case.seal is None) != (other.seal is None):
        raise SealedLinksSealed
    link = Link(
        link_id=new_id(uow.now),
        case_id=case_id,
        other_id=other_id,
        other_number=other.number,
        kind=kind,
        words=words,
        by=uow.person.subject,
        made_at=uow.now,
    )
    links.add_link(uow, link, link.other_side(case.number))
    case.linked, other.linked = case.linked + 1, other.linked + 1
    _enter(uow, LINKED, [case, other], link, post_id=post_id, words=words, told=events.case_linked)
    return case


def _get_other(uow: UnitOfWork, other_id: UUID) -> Case:
    try:
        return cases.get_case_for_change(uow, other_id)[0]
    except CaseNotFound:
        raise UnknownCase from None


def unlink_cases(uow: UnitOfWork, case_id: UUID, link_id: UUID, *, version: int, words: str) -> Case:
    """What was linked wrongly is put right by new entries. Whoever does it sees both."""
    before = links.get_link(uow, case_id, link_id)
    cases.lock_cases(uow, [case_id, before.other_id])
    case, _, post_id = take(uow, case_id, Step.UNLINK, version)
    # Read again: whoever ended it meanwhile had both locked.
    link = links.get_link(uow, case_id, link_id)
    if cases.find_id(uow, link.other_number) is None:
        raise OtherCaseUnseen
    other, _ = cases.get_case_for_change(uow, link.other_id)
    links.end_link(uow, link_id)
    case.linked, other.linked = case.linked - 1, other.linked - 1
    _enter(uow, UNLINKED, [case, other], link, post_id=post_id, words=words, told=events.case_unlinked)
    return case


Told = Callable[[UnitOfWork, Case, Link], Event]


def _enter(uow: UnitOfWork, step: str, both: list[Case], link: Link, *, post_id: UUID, words: str, told: Told) -> None:
    """In the history of both, each as it has the link."""
    case, other = both
    for each, side in ((case, link), (other, link.other_side(case.number))):
        facts = {"link": side.kind.value, "link_id": str(side.link_id), "other": side.other_number}
        each.record(step, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
        uow.publish(told(uow, each, side))
    cases.save_cases(uow, both)
