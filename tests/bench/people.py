"""Who takes part: communities with the people of their stations, found over grid's API and signed in beforehand."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
from cli.token import sign_in

from tests.bench.load.plan import Community
from tests.bench.load.words import DUTIES
from tests.system.city import City

#: So many communities' people sign in; more would only take longer to sign in.
COMMUNITIES = 60

_BUILDINGS = 10
_OTHERS = ("resident", "auditor")


@dataclass(frozen=True)
class Cast:
    """``wide`` are the dispatchers of the whole city and of its first district."""

    communities: tuple[Community, ...]
    wide: tuple[str, ...]
    tokens: dict[str, str]


def gather(city: City, *, seed: int, communities: int = COMMUNITIES) -> Cast:
    token = _token(city, "auditor")
    with httpx.Client(base_url=city.address, headers={"Authorization": f"Bearer {token}"}, timeout=30) as grid:
        duties, wanted = _duties(grid), set(DUTIES.values())
        known = [
            each for each in _pages(grid, "/grid/v1/places", tier="community") if wanted <= duties[each["id"]].keys()
        ]
        chosen = Random(seed).sample(known, min(communities, len(known)))
        found = tuple(_community(grid, place["code"], duties[place["id"]]) for place in chosen)
        tops = [next(_pages(grid, "/grid/v1/places", tier=tier))["code"] for tier in ("city", "district")]
        wide = tuple(_answerer(grid, code, "dispatcher") for code in tops)
    subjects = {*_OTHERS, *wide, *(subject for each in found for subject in _staff(each))}
    with ThreadPoolExecutor(4) as threads:
        tokens = dict(zip(subjects, threads.map(lambda subject: _token(city, subject), subjects), strict=True))
    return Cast(found, wide, tokens)


def _token(city: City, subject: str) -> str:
    settings = city.settings()
    return sign_in(subject, issuer=settings["OIDC_ISSUER"], audience=settings["OIDC_AUDIENCE"])


def _duties(grid: httpx.Client) -> dict[str, Counter[str]]:
    """By place: how many posts of its own have each duty."""
    duties: dict[str, Counter[str]] = defaultdict(Counter)
    for duty in sorted(set(DUTIES.values())):
        for post in _pages(grid, "/grid/v1/posts", duty=duty):
            if post["holdings"]:
                duties[post["place_id"]][duty] += 1
    return duties


def _community(grid: httpx.Client, code: str, posts: Counter[str]) -> Community:
    """Where several windows answer for the same, nobody outside knows which of them is given a case."""
    asked = {"under": code, "tier": "building", "limit": str(_BUILDINGS)}
    buildings = grid.get("/grid/v1/places", params=asked).raise_for_status().json()["items"]
    staff = {duty: _answerer(grid, code, duty) for duty in set(DUTIES.values())}
    return Community(
        places=(code, *(building["code"] for building in buildings)),
        clerk=staff["window_clerk"],
        dispatcher=_answerer(grid, code, "dispatcher"),
        holders={category: staff[duty] for category, duty in DUTIES.items() if posts[duty] == 1},
    )


def _staff(community: Community) -> set[str]:
    return {community.clerk, community.dispatcher, *community.holders.values()}


def _answerer(grid: httpx.Client, code: str, duty: str) -> str:
    answer = grid.get("/grid/v1/answerers", params={"place": code, "duty": duty}).raise_for_status().json()
    return str(answer["answerer"]["subject"])


def _pages(grid: httpx.Client, path: str, **asked: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        query = {**asked, "limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = grid.get(path, params=query).raise_for_status().json()
        yield from page["items"]
        cursor = page["next"]
        if not cursor:
            return
