"""What is read: the tree, posts, offices, organisations, and of the register what is in scope."""

from uuid import UUID

from contracts.grid import Duty, PlaceState
from kit.db import UnitOfWork
from kit.paging import Page, Sheet

from grid.domain.places import Place, PlaceEntry, Tier
from grid.domain.posts import Office, Post
from grid.domain.register import Counts, Household, Organisation
from grid.errors import PlaceNotFound
from grid.repository import offices as office_rows
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.repository import register


def list_tiers(uow: UnitOfWork) -> list[Tier]:
    return list(tree.list_tiers(uow).values())


def get_place(uow: UnitOfWork, place: str) -> Place:
    return tree.get_named(uow, place)


def list_places(
    uow: UnitOfWork,
    page: Page,
    *,
    parent: str | None,
    under: str | None,
    tier: str | None,
    state: PlaceState | None,
    name: str | None,
) -> Sheet[Place]:
    places = tree.list_places(
        uow,
        limit=page.fetch,
        behind=page.after_one(str),
        parent_id=tree.get_named(uow, parent).id if parent else None,
        under=_path(uow, under),
        tier_name=tier,
        state=state,
        name=name,
    )
    return page.sheet(places, position=lambda place: (place.code,))


def list_entries(uow: UnitOfWork, page: Page, place: str) -> Sheet[PlaceEntry]:
    behind = page.after_one(int)
    entries = tree.list_entries(uow, tree.get_named(uow, place).id, limit=page.fetch, behind=behind)
    return page.sheet(entries, position=lambda entry: (entry.version,))


def get_post(uow: UnitOfWork, post_id: UUID) -> Post:
    return seats.get_post(uow, post_id)


def list_posts(
    uow: UnitOfWork,
    page: Page,
    *,
    under: str | None = None,
    duty: Duty | None = None,
    office_id: UUID | None = None,
    subject: str | None = None,
    vacant: bool = False,
) -> Sheet[Post]:
    posts = seats.list_posts(
        uow,
        limit=page.fetch,
        now=uow.now,
        behind=page.after_one(str),
        under=_path(uow, under),
        duty=duty,
        office_id=office_id,
        subject=subject,
        vacant=vacant,
    )
    return page.sheet(posts, position=lambda post: (post.code,))


def get_office(uow: UnitOfWork, office_id: UUID) -> Office:
    return office_rows.get_office(uow, office_id)


def list_offices(uow: UnitOfWork, page: Page, *, under: str | None, matter: str | None) -> Sheet[Office]:
    offices = office_rows.list_offices(
        uow, limit=page.fetch, behind=page.after_one(str), under=_path(uow, under), matter=matter
    )
    return page.sheet(offices, position=lambda office: (office.code,))


def list_organisations(uow: UnitOfWork, page: Page, *, under: str | None) -> Sheet[Organisation]:
    found = office_rows.list_organisations(uow, limit=page.fetch, behind=page.after_one(str), under=_path(uow, under))
    return page.sheet(found, position=lambda organisation: (organisation.code,))


def list_households(uow: UnitOfWork, page: Page, *, under: str) -> Sheet[Household]:
    path = _in_scope(uow, under).path
    found = register.list_households(uow, under=path, limit=page.fetch, behind=page.after_one(str))
    return page.sheet(found, position=lambda household: (household.code,))


def count_register(uow: UnitOfWork, place: str) -> Counts:
    return register.counts(uow, _in_scope(uow, place).path)


def _in_scope(uow: UnitOfWork, place: str) -> Place:
    """Whose register it is must be asker's to see; otherwise there is none, rather than an empty one."""
    found = tree.get_named(uow, place)
    if not any(found.path.startswith(path) for path in uow.person.scope.paths):
        raise PlaceNotFound(place)
    return found


def _path(uow: UnitOfWork, place: str | None) -> str | None:
    return tree.get_named(uow, place).path if place else None
