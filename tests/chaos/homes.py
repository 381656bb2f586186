"""Households of some buildings, laid before the drive: incidents have somebody to tell, by a message or in person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from tests.chaos.fault import ChaosCity
from tests.chaos.people import CITY, People
from tests.system.city import wait_until

BUILDINGS = ("HZ-BY-1-05", "HZ-BY-1-07", "HZ-BY-2-03", "HZ-BY-3-02", "HZ-LH-SQ-1")

#: What a case may name: buildings, and an area with two of them.
NAMED = (*BUILDINGS, "HZ-BY-1")

_ROOMS = ("1-101", "1-102", "1-201", "1-202")

_KNOWN_SECONDS = 60


@dataclass(frozen=True)
class Home:
    """``number``: where a message reaches it; the last of each building says nothing, and is told in person."""

    code: str
    building: str
    room: str
    number: str


def homes() -> Iterator[Home]:
    for building in BUILDINGS:
        for room in _ROOMS:
            code = f"{building}/{room}"
            yield Home(code, building, room, "" if room == _ROOMS[-1] else f"home {code}")


#: Residents may give the number of a home: then that home is told by the notice about their appeal.
NUMBERS = tuple(home.number for home in homes() if home.number)


def numbers_by_code() -> Mapping[str, str]:
    return {home.code: home.number for home in homes()}


def lay_homes(city: ChaosCity, people: People) -> None:
    """Into the register, and until whoever tells them knows them all."""
    columns = "household,place,room,name,means,address"
    rows = [
        f"{h.code},{h.building},{h.room},{'演示住户' if h.number else ''},{'sandbox' if h.number else ''},{h.number}"
        for h in homes()
    ]
    token = people.tokens[people.dispatchers[CITY]]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    content = "\n".join([columns, *rows, ""]).encode()
    httpx.post(
        f"{city.address}/grid/v1/imports/households", headers=headers, content=content, timeout=30
    ).raise_for_status()

    def are_known() -> bool:
        return city.count("notify", "select count(*) from contact where room is not null") >= len(rows)

    wait_until(are_known, seconds=_KNOWN_SECONDS, what="notify knows the households")
