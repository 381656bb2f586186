"""A resident asks again about the same matter: it joins the case that there is, and is a nudge to whoever holds it."""

from collections.abc import Sequence
from uuid import UUID

from contracts.intake import AppealReceivedV1
from contracts.routing import JoinKind, PressingKind
from kit.db import UnitOfWork
from kit.errors import NotYet
from kit.ids import new_id
from network.posts import Seat

from routing import events
from routing.domain.case import JOINED, RESORTED, Appeal, Case
from routing.domain.pressing import Pressing
from routing.domain.rules import Category, RuleSet
from routing.repository import cases, policy
from routing.service import placing, planning, suspending
from routing.service.taking import find_holder

Asked = dict[UUID, Case]


def list_asked_about(uow: UnitOfWork, repeats: Sequence[AppealReceivedV1]) -> Asked:
    """The cases of the earlier appeals, by appeal, locked."""
    return cases.find_cases_of_appeals_for_change(uow, {_earlier(event) for event in repeats})


def case_asked_about(asked: Asked, event: AppealReceivedV1) -> Case:
    earlier = _earlier(event)
    if earlier not in asked:
        raise NotYet(AppealReceivedV1.TOPIC, earlier)
    return asked[earlier]


def joins(event: AppealReceivedV1, case: Case, *, sealed: bool) -> bool:
    """While somebody still has to answer it. But nobody handles a complaint about himself, what is assigned from above
    is answered under its own number, and what is sealed does not come to light by a case that everybody sees.
    """
    complains = not set(event.complained_of) <= set(case.complained_of)
    by_itself = event.assignment is not None or complains or (sealed and case.seal is None)
    return case.is_unsettled and not by_itself


def join_case(
    uow: UnitOfWork,
    case: Case,
    event: AppealReceivedV1,
    appeal: Appeal,
    *,
    category: Category | None,
    rules: RuleSet,
    nth: int,
) -> Pressing:
    """The nudge that it is, the ``nth`` of the case: by its resident, and told with the joining. ``category``: of what
    is asked now, by ``rules`` where the case has begun under none yet.
    """
    holder = find_holder(uow, case)
    is_urgent_now = not case.urgent and (event.urgent or _is_danger(uow, case, category, rules))
    if is_urgent_now:
        _become_urgent(uow, case, event, holder)
    (earlier,) = [each for each in case.appeals if each.appeal_id == event.repeat_of]
    if earlier.asker is None or appeal.asker is None:
        appeal.asker = earlier.whose  # who asks again is who asked, unless both are known and differ
    case.appeals.append(appeal)
    case.repeats += 1
    case.pressings += 1
    nudge = _nudge(uow, case, event, nth=nth)
    facts = {**_facts(case, event, holder), "pressing_id": str(nudge.pressing_id), "number": nudge.number}
    case.record(JOINED, at=uow.now, by=event.taken_by, facts=facts)
    uow.publish(events.case_joined(uow, case, JoinKind.REPEAT, [appeal], holder=holder, urgent=is_urgent_now))
    return nudge


def _nudge(uow: UnitOfWork, case: Case, event: AppealReceivedV1, *, nth: int) -> Pressing:
    return Pressing(
        pressing_id=new_id(uow.now),
        kind=PressingKind.NUDGE,
        number=str(nth),
        case_id=case.case_id,
        by=event.taken_by,
        by_post_id=None,
        words=event.gist,
        made_at=uow.now,
        settled_at=uow.now,
    )


def _is_danger(uow: UnitOfWork, case: Case, category: Category | None, rules: RuleSet) -> bool:
    """Whether the rules count such a matter in hours, whoever marks it."""
    if category is None or category.code == case.category:
        return False
    if case.rule_version is not None:
        rules = policy.get_rules(uow, case.rule_version, case.rule_layers)
    return rules.rule_for(category, urgent=False).runs_by_the_clock


def _become_urgent(uow: UnitOfWork, case: Case, event: AppealReceivedV1, holder: Seat | None) -> None:
    """As whoever took it says, who is staff, or as what is asked now is counted. Where the rules count such in hours it
    waits for nothing any more, and is due earlier or as before; which matter it is and whose stays as it is, until a
    dispatcher says otherwise.
    """
    case.urgent = True
    if case.deadline is None or case.rule_version is None:
        return
    rule = placing.rule_of(uow, case)
    if not rule.runs_by_the_clock or case.by_the_clock:
        return
    if case.suspended_until is not None:
        suspending.go_on(uow, case, holder)
    was_planned_for, planned = case.planned_for, planning.bring_out(uow, case)
    ground = placing.survey(uow, paths=[case.placed_path], codes=[])
    rules = policy.get_rules(uow, case.rule_version, case.rule_layers)
    is_earlier = placing.hold_to(uow, ground, rules, case, rule, planned=planned)
    out = {"out_of_plan": str(was_planned_for), "promise_met": case.promise_met} if planned is not None else {}
    facts = {"before": case.category, "earlier": is_earlier, "holder": None, "urgent": True, **out}
    case.record(RESORTED, at=uow.now, by=event.taken_by, facts=facts | placing.promise_facts(case))
    before = case.category or ""
    uow.publish(events.case_resorted(uow, case, before=before, holder=None, out_of_plan=planned is not None))


def _facts(case: Case, event: AppealReceivedV1, holder: Seat | None) -> dict[str, object]:
    return {
        "how": JoinKind.REPEAT.value,
        "appeals": [str(event.appeal_id)],
        "repeat_of": str(event.repeat_of),
        "channel": event.channel.value,
        "repeats": case.repeats,
        "holder": holder.subject if holder else None,
        "earlier": False,
    }


def _earlier(event: AppealReceivedV1) -> UUID:
    assert event.repeat_of is not None
    return event.repeat_of
