"""The harness's own reckonings (tests/chaos/invariants): of one case's deadlines, and of all figures."""

from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import text

from tests.chaos.invariants import deadlines, figures
from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import FIGURES, FIGURES_ABOVE, Row, World


def faults_of(uow: UnitOfWork, case_id: UUID) -> list[Finding]:
    """How its deadlines differ from what its history explains; nothing when they are as they should be."""
    name, world = str(case_id), World()
    (world.cases[name],) = _rows(uow, "select * from cases where case_id = :case", case_id)
    world.entries[name] = _rows(uow, "select * from case_entry where case_id = :case order by seq", case_id)
    kept = _rows(uow, "select * from deadline where case_id = :case order by deadline_id", case_id)
    if promises := [row for row in kept if row["kind"] == "promise"]:
        world.deadlines[name] = promises
    world.limits[name] = [row for row in kept if row["kind"] != "promise"]
    world.rules = _rows(uow, "select * from rule")
    world.categories = {(row["code"], row["version"]): row for row in _rows(uow, "select * from category")}
    for row in _rows(uow, "select version, date::text as date, working, stands_for from calendar_day"):
        world.calendars.setdefault(row["version"], {})[row["date"]] = row
    return [finding for invariant in deadlines.INVARIANTS for finding in invariant(History(), world)]


def misfigured(uow: UnitOfWork) -> list[Finding]:
    """How the figures that are kept differ from what all histories come to."""
    world = World()
    for row in _rows(uow, "select * from case_entry order by case_id, seq"):
        world.entries.setdefault(row["case_id"], []).append(row)
    world.figures = _rows(uow, FIGURES)
    world.figures_above = _rows(uow, FIGURES_ABOVE)
    return [finding for invariant in figures.INVARIANTS for finding in invariant(History(), world)]


def _rows(uow: UnitOfWork, query: str, case_id: UUID | None = None) -> list[Row]:
    """Ids are text, as the harness reads them."""
    found = uow.execute(text(query), {"case": case_id} if case_id else {})
    return [{n: str(v) if isinstance(v, UUID) else v for n, v in row._mapping.items()} for row in found]
