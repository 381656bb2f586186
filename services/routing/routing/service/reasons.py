"""The lists of reasons: read by all, extended by the operator."""

from kit.auth import OPERATOR
from kit.db import UnitOfWork

from routing.domain.reasons import CLOSED, Reason
from routing.errors import ListIsClosed, NotTheOperator, ReasonTaken
from routing.repository import reasons


def list_reasons(uow: UnitOfWork) -> list[Reason]:
    return reasons.list_reasons(uow)


def add_reason(uow: UnitOfWork, reason: Reason) -> Reason:
    if OPERATOR not in uow.person.roles:
        raise NotTheOperator
    if reason.ask in CLOSED:
        raise ListIsClosed(reason.ask)
    if any(each.code == reason.code for each in reasons.list_reasons(uow, reason.ask)):
        raise ReasonTaken(reason.code)
    reasons.add_reason(uow, reason)
    return reason
