"""Appeals that shared a case go on in one of their own."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.numbers import new_number
from network.posts import Seat

from routing import events
from routing.domain import steps
from routing.domain.case import SPLIT, SPLIT_OFF, Case
from routing.domain.steps import Step
from routing.errors import LastAppeal, NotOfTheCase
from routing.repository import call_backs, cases
from routing.service import supervising
from routing.service.calling_back import close_if_over
from routing.service.naming import CASE_PREFIX
from routing.service.placing import promise_facts
from routing.service.taking import find_holder, take


@dataclass(frozen=True)
class Split:
    """What is left, and what goes on by itself."""

    case: Case
    new: Case


def split_case(uow: UnitOfWork, case_id: UUID, *, version: int, appeal_ids: Collection[UUID], words: str) -> Split:
    """A dispatcher takes apart what is not one trouble."""
    case, holder, post_id = take(uow, case_id, Step.SPLIT, version)
    new = _split_off(uow, case, appeal_ids, holder, post_id=post_id, words=words)
    _close_what_is_over(uow, [case, new], holder)
    return Split(case, new)


def _close_what_is_over(uow: UnitOfWork, parts: list[Case], holder: Seat | None) -> None:
    """Whose time to rate the answer is over, and who waited only for what is asked in the other."""
    for each in parts:
        close_if_over(uow, each, holder)
    cases.save_cases(uow, [each for each in parts if not each.is_open])


def split_off(uow: UnitOfWork, case: Case, appeal_ids: Collection[UUID]) -> Case:
    """A case of their own for these appeals of a case that was locked for change, as it stands: the same category,
    place, holder and promise. Both are saved; what is asked, pressed and in custody stays with the first.
    """
    return _split_off(uow, case, appeal_ids, find_holder(uow, case), post_id=None, words=None)


def _split_off(
    uow: UnitOfWork,
    case: Case,
    appeal_ids: Collection[UUID],
    holder: Seat | None,
    *,
    post_id: UUID | None,
    words: str | None,
) -> Case:
    going = _check(case, appeal_ids)
    calls = _calls_owed_to(uow, case, going)
    new = case.split_off(going, number=new_number(CASE_PREFIX), new_id=lambda: new_id(uow.now), at=uow.now)
    case.calls_owed, new.calls_owed = case.calls_owed - calls, calls
    steps.recall(case, cases.list_entries(uow, case))
    facts = {"appeals": sorted(map(str, going)), "into": str(new.case_id), "into_number": new.number}
    case.record(SPLIT, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    new.record(SPLIT_OFF, at=uow.now, by=uow.by, post_id=post_id, facts=_origin(new, case, holder))
    uow.publish(events.case_split(uow, case, new))
    uow.publish(events.case_split_off(uow, new, origin=case, holder=holder))
    uow.publish(events.city_case_opened(uow, new))
    cases.save_cases(uow, [case])
    cases.add_split_off(uow, new)
    supervising.split_off(uow, case, new)
    return new


def _calls_owed_to(uow: UnitOfWork, case: Case, going: Collection[UUID]) -> int:
    if not case.calls_owed:
        return 0
    return sum(
        asked.is_to_be_called and asked.appeal_id in going for asked in call_backs.list_of_case(uow, case.case_id)
    )


def _counted(new: Case, case: Case) -> dict[str, object]:
    """Where it is counted, and what of the other case its figures go on from."""
    told: dict[str, object] = {
        "post": _text(new.holder_post_id),
        "office": _text(new.office_id),
        "planned": new.planned_for is not None,
    }
    if case.tally is not None:
        told |= {"counted": dict(case.tally.told), "left": list(case.tally.left)}
    return told


def _text(identity: UUID | None) -> str | None:
    return str(identity) if identity else None


def _check(case: Case, appeal_ids: Collection[UUID]) -> set[UUID]:
    """Those of whoever still asks; and somebody who still asks stays."""
    standing = {appeal.appeal_id for appeal in case.appeals if appeal.stands}
    going = set(appeal_ids)
    if strange := going - standing:
        raise NotOfTheCase(sorted(strange))
    if going == standing:
        raise LastAppeal
    return going


def _origin(new: Case, case: Case, holder: Seat | None) -> dict[str, object]:
    """Where it comes from and how it stands from its first day on; who has worked on it, and that it was done again,
    goes on deciding who verifies it and whether it waits.
    """
    return {
        "appeals": sorted(str(appeal.appeal_id) for appeal in new.appeals),
        "from": str(case.case_id),
        "from_number": case.number,
        "state": new.state.value,
        "queue": new.queue.value if new.queue else None,
        "holder": holder.subject if holder else None,
        "promise_met": new.promise_met,
        "worked_by": sorted(case.worked_by),
        "done_again": case.done_again,
        **(promise_facts(new) if new.deadline else {}),
        **_counted(new, case),
    }
