"""Precedents: listed with the ruling that they come from, and revocable by the tier that ruled."""

from dataclasses import replace
from uuid import UUID

from kit.db import UnitOfWork
from kit.paging import Page, Sheet

from routing.domain.precedent import Precedent
from routing.errors import NotYourPrecedent, PrecedentNotFound, PrecedentRevoked
from routing.repository import precedents
from routing.service.taking import dispatches_above


def list_precedents(uow: UnitOfWork, page: Page) -> Sheet[Precedent]:
    """Those in force wherever I may look."""
    position = page.after(str, UUID)
    found = precedents.list_precedents(uow, uow.person.scope.paths, after_key=position, limit=page.fetch)
    return page.sheet(found, position=lambda each: (each.path, each.precedent_id))


def revoke_precedent(uow: UnitOfWork, precedent_id: UUID) -> Precedent:
    """Cases that it has led stay where they are; those that come are led by the rules again."""
    found = precedents.find_precedent_for_change(uow, precedent_id)
    if found is None or not any(found.path.startswith(path) for path in uow.person.scope.paths):
        raise PrecedentNotFound(precedent_id)
    if found.revoked_at is not None:
        raise PrecedentRevoked
    if not dispatches_above(uow.person, found.ruled_path):
        raise NotYourPrecedent
    precedents.save_revoked(uow, precedent_id, by=uow.person.subject, at=uow.now)
    return replace(found, revoked_by=uow.person.subject, revoked_at=uow.now)
