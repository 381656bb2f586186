"""Households of some buildings, laid before the drive: incidents have somebody to tell, by a message or in person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx

from tests.chaos import flow
from tests.chaos.people import CITY, OPERATOR, People
from tests.system.city import City, wait_until

#: New ones, with as many households as each has: those of the first are told in several parts.
BUILDINGS = {"HZ-BY-6-H1": 210, "HZ-BY-6-H2": 4, "HZ-BY-2-H1": 4, "HZ-BY-3-H1": 4}

_KNOWN_SECONDS = 60


@dataclass(frozen=True)
class Home:
    """``number``: where a message reaches it; one in four says none, and is told in person."""

    code: str
    building: str
    room: str
    number: str


def homes() -> Iterator[Home]:
    for building, households in BUILDINGS.items():
        for nth in range(households):
            room = f"1-{101 + nth}"
            code = f"{building}/{room}"
            yield Home(code, building, room, f"home {code}" if nth % 4 < 3 else "")


#: Residents may give the number of a home: then that home is told by the notice about their appeal.
NUMBERS = tuple(home.number for home in homes() if home.number and int(home.room[2:]) < 110)


def numbers_by_code() -> Mapping[str, str]:
    return {home.code: home.number for home in homes()}


def lay_homes(city: City, people: People) -> People:
    """Into the tree and the register, and until whoever tells them knows them all; the buildings are among the places
    then.
    """
    places = [f"{code},{code}号楼,building,{code.rpartition('-')[0]}" for code in BUILDINGS]
    rows = [
        f"{home.code},{home.building},{home.room},{'演示住户,sandbox' if home.number else ','},{home.number}"
        for home in homes()
    ]
    _load(city, people.tokens[OPERATOR], "places", "code,name,tier,parent", places)
    dispatcher = people.tokens[people.dispatchers[CITY]]
    _load(city, dispatcher, "households", "household,place,room,name,means,address", rows)
    with flow.auditor(city, "grid") as register:
        built = register.execute("select code, id from place where code = any(%s)", [list(BUILDINGS)]).fetchall()
        codes = list(numbers_by_code())
        laid = [row[0] for row in register.execute("select id from household where code = any(%s)", [codes])]

    def are_known() -> bool:
        with flow.auditor(city, "notify") as copies:
            known = copies.execute("select count(*) from contact where contact_id = any(%s)", [laid]).fetchone()
        return known == (len(laid),)

    wait_until(are_known, seconds=_KNOWN_SECONDS, what="notify knows the households")
    return replace(people, places={**people.places, **{code: str(place_id) for code, place_id in built}})


def _load(city: City, token: str, what: str, columns: str, rows: Sequence[str]) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    content = "\n".join([columns, *rows, ""]).encode()
    url = f"{city.address}/grid/v1/imports/{what}"
    httpx.post(url, headers=headers, content=content, timeout=30).raise_for_status()
