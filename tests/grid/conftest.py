"""A small city in grid's own database, and who works in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from grid.domain.places import Place
from grid.domain.posts import Post
from grid.keys import Keys
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.service import places, posts
from grid.service.posts import Term
from kit.auth import OPERATOR, Person
from kit.auth import Post as HeldPost
from kit.crypto import KeyRing, new_key
from kit.testing.servers import RolledBackUnitOfWork

#: The tree of the tests: code → (name, tier, parent). The second community has no areas.
TREE: Mapping[str, tuple[str, str, str | None]] = {
    "C": ("海澜市", "city", None),
    "D": ("海州区", "district", "C"),
    "M": ("白杨社区", "community", "D"),
    "N": ("石桥社区", "community", "D"),
    "M1": ("白杨第一片", "area", "M"),
    "M1-1": ("一号楼", "building", "M1"),
    "M1-2": ("二号楼", "building", "M1"),
}


def person_of(subject: str, *posts: HeldPost, roles: frozenset[str] = frozenset()) -> Person:
    return Person(subject, roles, posts)


def holds(place: Place, duty: Duty, *, office_id: UUID | None = None) -> HeldPost:
    return HeldPost(uuid4(), duty.value, duty.value, place.id, place.path, office_id)


OPERATING = person_of("operator", roles=frozenset({OPERATOR}))


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys(KeyRing.parse(new_key("s1")), KeyRing.parse(new_key("t1")))


@dataclass
class City:
    """The tree laid, with ways to ask for its parts as they stand now."""

    uow: RolledBackUnitOfWork
    keys: Keys
    as_: Callable[[Person], RolledBackUnitOfWork]
    made: dict[str, UUID] = field(default_factory=dict)

    def place(self, code: str) -> Place:
        return tree.get_named(self.uow, code)

    def post(self, code: str) -> Post:
        return seats.lock_by_code(self.uow, [code])[code]

    def add_post(self, code: str, place: str, duty: Duty) -> Post:
        return posts.add_post(self.uow, code=code, title=code, duty=duty, place=place)

    def assign(self, code: str, subject: str, **term: object) -> Post:
        post, named = self.post(code), Term(subject, subject.title(), **term)  # type: ignore[arg-type]
        return posts.assign(self.uow, post.id, version=post.version, term=named, reach=None, keys=self.keys)


@pytest.fixture
def city(uow_of: Callable[..., RolledBackUnitOfWork], keys: Keys) -> City:
    uow = uow_of("grid", person=OPERATING)
    for code, (name, tier, parent) in TREE.items():
        places.add_place(uow, code=code, name=name, tier=tier, parent=parent)
    uow.flush()
    return City(uow, keys, lambda person: uow_of("grid", person=person))
