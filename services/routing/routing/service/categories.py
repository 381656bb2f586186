"""The category tree: read by all, changed by the operator, published whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kit.auth import OPERATOR
from kit.db import UnitOfWork

from routing import events
from routing.domain import taxonomy
from routing.domain.rules import Category
from routing.errors import NotTheOperator
from routing.repository import policy


@dataclass(frozen=True)
class TreeChange:
    added: int
    changed: int
    retired: int
    unchanged: int


def list_categories(uow: UnitOfWork) -> list[Category]:
    return policy.list_categories(uow)


def load_categories(
    uow: UnitOfWork, rows: Sequence[taxonomy.Row], *, bindings: Mapping[str, taxonomy.Bound], replaces: bool
) -> TreeChange:
    """All of the file or nothing; what a case began under stays as it was."""
    if OPERATOR not in uow.person.roles:
        raise NotTheOperator
    policy.lock_categories(uow)
    current = {category.code: category for category in policy.list_categories(uow)}
    changed = taxonomy.plan(rows, bindings, current, now=uow.now, replaces=replaces)
    policy.add_categories(uow, changed)
    for category in changed:
        uow.publish(events.category_changed(category))
    added = sum(category.version == 1 for category in changed)
    retired = sum(category.retired for category in changed)
    return TreeChange(added, len(changed) - added - retired, retired, len(current) + added - len(changed))
