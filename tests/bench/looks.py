"""Every page and list that people look at, each as many of them look at it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, cycle, islice
from urllib.parse import quote

import httpx

from tests.bench.bench import Bench
from tests.bench.driving import cast_of
from tests.bench.load.plan import Look
from tests.bench.people import Cast
from tests.bench.state import sample
from tests.system.city import City

#: By the look's name: p95 in milliseconds.
AIMS = {"work list": "< 50", "progress page": "< 20", "progress": "< 20"}
AIM_OF_OTHERS = "< 100"

A_YEAR = timedelta(days=364)

#: So many different people or cases take turns in each look.
TURNS = 60


def looks_of(bench: Bench, city: City) -> tuple[Look, ...]:
    """One of each in turn. Progress is asked of appeals of all the city's years."""
    cast = cast_of(bench, city)
    cases, places = _cases(city, cast), _places(city, cast)
    stations = [each.dispatcher for each in cast.communities]
    holders = [holder for each in cast.communities for holder in each.holders.values()]
    codes = [quote(each.query_code) for each in sample(city, TURNS, seed=bench.settings.seed)]
    case = [f"/routing/v1/cases/{case_id}" for case_id, _ in cases]
    whose = [subject for _, subject in cases]
    a_year_ago = datetime.now(UTC).date() - A_YEAR
    each_kind = [
        _looks("work list", ["/routing/v1/worklist"], holders),
        _looks("work list, what was answered", ["/routing/v1/worklist?stage=answered"], holders),
        _looks("queue", ["/routing/v1/queue"], [*stations, *cast.wide]),
        _looks("open cases of a community", ["/routing/v1/cases"], stations),
        _looks("open cases of the city", ["/routing/v1/cases"], cast.wide),
        _looks("open cases at a place", [f"/routing/v1/cases?place={place}" for place in places], cast.wide[:1]),
        _looks("open deadlines of a community", ["/routing/v1/deadlines"], stations),
        _looks("open deadlines of the city", ["/routing/v1/deadlines"], cast.wide),
        _looks("figures of a community", ["/routing/v1/figures"], stations),
        _looks("figures of the city, a year", [f"/routing/v1/figures?since={a_year_ago}"], cast.wide),
        _looks("figures of the city, by place", ["/routing/v1/figures?by=place"], cast.wide),
        _looks("appeals of a community", ["/intake/v1/appeals"], stations),
        _looks("appeals of the city", ["/intake/v1/appeals"], cast.wide),
        _looks("a case", case, whose),
        _looks("a case's history", [f"{path}/entries" for path in case], whose),
        _looks("a case's messages", [f"/notify/v1/messages?case={case_id}" for case_id, _ in cases], whose),
        _looks("troubled messages", ["/notify/v1/messages/troubled"], [*stations, *cast.wide]),
        _looks("own notices", ["/notify/v1/inbox"], holders),
        _looks("progress", [f"/intake/v1/progress/{code}" for code in codes], [""]),
        _looks("progress page", [f"/progress/{code}" for code in codes], [""]),
    ]
    return tuple(chain.from_iterable(zip(*each_kind, strict=True)))


def _looks(name: str, paths: Sequence[str], who: Iterable[str]) -> list[Look]:
    return [Look(name, path, by) for path, by in islice(zip(cycle(paths), cycle(who)), TURNS)]


def _cases(city: City, cast: Cast) -> list[tuple[str, str]]:
    """Open cases, each with somebody who may see it."""
    found = []
    with httpx.Client(base_url=city.address, timeout=30) as http:
        for community in cast.communities[:TURNS]:
            signed_in = {"Authorization": f"Bearer {cast.tokens[community.dispatcher]}"}
            page = http.get("/routing/v1/cases", params={"limit": 5}, headers=signed_in).raise_for_status().json()
            found += [(str(line["case_id"]), community.dispatcher) for line in page["items"]]
    if not found:
        raise RuntimeError("no case is open in any community")
    return found


def _places(city: City, cast: Cast) -> list[str]:
    signed_in = {"Authorization": f"Bearer {cast.tokens['auditor']}"}
    with httpx.Client(base_url=city.address, timeout=30, headers=signed_in) as http:
        codes = [quote(community.places[0], safe="") for community in cast.communities[:TURNS]]
        return [str(http.get(f"/grid/v1/places/{code}").raise_for_status().json()["id"]) for code in codes]
