"""Who a signed-in person is: found in the request's own transaction, by the service's own copy of the posts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.auth import Claims, Person, Post
from kit.db import enter_parameters

#: So many people are remembered; the one remembered first is forgotten first.
_REMEMBERED = 4096


@dataclass(frozen=True)
class Known:
    """A person as of the posts that were found, and what sets their scope."""

    found: str | None
    person: Person
    scope: Mapping[str, str]

    @classmethod
    def of(cls, found: str | None, person: Person) -> "Known":
        return cls(found, person, enter_parameters(person.scope, subject=person.subject))


class People:
    """``posts`` is an expression in SQL: what ``:subject`` holds at ``:now``, as a JSON array of ``kit.auth.Post``.

    What a door entered with the last time is remembered, so that it can enter and find the posts in one round trip; it
    goes by what it has found, and enters anew where that has changed.
    """

    def __init__(self, posts: str) -> None:
        self.posts = posts
        self._known: dict[object, Known] = {}

    def person(self, claims: Claims, found: str | None) -> Person:
        return Person(claims.subject, claims.roles, tuple(_post(facts) for facts in json.loads(found or "[]")))

    def remembered(self, who: object) -> Known | None:
        return self._known.get(who)

    def remember(self, who: object, known: Known) -> None:
        self._known.pop(who, None)
        self._known[who] = known
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


def _post(facts: dict[str, Any]) -> Post:
    ids = {name: UUID(facts[name]) if facts[name] else None for name in ("post_id", "place_id", "office_id")}
    return Post(**{**facts, **ids})
