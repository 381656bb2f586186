"""Conflict of interest (迴避): whoever has an interest in a matter takes no part in it (domain.md, section 2)."""

from collections.abc import Sequence
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import CaseState
from kit.db import UnitOfWork
from network import posts
from network.posts import Seat

from routing import events
from routing.domain import steps
from routing.domain.case import RECUSED, Case, DeadlineKind
from routing.domain.helping import Helper
from routing.domain.steps import Step
from routing.errors import NobodyHolds
from routing.repository import cases
from routing.service import deadlines, parts, placing, supervising
from routing.service.asking import choose_ruler, ruler_instead
from routing.service.placing import Ground
from routing.service.taking import holder_in, seated, take


def recuse(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> Case:
    """What lies with them goes across or a tier up, by the rules that gave it to them, and never comes back; what they
    help with goes on without them.
    """
    case, holder, post_id = take(uow, case_id, Step.RECUSE, version)
    me = uow.person.subject
    is_holder = steps.holds(seated(uow.person), case, me, holder_in(holder))
    case.recused = (*case.recused, me)
    supervising.step_aside(uow, case)
    codes = [case.category] if case.category else []
    ground = placing.survey(uow, paths=[case.placed_path], codes=codes, blamed=case.complained_of)
    if uow.person.holds(case.keeper_post_id):
        placing.appoint_keeper(ground, case, never=_of_post(ground, case.keeper_post_id))
    falls, reviewer = _end_own_draft(uow, case), _other_reviewer(uow, case)
    left = parts.step_aside(uow, case)
    if not is_holder:
        who = {"ruler": _other_ruler(uow, case), "reviewer": reviewer, "lead": holder if left else None}
        _step_aside(uow, case, post_id, words, **who, left=left, draft_falls=falls)
    elif case.state is CaseState.RECEIVED:
        dispatcher = _other(ground, case)
        case.holder_post_id = dispatcher.post_id if dispatcher else None
        _step_aside(uow, case, post_id, words, dispatcher=dispatcher)
    else:
        taker = _taker(ground, case)
        case.drop_ask()
        _step_aside(uow, case, post_id, words, reviewer=reviewer, left=left, draft_falls=falls)
        _hand_on(uow, case, taker, post_id)
    cases.save_cases(uow, [case])
    cases.grant_to_offices(uow, [case])
    return case


def _step_aside(
    uow: UnitOfWork,
    case: Case,
    post_id: UUID,
    words: str,
    *,
    dispatcher: Seat | None = None,
    ruler: Seat | None = None,
    reviewer: Seat | None = None,
    lead: Seat | None = None,
    left: Sequence[Helper] = (),
    draft_falls: bool = False,
) -> None:
    """``left``: the parts that are nobody's now, of which the lead is told."""
    facts = {
        "dispatcher": dispatcher.subject if dispatcher else None,
        "ruler": ruler.subject if ruler else None,
        **({"lead": lead.subject} if lead else {}),
        **({"helper_ids": [str(each.helper_id) for each in left]} if left else {}),
        **({"reviewer": reviewer.subject} if reviewer else {}),
        **({"draft_falls": True} if draft_falls else {}),
    }
    case.record(RECUSED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    helper = posts.find_seat(uow, left[0].post_id) if lead else None
    told = {"dispatcher": dispatcher, "ruler": ruler, "reviewer": reviewer, "helper": helper, "lead": lead}
    uow.publish(events.case_recused(uow, case, **told))


def _other_ruler(uow: UnitOfWork, case: Case) -> Seat | None:
    """Who is asked in their place, where it is they who were to rule."""
    if not _answers_in(uow, case.ruler_post_id):
        return None
    ruler = ruler_instead(uow, case)
    case.ruler_post_id, case.ruler_path = ruler.post_id, ruler.path
    return ruler


def _answers_in(uow: UnitOfWork, post_id: UUID | None) -> bool:
    """Whether it is they who act in it now."""
    asked = posts.find_seat(uow, post_id) if post_id else None
    return asked is not None and asked.subject == uow.person.subject


def _end_own_draft(uow: UnitOfWork, case: Case) -> bool:
    """What they have handed in and nobody has approved counts as not handed in. Whether there was such."""
    draft = cases.get_entry(uow, case, case.draft) if case.draft is not None else None
    if draft is None or draft.by != uow.person.subject:
        return False
    case.send_back(handed_in_at=draft.at)
    return True


def _other_reviewer(uow: UnitOfWork, case: Case) -> Seat | None:
    """Who is asked in their place, where it is they who were to review the answer."""
    if not _answers_in(uow, case.reviewer_post_id):
        return None
    others = [seat for seat in placing.list_dispatchers(uow, case) if seat.post_id != case.reviewer_post_id]
    reviewer = choose_ruler(others, case, asker=case.answered_by)
    case.reviewer_post_id = reviewer.post_id
    return reviewer


def _other(ground: Ground, case: Case) -> Seat | None:
    """Who looks at it in their place: nobody of the post that it lies with."""
    return placing.find_dispatcher(ground, case, never=_of_post(ground, case.holder_post_id))


def _taker(ground: Ground, case: Case) -> Seat:
    assert case.category is not None
    category = ground.categories[case.category]
    taker = placing.find_handler(ground, case, category, never=_of_post(ground, case.holder_post_id))[1]
    if taker is None:
        raise NobodyHolds
    return taker


def _of_post(ground: Ground, post_id: UUID | None) -> frozenset[str]:
    """A stand-in and whoever they stand in for are one post: it goes to another."""
    return frozenset(seat.subject for seat in ground.network.seats if seat.post_id == post_id and seat.subject)


def _hand_on(uow: UnitOfWork, case: Case, taker: Seat, post_id: UUID) -> None:
    """Where nobody of the duty may take it, it waits for its dispatcher, who may do it or give it to another."""
    parts.end_own_part(uow, case, taker)
    case.dispatch_from(None)
    deadlines.mark_limit_if_missed(uow, case, DeadlineKind.HOLDING)
    placing.assign(uow, case, taker, post_id=post_id)
    if taker.duty is Duty.DISPATCHER:
        placing.await_dispatcher(case)
    uow.publish(events.city_case_progressed(uow, case))
