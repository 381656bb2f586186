"""Who is asking. Roles are bound to posts and posts to places, so a person's rights end with the post."""

from dataclasses import dataclass, field, replace
from uuid import UUID

#: Roles that a token itself may carry. All others come from posts held (contracts.grid.Duty).
RESIDENT = "resident"
OPERATOR = "operator"
AUDITOR = "auditor"


class NotSignedIn(Exception):
    """No token, or one that is not taken: 401. ``detail`` names the remedy and holds nothing of the token."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Claims:
    """What a checked token says."""

    subject: str
    roles: frozenset[str] = frozenset()
    client: str = ""


@dataclass(frozen=True)
class Post:
    """A post that a person holds now, or stands in for."""

    post_id: UUID
    duty: str
    title: str
    place_id: UUID
    path: str
    office_id: UUID | None = None
    stand_in: bool = False


@dataclass(frozen=True)
class Scope:
    """What rows may be seen: those at or below ``paths``, and those granted to ``offices``; of what is sealed, what is
    open to one of ``posts`` or to the person alone.
    """

    paths: tuple[str, ...] = ()
    offices: tuple[UUID, ...] = ()
    posts: tuple[UUID, ...] = ()


EVERYWHERE = Scope(paths=("/",))
NOWHERE = Scope()


@dataclass(frozen=True)
class Person:
    subject: str
    roles: frozenset[str] = frozenset()
    posts: tuple[Post, ...] = field(default=())
    beside: tuple[Post, ...] = field(default=())
    """What else they hold, while they act under one post."""

    def holds(self, post_id: UUID | None) -> bool:
        """Whichever they act under: nobody is rid of an interest by naming another post of theirs."""
        return any(post.post_id == post_id for post in (*self.posts, *self.beside))

    def under(self, post_id: UUID) -> "Person":
        """Acting by that post of theirs alone."""
        acting = tuple(post for post in self.posts if post.post_id == post_id)
        return replace(self, posts=acting, beside=tuple(post for post in self.posts if post not in acting))

    def post(self, post_id: UUID) -> Post:
        """One of theirs."""
        return next(post for post in self.posts if post.post_id == post_id)

    @property
    def post_ids(self) -> list[UUID]:
        return [post.post_id for post in self.posts]

    def has_duty(self, duty: str) -> bool:
        return any(post.duty == duty for post in self.posts)

    @property
    def scope(self) -> Scope:
        """Posts of the tree's own line see their place; posts of an office see what is granted to it."""
        if AUDITOR in self.roles:
            return EVERYWHERE
        line = {post.path for post in self.posts if post.office_id is None}
        widest = tuple(sorted(p for p in line if not any(p != q and p.startswith(q) for q in line)))
        offices = tuple(sorted({p.office_id for p in self.posts if p.office_id}))
        return Scope(widest, offices, tuple(sorted(p.post_id for p in self.posts)))
