"""Incidents: every household of every building that a case names was told, by a message of its own or in person, once.

Who lives there is asked of grid, who was to be told of the case's history, and who was told of notify: they must agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.ids import time_of

from cli.reconcile import books
from cli.reconcile.books import Books
from cli.reconcile.findings import Audit
from cli.reconcile.owed import Notice

NAMED = "affected_named"
TELLING = (NAMED, "affected_told")

#: A message that ends so has reached nobody: its household is told in person besides.
HOUSEHOLD, IN_VAIN = "incident_household", ("failed", "none_wanted", "erased")

#: Who came to the register in the last moments before a telling may not have been known to notify by then.
SETTLED = timedelta(minutes=1)


@dataclass(frozen=True)
class Homes:
    """Of some cases: the households of each place that they name, and those that notify has on its lists."""

    at: Mapping[UUID, set[UUID]] = field(default_factory=dict)
    listed: Mapping[UUID, Sequence[Any]] = field(default_factory=dict)


async def read_homes(of: Books, case_ids: Sequence[UUID], entries: Iterable[Any]) -> Homes:
    named = {UUID(place) for entry in entries if entry.step in TELLING for place in entry.facts["places"]}
    listed = await of.read_by("notify", books.HOUSEHOLDS_BY_CASE, "case_id", case_ids)
    at: dict[UUID, set[UUID]] = defaultdict(set)
    for chunk in books.chunks(sorted(named)):
        for row in await of.read("grid", books.HOUSEHOLDS_AT, ids=list(chunk)):
            at[row.named_id].add(row.household_id)
    return Homes(at, listed)


def check_tellings(
    audit: Audit,
    homes: Homes,
    case_id: UUID,
    *,
    entries: Sequence[Any],
    messages: Sequence[Any],
    watermark: datetime,
) -> set[Notice]:
    """The notices to households and to chiefs that the case's tellings come to."""
    tellings = {entry.facts["telling"]: entry for entry in entries if entry.step in TELLING}
    by_telling: dict[int, dict[UUID, Any]] = defaultdict(dict)
    for row in homes.listed.get(case_id, ()):
        by_telling[row.telling][row.household_id] = row
    audit.find_all("telling_of_no_step", [f"case {case_id} telling {n}" for n in sorted(by_telling.keys() - tellings)])
    known = {message.message_id: message for message in messages}
    in_vain = {(m.case_version, m.recipient) for m in messages if m.template == HOUSEHOLD and m.state in IN_VAIN}
    owed: set[Notice] = set()
    for number, entry in tellings.items():
        what = f"case {case_id} telling {number}"
        told = {home for nth, rows in by_telling.items() if nth == number or _tells_once(entry, nth) for home in rows}
        audit.find_all("household_untold", sorted(_must(homes, entry) - told), what)
        homes_here = map(str, by_telling[number])
        owed |= {Notice(entry.seq, HOUSEHOLD, home) for home in homes_here if (entry.seq, home) in in_vain}
        for row in by_telling[number].values():
            owed |= _check(audit, row, entry, known.get(row.message_id), what=what, watermark=watermark)
    return owed


def _tells_once(entry: Any, nth: int) -> bool:
    """Whether it names places, and so leaves out whom that earlier telling told."""
    return bool(entry.step == NAMED and nth < entry.facts["telling"])


def _must(homes: Homes, entry: Any) -> set[UUID]:
    there = {household for place in entry.facts["places"] for household in homes.at.get(UUID(place), ())}
    return {household for household in there if time_of(household) < entry.at - SETTLED}


def _check(audit: Audit, row: Any, entry: Any, message: Any, *, what: str, watermark: datetime) -> set[Notice]:
    match row.way:
        case None if entry.at < watermark:
            audit.find("household_waits", row.household_id, what)
        case None:
            audit.set_aside["households"] += 1
        case "message":
            return {Notice(entry.seq, HOUSEHOLD, str(row.household_id))}
        case "visit" if row.message_id is None:
            audit.find("nobody_sent", row.household_id, what)
        case "visit":
            chief = message.recipient if message else f"whoever had the task {row.message_id}"
            return {Notice(entry.seq, "incident_visits", chief)}
    return set()
