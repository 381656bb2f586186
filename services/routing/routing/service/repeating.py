"""A resident asks again about the same matter: it joins the case that there is, and reminds whoever holds it."""

from collections.abc import Sequence
from uuid import UUID

from contracts.intake import AppealReceivedV1
from contracts.routing import JoinKind
from kit.db import UnitOfWork
from kit.errors import NotYet
from network.posts import Seat

from routing import events
from routing.domain.case import JOINED, Appeal, Case
from routing.repository import cases
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


def join_case(uow: UnitOfWork, case: Case, event: AppealReceivedV1, appeal: Appeal) -> None:
    case.appeals.append(appeal)
    case.repeats += 1
    holder = find_holder(uow, case)
    case.record(JOINED, at=uow.now, by=event.taken_by, facts=_facts(case, event, holder))
    uow.publish(events.case_joined(uow, case, JoinKind.REPEAT, [appeal], holder=holder))


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
