"""A month is frozen: its figures stand as they were, signed; what comes later is listed beside them."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from kit.crypto import KeyRing
from kit.db import UnitOfWork
from kit.paging import Page, Sheet

from routing.domain import freezing
from routing.domain.figures import Line, Period, next_month
from routing.domain.freezing import PURPOSE, Correction, Freeze
from routing.domain.promise import day_of
from routing.errors import FrozenAlready, MonthNotOver, NotFrozen
from routing.repository import figures, freezes, policy
from routing.service.figures import BATCH, paths_at


def freeze_month(uow: UnitOfWork, month: date, *, ring: KeyRing, by: str) -> Freeze:
    """With all that steps have counted by now: what commits after this is a correction."""
    if day_of(uow.now, zone=policy.get_zone(uow)) < next_month(month):
        raise MonthNotOver(month)
    figures.lock(uow)
    if freezes.find_freeze(uow, month) is not None:
        raise FrozenAlready(month)
    while figures.fold(uow, limit=BATCH):
        pass
    last = next(reversed(freezes.list_freezes(uow)), None)
    new = freezing.freeze(month, freezes.list_kept_of(uow, month), last=last, at=uow.now, by=by)
    signed = replace(new, signature=ring.sign(PURPOSE, new.message).hex())
    freezes.add_freeze(uow, signed)
    freezes.freeze_cells(uow, month)
    return signed


def list_faults(uow: UnitOfWork, *, ring: KeyRing) -> list[str]:
    """What is wrong with the months that were frozen, as they are stored."""
    frozen = freezes.list_freezes(uow)
    unsigned = [each for each in frozen if not _is_ours(each, ring)]
    return [
        *freezing.list_faults((each, freezes.list_frozen(uow, each.month)) for each in frozen),
        *(f"{each.month:%Y-%m}: the signature is by none of the keys in ROUTING_SERVICE_KEYS" for each in unsigned),
    ]


def _is_ours(frozen: Freeze, ring: KeyRing) -> bool:
    try:
        signature = bytes.fromhex(frozen.signature)
    except ValueError:
        return False
    return ring.signed_by_us(PURPOSE, frozen.message, signature)


@dataclass(frozen=True)
class FrozenMonth:
    """As it was frozen, and as it is counted by now, at a place and below it."""

    freeze: Freeze
    place_id: UUID | None
    frozen: Line
    now: Line


def list_freezes(uow: UnitOfWork) -> list[Freeze]:
    return freezes.list_freezes(uow)


def get_frozen(uow: UnitOfWork, month: date, *, place_id: UUID | None = None) -> FrozenMonth:
    paths = paths_at(uow, place_id)
    found = _get(uow, month)
    period = Period(month, date.fromordinal(next_month(month).toordinal() - 1))
    now = next(iter(figures.sum_up(uow, paths, period)), Line("", {}))
    return FrozenMonth(found, place_id, Line("", freezes.sum_frozen(uow, month, paths)), now)


def list_corrections(uow: UnitOfWork, month: date, page: Page, *, place_id: UUID | None = None) -> Sheet[Correction]:
    paths = paths_at(uow, place_id)
    _get(uow, month)
    found = freezes.list_corrections(uow, month, paths, after_id=page.after_one(int), limit=page.fetch)
    return page.sheet(found, position=lambda each: (each.correction_id,))


def _get(uow: UnitOfWork, month: date) -> Freeze:
    found = freezes.find_freeze(uow, month)
    if found is None:
        raise NotFrozen(month)
    return found
