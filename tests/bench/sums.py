"""``python -m tests.bench.sums``: what figures cost a city of 1,000 communities, on a PostgreSQL of its own.

What a step adds (buffers, WAL), and how many rows and buffers it takes to read a year and a month. Three years of
months and one of days are laid by SQL, as many values of each dimension as a community has.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kit.auth import Scope
from kit.db import UnitOfWork
from kit.testing import servers
from local import ports
from local.postgres import SUPERUSER, Postgres
from routing.domain.figures import Figure, Group, Period
from routing.repository import figures
from routing.service import opening
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.pool import NullPool

from tests.routing.conftest import lay_city, make_appeal

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MONTH, YEAR = (Period(since, date(2026, 11, 23)) for since in (date(2026, 10, 25), date(2025, 12, 1)))

#: A city, ten districts, a thousand communities: ids are made of their numbers.
_PLACES = """
insert into place_copy
    (place_id, version, code, name, aliases, tier, parent_id, path, depth, state, opening_hours, changed_at)
select id, 1, tier || n, tier || n, '{}', tier, null, path, 1, 'active', '[]', now() from (
    select 'city' as tier, 0 as n, md5('city')::uuid as id, '/' || md5('city') || '/' as path
    union all select 'district', d, md5('d' || d)::uuid, '/' || md5('city') || '/' || md5('d' || d) || '/'
        from generate_series(0, 9) d
    union all select 'community', c, md5('c' || c)::uuid,
        '/' || md5('city') || '/' || md5('d' || c % 10) || '/' || md5('c' || c) || '/' from generate_series(0, 999) c
) as places
"""
_KEPT = f"""
insert into figure_kept (place_id, dimension, value, grain, first, path, {figures.SUMS})
select place_id, dimension, case dimension when 'all' then '' when 'post' then md5(code || v) else dimension || v end,
    grain, first::date, path, {", ".join("(random() * 9)::int" for _ in Figure)}
from place_copy
cross join (values ('all', 1), ('category', 12), ('channel', 6), ('office', 2), ('post', 9)) as d (dimension, many)
cross join lateral generate_series(1, many) as v
cross join (
    select 'month' as grain, generate_series(date '2023-12-01', date '2026-11-01', interval '1 month') as first
    union all select 'day', generate_series(date '2025-12-01', date '2026-11-23', interval '1 day')
) as firsts
where tier = 'community' and (grain = 'month' or dimension in ('all', 'office')) order by first, place_id
"""
_ABOVE = figures._add_to("figure_above", f"({figures._above('figure_kept')}) as lifted")


@contextmanager
def laid() -> Iterator[Connection]:
    with tempfile.TemporaryDirectory(prefix="baiyang-sums-", ignore_cleanup_errors=True) as home:
        server = Postgres(Path(home), port=ports.free()[0], durable=False)
        try:
            server.start()
            server.lay_roles("routing")
            server.lay_database("routing", name="routing")
            servers.migrate("routing", server.url("routing", "routing_owner", driver="postgresql+psycopg"))
            url = server.url("routing", SUPERUSER, driver="postgresql+psycopg")
            with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
                for statement in (_PLACES, _KEPT, _ABOVE, "vacuum (analyze)"):
                    connection.execute(text(statement))
            with create_engine(url, poolclass=NullPool).connect() as connection:
                yield connection
        finally:
            server.stop()


def explained(connection: Connection, run: Callable[[], object]) -> list[dict[str, Any]]:
    """The plan of each statement about figures that ``run`` sends, with everything in memory."""
    sent: list[tuple[str, Any]] = []
    hear = lambda _c, _cursor, statement, parameters, *_: sent.append((statement, parameters))  # noqa: E731
    run()
    event.listen(connection, "before_cursor_execute", hear)
    run()
    event.remove(connection, "before_cursor_execute", hear)
    plans = []
    for statement, parameters in (each for each in sent if "figure_" in each[0]):
        ((plan,),) = connection.exec_driver_sql(f"explain (analyze, buffers, wal, format json) {statement}", parameters)
        plans.append(plan[0] if isinstance(plan, list) else json.loads(plan)[0])
    return plans


def rows_of(plan: dict[str, Any]) -> int:
    """Read of tables of figures, whatever became of them."""
    below = sum(rows_of(each) for each in plan.get("Plans", ()))
    is_read = "Scan" in plan["Node Type"] and plan.get("Relation Name", "").startswith("figure_")
    return below + (round(plan["Actual Rows"] * plan["Actual Loops"]) if is_read else 0)


def main() -> None:
    with laid() as connection:
        _show_steps(connection)
        city, district, community = (
            connection.execute(text(f"select path from place_copy where code = '{code}'")).scalar_one()
            for code in ("city0", "district0", "community0")
        )
        for path, name in ((city, "city"), (district, "district"), (community, "community")):
            uow = servers.unit_of_work(connection, "routing", scope=Scope(paths=(path,)), now=NOW)
            for period, of in ((MONTH, "30 days"), (YEAR, "a year")):
                for by in (None, Group.PLACE, Group.CATEGORY, Group.POST):
                    _show_reading(uow, f"{name}, {of}, by {by}", path, period, by)


def _show_steps(connection: Connection) -> None:
    uow = servers.unit_of_work(connection, "routing", role="consumer", now=NOW)
    city = lay_city(uow)
    opening.open_cases(uow, [make_appeal(city)])
    case_id = uow.execute(text("select case_id from cases")).scalar_one()
    where = {"place_id": str(city.ids["community"]), "category": "municipal.street_lights", "channel": "web"}
    row = {"case_id": str(case_id), "seq": 1, "at": str(NOW), "figure": "received", "amount": 1, "day": "2026-11-23"}
    for counts in (1, 3, 6):
        rows = json.dumps([{**row, **where}] * counts)
        add = text(figures.ADD_COUNTED)
        (plan, *_) = explained(connection, lambda: uow.execute(add, {"counted": rows}))  # noqa: B023
        print(f"a step that counts {counts}: {_told(plan)}, {plan['Plan'].get('WAL Bytes', 0)} B of WAL", flush=True)


def _show_reading(uow: UnitOfWork, name: str, path: str, period: Period, by: Group | None) -> None:
    (plan,) = explained(uow.connection, lambda: figures.sum_up(uow, [path], period, by=by, limit=51))
    print(f"{name}: {rows_of(plan['Plan'])} rows, {_told(plan)}", flush=True)


def _told(plan: dict[str, Any]) -> str:
    buffers = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return f"{buffers} buffers, {plan['Execution Time']:.2f} ms"


if __name__ == "__main__":
    main()
