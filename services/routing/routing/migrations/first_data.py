"""What a new installation begins with: the default tree, the rules and promises, the calendar of 2014 to 2027."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any

from contracts.routing import Kind, Remit
from holidays import country_holidays
from kit.db import UnitOfWork
from sqlalchemy import Connection, insert

from routing import events, models
from routing.domain.rules import Category
from routing.repository import policy

OFFICIAL_YEARS = range(2014, 2027)
FORECAST_YEARS = range(2027, 2028)
BEGINNING = datetime(2014, 1, 1, tzinfo=UTC)

_SUBSTITUTED = re.compile(r"substituted from (\d+)/(\d+)/(\d+)")


def load(connection: Connection, *, now: datetime, zone: str) -> None:
    """Into empty tables, with the categories published."""
    uow = UnitOfWork(connection, now=now)
    load_rules(uow, zone=zone)
    load_calendar(uow)
    tree = list(default_tree())
    uow.execute(insert(models.category), [_as_of_the_first_tables(item) for item in tree])
    for category in tree:
        uow.publish(events.category_changed(category))
    uow.flush()


def _as_of_the_first_tables(item: Category) -> dict[str, Any]:
    """A later migration adds what a category has had since, and says what it is of these."""
    row = policy.category_row(item, None)
    del row["sealed"]
    return row


def default_tree() -> Iterator[Category]:
    """Parents before their children, as the file has them."""
    lines: dict[str, tuple[str, ...]] = {}
    for row in _rows("categories.csv"):
        lines[row["code"]] = (*lines.get(row["parent"], ()), row["code"])
        yield Category(
            code=row["code"],
            version=1,
            parent=row["parent"] or None,
            name_zh=row["zh"],
            name_en=row["en"],
            kind=Kind(row["kind"]),
            remit=Remit(row["remit"]),
            words=tuple(row["words"].split()),
            line=lines[row["code"]],
            retired=False,
            effective_from=BEGINNING,
        )


def load_rules(uow: UnitOfWork, *, zone: str) -> None:
    head = {
        "version": 1,
        "zone": zone,
        "note": "The city's own table of remits and promises.",
        "effective_from": BEGINNING,
    }
    uow.execute(insert(models.rule_set), [head])
    rows: list[dict[str, Any]] = [
        {
            **row,
            "version": 1,
            "category": row["category"] or None,
            "urgent": row["urgent"] == "true",
            "count": int(row["count"]),
        }
        for row in _rows("rules.csv")
    ]
    uow.execute(insert(models.rule), rows)


def load_calendar(uow: UnitOfWork) -> None:
    head = {
        "version": 1,
        "note": "The State Council's notices of 2014 to 2026; 2027 by law only.",
        "effective_from": BEGINNING,
    }
    uow.execute(insert(models.calendar), [head])
    years = [(year, "official") for year in OFFICIAL_YEARS] + [(year, "forecast") for year in FORECAST_YEARS]
    uow.execute(insert(models.calendar_year), [{"version": 1, "year": y, "status": status} for y, status in years])
    uow.execute(insert(models.calendar_day), [{"version": 1, **day} for day in days_that_differ()])


def days_that_differ() -> Iterator[dict[str, Any]]:
    """Weekdays off and weekends worked; a make-up day stands for the weekday that it makes up for."""
    known = country_holidays("CN", years=[*OFFICIAL_YEARS, *FORECAST_YEARS], language="zh_CN")
    english = country_holidays("CN", years=[*OFFICIAL_YEARS, *FORECAST_YEARS], language="en_US")
    made_up = {worked: off for off, worked in _substitutions(english.items())}
    for day, name in sorted(known.items()):
        if day.weekday() < 5 and day.year in (*OFFICIAL_YEARS, *FORECAST_YEARS):
            yield {"date": day, "year": day.year, "working": False, "stands_for": None, "note": name}
    for worked, off in sorted(made_up.items()):
        note = f"{off.isoformat()} 调休"
        yield {"date": worked, "year": worked.year, "working": True, "stands_for": off.weekday(), "note": note}


def _substitutions(named: Any) -> Iterator[tuple[date, date]]:
    for off, name in named:
        found = _SUBSTITUTED.search(name)
        if found:
            month, day, year = map(int, found.groups())
            yield off, date(year, month, day)


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("routing.migrations").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
