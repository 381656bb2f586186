"""How households are reached: kept under a key of each one's own, said to notify, forgotten by destroying the key."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from contracts.intake import Reach
from kit.db import UnitOfWork

from grid import events
from grid.domain.import_households import HouseholdRow
from grid.domain.register import Household
from grid.keys import Keys
from grid.repository import register
from grid.service.rights import check_keeps_register

#: Events are written in batches, so that a city's households are not held twice in memory.
_BATCH = 5_000


def say(uow: UnitOfWork, rows: Sequence[HouseholdRow], *, keys: Keys) -> list[Household]:
    """The households as they are to be stored, each said to who tells them."""
    kept = []
    for number, row in enumerate(rows, start=1):
        reach = row.reach or reach_of(row.before, keys)
        kept.append(_sealed(row.after, row.reach, keys) if row.reach else row.after)
        uow.publish(events.household_changed(kept[-1], reach, keys))
        if number % _BATCH == 0:
            uow.flush()
    return kept


def new_ones(households: Iterable[tuple[Household, Reach | None]]) -> list[HouseholdRow]:
    return [HouseholdRow(None, household, reach) for household, reach in households]


def erase_contact(uow: UnitOfWork, household_id: UUID, *, keys: Keys) -> None:
    """Forget how a household is reached, here and wherever that was sent. It lives on there, to be told in person: so
    its key is destroyed by a tombstone, and behind that it is said again without what was erased.
    """
    before = register.get_household_for_change(uow, household_id)
    check_keeps_register(uow, before.placed_path)
    erased = replace(before, version=before.version + 1, wrapped_key=None, reach=None, digest=None)
    uow.publish(events.contact_erased(erased))
    after = replace(erased, version=erased.version + 1)
    register.update_households(uow, [after])
    uow.publish(events.household_changed(after, None, keys))


def reach_of(household: Household | None, keys: Keys) -> Reach | None:
    if household is None or household.wrapped_key is None or household.reach is None:
        return None
    return keys.open_reach(household.id, household.wrapped_key, household.reach, table="household")


def _sealed(household: Household, reach: Reach, keys: Keys) -> Household:
    sealed = keys.seal_reach(household.id, reach, table="household")
    return replace(household, wrapped_key=sealed.wrapped_key, reach=sealed.reach, digest=sealed.digest)
