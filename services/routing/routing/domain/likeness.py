"""Whether two cases may be the same trouble: by where, what kind of matter, and in how alike words. A person decides.

Words are compared by what they are made of. Most Chinese words are two characters long, so that is pairs of characters;
of what is written in letters it is three at a time, with the word's ends.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol
from uuid import UUID

from contracts.routing import CaseState, Kind

from routing.domain.case import SEALED_GIST, Seal

WITHIN = timedelta(days=30)
MOST = 5

#: What place, category and words weigh, and from what together two cases are suggested to be one.
PLACE, CATEGORY, WORDS = 0.3, 0.3, 0.4
SUGGESTED_FROM = 0.5

#: By how many tiers below the community two places share: none, an area, a building or less.
NEAR = (0.3, 0.7, 1.0)
SAME_CATEGORY, SAME_KIND = 1.0, 0.4

_HAN, _WORD = re.compile(r"[\u3400-\u9fff]+"), re.compile(r"[a-z0-9]+")


class Matter(Protocol):
    """What is compared of a case."""

    @property
    def gist(self) -> str: ...
    @property
    def placed_path(self) -> str: ...
    @property
    def category(self) -> str | None: ...
    @property
    def kind(self) -> Kind | None: ...
    @property
    def received_at(self) -> datetime: ...


@dataclass(frozen=True)
class Other:
    """A case that may be the same trouble."""

    case_id: UUID
    number: str
    gist: str
    state: CaseState
    category: str | None
    kind: Kind | None
    place_id: UUID | None
    placed_path: str
    received_at: datetime
    promise_due: datetime | None
    seal: Seal | None = None

    @property
    def told_gist(self) -> str:
        return SEALED_GIST if self.seal is not None else self.gist

    @cached_property
    def grams(self) -> frozenset[str]:
        return _grams(self.gist)


@dataclass(frozen=True)
class Suggestion:
    """``place`` is the path that both share; ``category`` and ``words`` from 0 to 1, ``alike`` all three together."""

    other: Other
    place: str
    category: float
    words: float
    alike: float


def suggest(case: Matter, others: Iterable[Other], *, community: str) -> list[Suggestion]:
    """Those that are alike enough, the likest first; of equals whichever came nearest in time."""
    grams = _grams(case.gist)
    compared = (_compare(case, grams, other, community) for other in others if _is_near_in_time(case, other))
    alike = [each for each in compared if each.alike >= SUGGESTED_FROM]
    return sorted(alike, key=lambda each: (-each.alike, abs(each.other.received_at - case.received_at)))[:MOST]


def _is_near_in_time(case: Matter, other: Other) -> bool:
    return abs(other.received_at - case.received_at) <= WITHIN


def _compare(case: Matter, grams: frozenset[str], other: Other, community: str) -> Suggestion:
    place = shared_path(case.placed_path, other.placed_path)
    tiers = place.count("/") - community.count("/")
    category = _category(case, other)
    words = _share(grams, other.grams)
    alike = PLACE * NEAR[max(0, min(tiers, len(NEAR) - 1))] + CATEGORY * category + WORDS * words
    return Suggestion(other, place, category, round(words, 2), round(alike, 2))


def _category(case: Matter, other: Other) -> float:
    if case.category is not None and case.category == other.category:
        return SAME_CATEGORY
    return SAME_KIND if case.kind is not None and case.kind is other.kind else 0.0


def shared_path(one: str, other: str) -> str:
    """The path of the narrowest place in which both lie."""
    shared = "/"
    for mine, theirs in zip(one.split("/")[1:-1], other.split("/")[1:-1], strict=False):
        if mine != theirs:
            break
        shared += f"{mine}/"
    return shared


def likeness(one: str, other: str) -> float:
    """From 0, nothing in common, to 1."""
    return _share(_grams(one), _grams(other))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _grams(text: str) -> frozenset[str]:
    lower = text.lower()
    pairs = (run[i : i + 2] for run in _HAN.findall(lower) for i in range(max(1, len(run) - 1)))
    words = (f"  {word} " for word in _WORD.findall(lower))
    return frozenset(pairs) | {word[i : i + 3] for word in words for i in range(len(word) - 2)}
