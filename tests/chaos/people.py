"""Who drives the city: its clerks, holders and dispatchers as grid names them, signed in before anything dies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from cli.token import sign_in

from tests.system.city import City

CITY = "HL"
AUDITOR, OPERATOR, RESIDENT = "auditor", "operator", "resident"
#: Another operator, who puts into force what the first has drafted.
ACTIVATES = "importer"

#: Whose posts are given cases by rule; the others of the city only look on.
_HANDLING = ("window_clerk", "agency", "follow_up", "municipal", "public_service", "legal", "petition", "department")


@dataclass(frozen=True)
class People:
    """Sign-in names by what they do, their tokens, and the ids of places by code."""

    clerks: tuple[str, ...]
    handlers: tuple[str, ...]
    dispatchers: Mapping[str, str]
    """The sign-in name by the code of the place that they dispatch for."""
    places: Mapping[str, str]
    holders: Mapping[str, str]
    """The sign-in name by the id of the post."""
    tokens: Mapping[str, str]

    def token_among(self, seen_by: Sequence[str]) -> str:
        """Of somebody to whom something sealed is open, by name or by a post of theirs."""
        return next(self.tokens[name] for who in seen_by if (name := self.holders.get(who, who)) in self.tokens)


def find_people(city: City, *, district: str = "") -> People:
    """Of one district, by the code that its places begin with, and of the city itself; or everybody."""
    settings = city.settings()

    def token(name: str) -> str:
        return sign_in(name, issuer=settings["OIDC_ISSUER"], audience=settings["OIDC_AUDIENCE"])

    headers = {"Authorization": f"Bearer {token(AUDITOR)}"}
    with httpx.Client(base_url=city.address, headers=headers, timeout=30) as http:
        places = {place["code"]: place["id"] for place in _pages(http, "/grid/v1/places", under=CITY)}
        posts = list(_pages(http, "/grid/v1/posts", under=CITY))
    near = (district, f"{CITY}/")
    posts = [post for post in posts if post["code"].startswith(near)]
    held = [(post, holding["subject"]) for post in posts for holding in post["holdings"] if holding["until"] is None]
    clerks = {subject for post, subject in held if post["duty"] == "window_clerk"}
    handlers = {subject for post, subject in held if post["duty"] in _HANDLING}
    dispatchers = {post["code"].partition("/")[0]: subject for post, subject in held if post["duty"] == "dispatcher"}
    holders = {post["id"]: subject for post, subject in held}
    names = sorted({AUDITOR, OPERATOR, ACTIVATES, RESIDENT, *holders.values()})
    return People(
        clerks=tuple(sorted(clerks)),
        handlers=tuple(sorted(handlers)),
        dispatchers=dispatchers,
        places=places,
        holders=holders,
        tokens={name: token(name) for name in names},
    )


def _pages(http: httpx.Client, path: str, **asked: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = http.get(path, params={**asked, "limit": "200"} | ({"cursor": cursor} if cursor else {}))
        page.raise_for_status()
        told = page.json()
        yield from told["items"]
        cursor = told["next"] or ""
        if not cursor:
            return
