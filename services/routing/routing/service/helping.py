"""Joint handling: posts are called in, each for a part; the lead answers for the whole (domain.md, section 4)."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.paging import Page, Sheet
from network import posts
from network.posts import Seat

from routing import events
from routing.domain.case import HELPER_CALLED, HELPER_RELEASED, HELPER_REPORTED, Case, Deadline, DeadlineKind
from routing.domain.helping import Helper, HelperState, Part, latest_limit, may_name
from routing.domain.steps import WHO, Actor, Step, find_post
from routing.errors import HelpsAlready, NobodyHolds, NotYourStep, NotYoursToName, PartEnded, UnfitPartLimit, UnfitPost
from routing.repository import cases, joint
from routing.service import parts, placing
from routing.service.dispatching import seat_for
from routing.service.taking import holder_in, seated, seated_at, take


def call_in_helper(uow: UnitOfWork, case_id: UUID, *, version: int, to: UUID, words: str, due_at: datetime) -> Part:
    """Somebody else does a part of it, by a limit of that part's own; who leads stays liable for the whole."""
    case, lead, _ = take(uow, case_id, Step.CALL_IN, version)
    if lead is None:
        raise NobodyHolds
    seat = _seat_of_helper(uow, case, lead, to)
    post_id = _naming_post(uow, case, lead, seat)
    helper = Helper(
        helper_id=new_id(uow.now),
        case_id=case_id,
        post_id=seat.post_id,
        office_id=seat.office_id,
        words=words,
        due_at=due_at,
        called_by=uow.person.subject,
        called_by_post_id=post_id,
        called_at=uow.now,
    )
    case.limits.append(_limit(uow, case, helper))
    case.helpers += 1
    case.helper_post_ids += (seat.post_id,)
    facts = {**_named(helper, seat), "due_at": due_at.isoformat()}
    case.record(HELPER_CALLED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.helper_called(uow, case, helper, seat=seat, lead=lead))
    cases.save_cases(uow, [case])
    joint.add_helper(uow, helper)
    if seat.office_id is not None:
        cases.grant_to_office(uow, case, seat.office_id)
    return _part(uow, case, helper)


def _seat_of_helper(uow: UnitOfWork, case: Case, lead: Seat, to: UUID) -> Seat:
    seat = seat_for(uow, case, to)
    if seat.post_id in case.helper_post_ids:
        raise HelpsAlready
    if seat.subject == lead.subject:
        raise UnfitPost("who holds it leads the case")
    return seat


def _naming_post(uow: UnitOfWork, case: Case, lead: Seat, helper: Seat) -> UUID:
    """The narrowest post by which whoever acts may name this helper beside this lead."""
    subject, both = uow.person.subject, {"lead": seated_at(lead), "helper": seated_at(helper)}
    mine = [post for post in seated(uow.person) if find_post(Step.CALL_IN, case, [post], subject, holder_in(lead))]
    naming = [post for post in mine if may_name(post, **both)]
    if not naming:
        raise NotYoursToName
    return max(naming, key=lambda post: len(post.path)).post_id


def _limit(uow: UnitOfWork, case: Case, helper: Helper) -> Deadline:
    assert case.deadline is not None
    latest = latest_limit(case.due or case.deadline.promise.due_at, uow.now)
    if not uow.now < helper.due_at <= latest:
        raise UnfitPartLimit(latest.astimezone(ZoneInfo(case.deadline.promise.zone)))
    return placing.limit_until(uow, case, DeadlineKind.PART, helper.due_at, about=helper.helper_id)


def report_part(uow: UnitOfWork, case_id: UUID, helper_id: UUID, *, version: int, words: str) -> Part:
    """Its part is done: by whoever holds the post that was called in, once; the lead is told."""
    try:
        case, lead, _ = take(uow, case_id, Step.REPORT_PART, version)
    except NotYourStep:
        _refuse_if_ended(uow, case_id, helper_id)
        raise
    helper = _open_helper(uow, case, helper_id)
    if helper.post_id not in uow.person.post_ids:
        raise NotYourStep(Step.REPORT_PART, [WHO[Actor.HELPER]])
    parts.settle(uow, case, [helper], HelperState.DONE, report=words)
    seat = posts.find_seat(uow, helper.post_id)
    facts = {**_named(helper, seat), "lead": lead.subject if lead else None}
    case.record(HELPER_REPORTED, at=uow.now, by=uow.by, post_id=helper.post_id, facts=facts, words=words)
    uow.publish(events.helper_reported(uow, case, helper, seat=seat, lead=lead))
    cases.save_cases(uow, [case])
    return _part(uow, case, helper)


def release_helper(uow: UnitOfWork, case_id: UUID, helper_id: UUID, *, version: int, words: str) -> Part:
    """Its part is not needed any more; it is told."""
    case, _, post_id = take(uow, case_id, Step.RELEASE, version)
    helper = _open_helper(uow, case, helper_id)
    parts.settle(uow, case, [helper], HelperState.RELEASED)
    seat = posts.find_seat(uow, helper.post_id)
    case.record(HELPER_RELEASED, at=uow.now, by=uow.by, post_id=post_id, facts=_named(helper, seat), words=words)
    uow.publish(events.helper_released(uow, case, helper, seat=seat))
    cases.save_cases(uow, [case])
    return _part(uow, case, helper)


def _refuse_if_ended(uow: UnitOfWork, case_id: UUID, helper_id: UUID) -> None:
    """Whoever had the part is told that it has ended, and not that it is somebody else's."""
    mine = [helper for helper in joint.list_of_case(uow, case_id) if uow.person.holds(helper.post_id)]
    if any(helper.helper_id == helper_id and not helper.is_open for helper in mine):
        raise PartEnded


def _open_helper(uow: UnitOfWork, case: Case, helper_id: UUID) -> Helper:
    """Of the case, which is locked; what is late by now is marked late first."""
    parts.mark_if_missed(uow, case)
    helper = joint.get_helper(uow, case.case_id, helper_id)
    if not helper.is_open:
        raise PartEnded
    return helper


def list_parts(uow: UnitOfWork, page: Page) -> Sheet[Part]:
    """What my posts were called in for and have not reported on."""
    mine = uow.person.post_ids
    found = joint.list_parts(uow, mine, after_key=page.after(datetime, UUID), limit=page.fetch)
    return page.sheet(found, position=lambda part: (part.helper.due_at, part.helper.helper_id))


def _part(uow: UnitOfWork, case: Case, helper: Helper) -> Part:
    return Part(helper, case.number, case.told_gist, case.version, uow.now)


def _named(helper: Helper, seat: Seat | None) -> dict[str, str | None]:
    return {
        "helper_id": str(helper.helper_id),
        "post": str(helper.post_id),
        "helper": seat.subject if seat else None,
    }
