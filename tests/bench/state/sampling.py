"""Cases to look at, from all over the city's years."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import LiteralString
from uuid import UUID

from kit.crypto import KeyRing, open_text_from_transport
from kit.ids import first_id_of, time_of

from tests.bench.state.ground import SUPERUSER
from tests.system.city import City

_ENDS: LiteralString = """
select (select case_id from cases order by case_id limit 1), (select case_id from cases order by case_id desc limit 1)
"""
_OPEN: LiteralString = "select case_id from cases where state <> 'closed' order by case_id"
_FROM: LiteralString = """
select c.case_id, c.number, c.state, a.appeal_id, a.query_code, h.subject
from unnest(%s::uuid[]) as drawn (case_id)
cross join lateral (select * from cases c where c.case_id >= drawn.case_id order by c.case_id limit 1) c
join case_appeal a on a.case_id = c.case_id
left join lateral (
    select subject from holding_copy where post_id = c.holder_post_id order by stand_in desc, since desc limit 1
) h on true
"""


@dataclass(frozen=True)
class Sample:
    """``holder`` is the sign-in of who holds it, or waits to dispatch it; none while nobody does."""

    case_id: UUID
    number: str
    state: str
    appeal_id: UUID
    query_code: str = field(repr=False)
    holder: str | None


def sample(city: City, count: int, *, seed: int, still_open: bool = False) -> list[Sample]:
    """Cases by chance, the same for a seed as long as the city stays as it is; their codes as on the receipts."""
    ring = KeyRing.parse(city.settings()["INTAKE_TRANSPORT_KEYS"])
    chance = Random(seed)
    with city.connect("routing", SUPERUSER) as routing:
        if still_open:
            drawn = chance.choices([row[0] for row in routing.execute(_OPEN)], k=count)
        else:
            first, last = (time_of(found) for found in routing.execute(_ENDS).fetchone() or ())
            drawn = [first_id_of(_between(first, last, chance)) for _ in range(count)]
        rows = routing.execute(_FROM, [drawn]).fetchall()
    return [
        Sample(case_id, number, state, appeal_id, open_text_from_transport(ring, sealed, key=appeal_id), holder)
        for case_id, number, state, appeal_id, sealed, holder in rows
        if sealed
    ]


def _between(first: datetime, last: datetime, chance: Random) -> datetime:
    return first + (last - first) * chance.random()
