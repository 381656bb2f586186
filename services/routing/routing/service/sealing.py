"""Sealed matters (domain.md, section 2): opened to whom a grant names besides those who must see them, each opening
noted.
"""

from uuid import UUID

from kit.auth import AUDITOR
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.paging import Page, Sheet
from network import posts
from network.posts import Seat

from routing import events
from routing.domain.case import GRANT_REVOKED, GRANTED, Case
from routing.domain.sealing import Grant, Opened, Opening, Sight, way_of
from routing.domain.steps import Step
from routing.errors import AlreadyGranted, GrantNotFound, NotAnOverseer, UnfitGrant, WhomMissing
from routing.repository import cases, seals
from routing.service.taking import seated, take


def grant_case(
    uow: UnitOfWork, case_id: UUID, *, version: int, words: str, subject: str | None = None, post_id: UUID | None = None
) -> Case:
    """Open it to a person, or to whoever holds a post: to read, whatever their place; their steps are their posts'."""
    case, _, by_post_id = take(uow, case_id, Step.GRANT, version)
    to = _whom(uow, case, subject, post_id)
    grant = Grant(
        grant_id=new_id(uow.now),
        case_id=case_id,
        subject=subject,
        post_id=post_id,
        words=words,
        by=uow.person.subject,
        by_post_id=by_post_id,
        granted_at=uow.now,
    )
    if grant.whom in case.granted_to:
        raise AlreadyGranted
    case.granted_to = (*case.granted_to, grant.whom)
    facts = {"grant": str(grant.grant_id), "to": grant.whom, "granted": to.subject}
    case.record(GRANTED, at=uow.now, by=uow.by, post_id=by_post_id, facts=facts, words=words)
    uow.publish(events.case_granted(uow, case, grant, to=to))
    cases.save_cases(uow, [case])
    seals.add_grant(uow, grant)
    return case


def _whom(uow: UnitOfWork, case: Case, subject: str | None, post_id: UUID | None) -> Seat:
    """Who answers for the post; or the person, by the narrowest post that they hold."""
    if (subject is None) == (post_id is None):
        raise WhomMissing
    field = "/subject" if subject else "/post_id"
    found = posts.find_seat(uow, post_id) if post_id else next(iter(posts.list_seats_held(uow, [subject or ""])), None)
    if found is None:
        raise UnfitGrant("there is no such post, or nobody of that name holds one", field)
    if found.subject in case.barred:
        raise UnfitGrant("they have an interest in the case", field)
    return found


def revoke_grant(uow: UnitOfWork, case_id: UUID, grant_id: UUID, *, version: int) -> Case:
    """It is shut to them again, unless they must see it."""
    case, _, by_post_id = take(uow, case_id, Step.REVOKE_GRANT, version)
    grant = next((each for each in seals.list_grants(uow, case_id) if each.grant_id == grant_id), None)
    if grant is None or not grant.is_in_force:
        raise GrantNotFound(grant_id)
    grant.revoke(by=uow.person.subject, at=uow.now)
    case.granted_to = tuple(whom for whom in case.granted_to if whom != grant.whom)
    facts = {"grant": str(grant_id), "to": grant.whom}
    case.record(GRANT_REVOKED, at=uow.now, by=uow.by, post_id=by_post_id, facts=facts)
    uow.publish(events.case_grant_revoked(uow, case, grant))
    cases.save_cases(uow, [case])
    seals.save_revoked(uow, grant)
    return case


def list_grants(uow: UnitOfWork, case_id: UUID) -> list[Grant]:
    """For whoever sees the case."""
    cases.get_case(uow, case_id)
    return seals.list_grants(uow, case_id)


def note_opening(uow: UnitOfWork, case: Case, what: Opened) -> None:
    """Who looks at a sealed case is noted with what they looked at, and by what they see it."""
    if case.seal is None:
        return
    way = way_of(case, [post.post_id for post in uow.person.posts])
    grant = _grant_of(uow, case) if way is Sight.GRANT else None
    opening = Opening(
        opening_id=new_id(uow.now),
        case_id=case.case_id,
        what=what,
        opened_by=uow.person.subject,
        opened_at=uow.now,
        way=way,
        grant_id=grant.grant_id if grant else None,
    )
    seals.add_opening(uow, opening, case)


def _grant_of(uow: UnitOfWork, case: Case) -> Grant | None:
    mine = {uow.person.subject, *(str(post.post_id) for post in uow.person.posts)}
    return next((each for each in seals.list_grants(uow, case.case_id) if each.is_in_force and each.whom in mine), None)


def list_openings(uow: UnitOfWork, case_id: UUID, page: Page) -> Sheet[Opening]:
    """Who has looked at it, the last first: for auditors and for who oversees its place, though they do not see it."""
    if AUDITOR not in uow.person.roles and not any(post.oversees for post in seated(uow.person)):
        raise NotAnOverseer
    found = seals.list_openings(uow, case_id, after_id=page.after_one(UUID), limit=page.fetch)
    return page.sheet(found, position=lambda opening: (opening.opening_id,))
