"""What dispatchers and superiors do with a case that they are asked about, told of, or find in their queue."""

from typing import Any

from contracts.grid import Duty
from contracts.routing import Ask, Queue
from routing.domain.steps import Step
from routing.service import (
    answering,
    asking,
    dispatching,
    hotline,
    merging,
    pressing,
    rating,
    reporting_back,
    steps,
    suggesting,
)

from simulation.days import ONE_DAY
from simulation.matters import MATTERS
from simulation.sight import Habit, Sight, do_first

#: Posts that handle what is sent to them.
_HANDLING = (Duty.AGENCY, Duty.MUNICIPAL, Duty.FOLLOW_UP, Duty.PUBLIC_SERVICE, Duty.WINDOW_CLERK)


def dispatch(sight: Sight) -> bool:
    return do_first(sight, _DISPATCHING)


def press(sight: Sight) -> bool:
    """It is late."""
    return do_first(sight, _PRESSING)


def join_the_same(sight: Sight) -> bool:
    """What may be the same trouble is put side by side, and goes on as one."""
    if not sight.offers(Step.MERGE):
        return False
    beside = suggesting.list_suggestions(sight.uow, sight.case.case_id).suggestions
    if beside:
        sight.take(merging.merge_case, into=str(beside[0].other.case_id), words="同一处问题，并案办理")
    return bool(beside)


def call(sight: Sight) -> bool:
    """Asks a resident whom no message reaches whether it is solved."""
    if not sight.offers(Step.CALL_BACK):
        return False
    reached, solved = sight.chance.random() < 0.7, sight.chance.random() < 0.9
    said = {"solved": solved, "rating": 5 if solved else 2} if reached else {}
    whose = next(each.appeal_id for each in sight.seen.call_backs if each.is_to_be_called)
    sight.take(rating.call_back_resident, words="电话回访", appeal_id=whose, **said)
    return True


def _accept(sight: Sight) -> None:
    """Where nobody has said where it is, it concerns the dispatcher's own place; what nobody could sort is guessed."""
    case = sight.case
    mine = next(post for post in sight.uow.person.posts if post.duty == Duty.DISPATCHER and post.office_id is None)
    is_lacking = case.place_id is None or case.queue is Queue.UNPLACED
    place = (case.place_id or mine.place_id) if is_lacking else None
    sight.take(steps.accept_case, place_id=place, category=case.category or sight.chance.choice(MATTERS)[0])


def _rule(sight: Sight) -> None:
    """A return goes to somebody else; where there is nobody, it is refused."""
    granted, where = sight.chance.random() < 0.7, {}
    if granted and sight.case.ask is Ask.RETURN:
        where = _where_to(sight)
        granted = bool(where)
    sight.take(asking.rule_on_case, granted=granted, words="同意" if granted else "不同意", **where)


def _where_to(sight: Sight) -> dict[str, Any]:
    posts = [post.post_id for post in sight.others_on_line() if post.duty in _HANDLING]
    return {"to": sight.chance.choice(posts)} if posts else {}


def _review(sight: Sight) -> None:
    approved = sight.chance.random() < 0.9
    sight.take(answering.review_answer, approved=approved, words="同意" if approved else "请补充")


def _enter_review(sight: Sight) -> None:
    accepted = sight.chance.random() < 0.85
    due_at = None if accepted else sight.now + 5 * ONE_DAY
    sight.take(reporting_back.enter_review, accepted=accepted, words="审核", due_at=due_at)


def _verify(sight: Sight) -> None:
    sight.take(answering.verify_case, passed=sight.chance.random() < 0.9, words="已到场查看")


def _re_sort(sight: Sight) -> None:
    others = [code for code, _ in MATTERS if code != sight.case.category]
    sight.take(dispatching.re_sort_case, category=sight.chance.choice(others), words="改类")


def _take_from_vacant(sight: Sight) -> None:
    is_vacant = sight.seen.holder is not None and sight.seen.holder.is_vacant
    if is_vacant and (where := _where_to(sight)):
        sight.take(dispatching.re_dispatch_case, words="原岗位空缺", **where)


def _take_over(sight: Sight) -> None:
    sight.take(dispatching.take_over_case, words="由我处直接办理")


def _order(sight: Sight) -> None:
    sight.take(pressing.order_report, words="限期报告", due_at=sight.now + 3 * ONE_DAY)


_DISPATCHING = (
    Habit(Step.ACCEPT, 1, _accept),
    Habit(Step.RULE, 1, _rule),
    Habit(Step.REVIEW, 1, _review),
    Habit(Step.ENTER_REVIEW, 1, _enter_review),
    Habit(Step.VERIFY, 1, _verify),
    Habit(Step.RE_SORT, 0.1, _re_sort),
    Habit(Step.RE_DISPATCH, 1, _take_from_vacant),
)
_PRESSING = (
    Habit(Step.TAKE_OVER, 0.03, _take_over),
    Habit(Step.ORDER, 0.3, _order),
    Habit(Step.INSTRUCT, 0.08, lambda sight: sight.take(pressing.enter_instruction, words="请速办", leader="区长")),
    Habit(Step.HAND_TO_HOTLINE, 0.1, lambda sight: sight.take(hotline.hand_to_hotline, words="请协调")),
    Habit(Step.NUDGE, 0.7, lambda sight: sight.take(pressing.nudge_case, words="请尽快办理")),
)
