"""What whoever holds a case does when they look at it; and who helps with it."""

from datetime import datetime, timedelta

from contracts.grid import Duty
from contracts.routing import Ask, ContactOutcome, HandoverMeans, Outcome, RecordKind
from routing.domain.recording import Work
from routing.domain.rules import Demand
from routing.domain.steps import Step
from routing.domain.waiting import Plan
from routing.service import (
    accompanying,
    asking,
    dispatching,
    helping,
    planning,
    pressing,
    recording,
    recusing,
    reporting_back,
    steps,
    suspending,
)

from simulation.days import ONE_DAY, day_at
from simulation.matters import ANSWERS
from simulation.sight import Habit, Sight, do_first

#: By when somebody else is to have done a part, and how long a centre says nothing.
SOON, _AT_ONCE = 2 * ONE_DAY, timedelta(hours=1)

#: How many of those who look at a case have an interest in it.
_CONFLICT = 0.004

#: How many of those who are called pick up.
_REACHED = 0.8


def handle(sight: Sight) -> bool:
    """What is owed to others first, then the matter itself; whether anything was done."""
    if do_first(sight, _OWED):
        return True
    if not sight.case.is_under_way:
        return do_first(sight, _AFTER)
    return _is_free(sight) and do_first(sight, _RETURNING if sight.life.wrong else _UNDER_WAY)


def report_part(sight: Sight) -> bool:
    mine = (each.helper for each in sight.seen.helpers if sight.uow.person.holds(each.helper.post_id))
    helper = next((each for each in mine if each.is_open), None)
    if helper is None or not sight.offers(Step.REPORT_PART):
        return False
    case = sight.case
    if sight.offers(Step.RECUSE) and sight.chance.random() < _CONFLICT:
        sight.take(recusing.recuse, words="相对人是我的亲属")
        return True
    helping.report_part(sight.uow, case.case_id, helper.helper_id, version=case.version, words="已协助办理")
    return True


def reach(sight: Sight) -> bool:
    """The resident, before anything else is done about the matter, where somebody has promised that."""
    if sight.case.contact_due is None or not sight.offers(Step.RECORD):
        return False
    outcome = ContactOutcome.REACHED if sight.chance.random() < _REACHED else ContactOutcome.NOT_REACHED
    _call(sight, outcome)
    return True


def _is_free(sight: Sight) -> bool:
    """Nothing stands to be ruled on or reviewed or waits for its day, and whoever holds it is awake."""
    case = sight.case
    waits = case.ask is not None or case.draft is not None or case.suspended_until is not None
    return not waits and not sight.life.sleeps


def _report(sight: Sight) -> None:
    """Whoever was pressed wakes up."""
    owed = next(each for each in sight.seen.pressings if each.is_owed)
    pressing.report_on_pressing(sight.uow, owed.pressing_id, version=sight.case.version, words="正在办理")
    sight.life.sleeps = False


def _enter_centre_report(sight: Sight) -> None:
    final = sight.chance.random() < 0.6
    if final:
        sight.life.rest = _AT_ONCE
    sight.take(accompanying.enter_centre_report, words="已办结" if final else "正在办理", final=final)


def _accompany(sight: Sight) -> None:
    """The centre has it in hand: whoever holds it asks there every other day."""
    sight.life.rest = SOON
    sight.take(accompanying.accompany, centre="海州区法律援助中心", with_whom="社区干部", words="材料已当面移交")


def _ask(sight: Sight, ask: Ask, reason: str, **more: object) -> None:
    sight.take(asking.ask_dispatcher, ask=ask, reason=reason, words="申请办理", **more)


def _return(sight: Sight) -> None:
    """Now and then whoever gets it next finds that it is not theirs either, and a tier above has to rule."""
    sight.life.wrong = sight.chance.random() < 0.2
    _ask(sight, Ask.RETURN, "not_our_remit")


def _suspend(sight: Sight) -> None:
    _ask(sight, Ask.SUSPENSION, "testing", until=day_at(sight.now) + sight.chance.randint(5, 30) * ONE_DAY)


def _plan(sight: Sight) -> None:
    day = day_at(sight.now) + sight.chance.randint(20, 60) * ONE_DAY
    plan = Plan(day, "列入后续改造计划。", "区住建局")
    planning.plan_case(sight.uow, sight.case.case_id, plan, version=sight.case.version)


def _transfer(sight: Sight) -> None:
    """To the office that answers for such matters."""
    line = sight.book.on_line(sight.case.placed_path)
    offices = [post for post in line if (sight.case.category or "").startswith(tuple(post.matters) or ("/",))]
    offices = [post for post in offices if sight.book.acting(post.post_id, sight.now) is not None]
    if offices:
        sight.take(dispatching.transfer_case, to=offices[0].post_id, words="属其职责")


def _call_in(sight: Sight) -> None:
    """Somebody at their own place or below it does a part of it."""
    mine = [post.path for post in sight.uow.person.posts]
    posts = [
        post
        for post in sight.others_on_line()
        if post.duty in (Duty.AREA_CHIEF, Duty.BUILDING_CHIEF, Duty.PUBLIC_SERVICE, Duty.MUNICIPAL)
        and post.path.startswith(tuple(mine))
        and post.post_id not in sight.case.helper_post_ids
        and sight.book.acting(post.post_id, sight.now) != sight.uow.person.subject
    ]
    if posts:
        sight.take(helping.call_in_helper, to=posts[0].post_id, words="请到场核实", due_at=_end_of_part(sight))


def _end_of_part(sight: Sight) -> datetime:
    soon, due = sight.now + SOON, sight.case.due
    return min(soon, due) if due is not None and due > sight.now else soon


def _record(sight: Sight) -> None:
    kind = sight.chance.choice((RecordKind.CALL, RecordKind.SITE_VISIT, RecordKind.INTERIM_WORD))
    recording.record_work(sight.uow, sight.case.case_id, Work(kind, "已联系并到场了解情况"))


def _call(sight: Sight, outcome: ContactOutcome) -> None:
    recording.record_work(sight.uow, sight.case.case_id, Work(RecordKind.CONTACT_ATTEMPT, "电话联系", outcome))


def _answer(sight: Sight) -> None:
    solved = sight.chance.random() < 0.85
    sight.take(
        steps.answer_case,
        outcome=Outcome.SOLVED if solved else Outcome.EXPLAINED,
        answer=sight.chance.choice(ANSWERS),
        evidence=f"照片{sight.case.number}" if Demand.EVIDENCE in sight.case.demands else None,
        basis=None if solved else "按现行规定",
    )


def _hand_over(sight: Sight) -> None:
    sight.take(steps.hand_over_case, means=sight.chance.choice([*HandoverMeans]))


#: What has been ordered, what a centre says, and what waited.
_OWED = (
    Habit(Step.REPORT, 1, _report),
    Habit(Step.CENTRE_REPORT, 1, _enter_centre_report),
    Habit(Step.RESUME, 0.4, lambda sight: sight.take(suspending.resume_case, words="条件已具备")),
)
_UNDER_WAY = (
    Habit(Step.ACCOMPANY, 1, _accompany),
    Habit(Step.RECUSE, _CONFLICT, lambda sight: sight.take(recusing.recuse, words="诉求人是我的亲属")),
    Habit(Step.ASK_DECLINE, 0.006, lambda sight: _ask(sight, Ask.DECLINE, "in_court")),
    Habit(Step.ASK_EXTENSION, 0.03, lambda sight: _ask(sight, Ask.EXTENSION, "materials", days=3)),
    Habit(Step.ASK_SUSPENSION, 0.015, _suspend),
    Habit(Step.PLAN, 0.01, _plan),
    Habit(Step.TRANSFER, 0.03, _transfer),
    Habit(Step.CALL_IN, 0.03, _call_in),
    Habit(Step.RECORD, 0.25, _record),
    Habit(Step.RECORD, 0.05, lambda sight: _call(sight, sight.chance.choice([*ContactOutcome]))),
    Habit(Step.START, 0.8, lambda sight: sight.take(steps.start_case)),
    Habit(Step.ANSWER, 1, _answer),
)
#: It was sorted wrongly.
_RETURNING = (Habit(Step.ASK_RETURN, 1, _return), *_UNDER_WAY)
_AFTER = (
    Habit(Step.REPORT_BACK, 1, lambda sight: sight.take(reporting_back.report_back, words="已办结，居民确认。")),
    Habit(Step.HAND_OVER, 0.1, _hand_over),
    Habit(Step.CLOSE, 0.3, lambda sight: sight.take(steps.close_case)),
)
