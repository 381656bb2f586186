"""Who may change what: operators the tree; supervisors and dispatchers the posts under their place."""

from contracts.grid import Duty
from kit.auth import OPERATOR
from kit.db import UnitOfWork

from grid.errors import NotYours

_MANAGE = (Duty.SUPERVISOR.value, Duty.DISPATCHER.value)


def check_operator(uow: UnitOfWork) -> None:
    if OPERATOR not in uow.person.roles:
        raise NotYours("Only an operator changes the tree of places and the offices: ask one.")


def manages(uow: UnitOfWork, path: str) -> bool:
    if OPERATOR in uow.person.roles:
        return True
    mine = (post for post in uow.person.posts if post.office_id is None and post.duty in _MANAGE)
    return any(path.startswith(post.path) for post in mine)


def keeps_register(uow: UnitOfWork, path: str) -> bool:
    """Who lives there is for those who answer for the place, whatever else an operator may do."""
    mine = (post for post in uow.person.posts if post.office_id is None and post.duty in _MANAGE)
    return any(path.startswith(post.path) for post in mine)


def check_keeps_register(uow: UnitOfWork, path: str) -> None:
    if not keeps_register(uow, path):
        raise NotYours("The register is kept by the place's supervisor or dispatcher, or by one above: ask them.")


def check_manages(uow: UnitOfWork, path: str) -> None:
    if not manages(uow, path):
        raise NotYours("Posts are managed by the supervisor or dispatcher of their place or of one above it: ask them.")
