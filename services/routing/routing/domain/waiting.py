"""What cannot be done now: suspended until a day, or planned for one; and how often its resident was not reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.routing import ContactOutcome, RecordKind

from routing.domain.case import RECORDED
from routing.domain.chain import Entry
from routing.domain.promise import day_of
from routing.errors import UnfitDay

LONGEST_PLAN = timedelta(days=731)

#: The one reason that rests on attempts to contact the resident (domain.md, section 4).
AWAITING_RESIDENT = "awaiting_resident"
DAYS_TRIED = 3


@dataclass(frozen=True)
class Plan:
    """``who`` will do it, in words; none: whoever holds the case. ``answer`` is for the resident."""

    day: date
    answer: str
    who: str | None = None


def check_day(day: date, *, today: date, longest: timedelta, field: str) -> None:
    if not today < day <= today + longest:
        raise UnfitDay(today + timedelta(days=1), today + longest, field=field)


def days_not_reached(entries: Iterable[Entry], *, zone: str) -> int:
    """On how many days, by the city's clock, the resident was tried and not reached since they last were."""
    days: set[date] = set()
    for entry in entries:
        if entry.step != RECORDED or entry.facts.get("record") != RecordKind.CONTACT_ATTEMPT:
            continue
        if entry.facts.get("outcome") == ContactOutcome.REACHED:
            days.clear()
        else:
            days.add(day_of(entry.at, zone=zone))
    return len(days)
