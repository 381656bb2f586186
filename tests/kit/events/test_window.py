"""What a shard reads next costs by the window, not by what waits behind it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from kit.relay import window
from kit.testing.servers import NOW
from sqlalchemy import Connection, text

from tests.plans import nodes, planned

WINDOW, WAITING = 50, 20_000

_COME = """
with logged as (
    insert into event_log (recorded_at, event_id, shard, topic, type, key, version, body, headers)
    select :now, gen_random_uuid(), 0, 'intake.appeal.v1', 'x', n::text, 1, repeat('x', 200), '{}'
    from generate_series(1, :waiting) n
    returning id, shard, recorded_at
)
insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from logged
"""
_LEASE = "insert into relay_lease (shard, holder, fence, until) values (0, 'me', 1, :until)"
_ASKED = {"shard": 0, "holder": "me", "fence": 1, "topics": ["intake.appeal.v1"], "size": WINDOW, "now": NOW}


def _never_looked_at(_: Connection) -> None:
    pass


def _looked_at_empty(tables: Connection) -> None:
    tables.exec_driver_sql("vacuum (analyze, truncate) event_pending, event_log")


def _all_sent(tables: Connection) -> None:
    tables.execute(text(_COME), {"now": NOW, "waiting": WAITING})
    tables.exec_driver_sql("analyze event_pending, event_log")
    tables.exec_driver_sql("delete from event_pending")
    _looked_at_empty(tables)


@pytest.mark.parametrize("before", [_never_looked_at, _looked_at_empty, _all_sent])
def test_a_backlog_that_came_after_the_plan_was_made_is_read_window_by_window(
    before: Callable[[Connection], None], event_tables_of: Callable[[str], Connection]
) -> None:
    tables = event_tables_of("intake")
    for name, value in window.WALKING.items():
        tables.exec_driver_sql(f"set {name} = {value}")
    tables.execute(text("delete from relay_lease"))
    tables.execute(text(_LEASE), {"until": NOW + timedelta(hours=1)})
    before(tables)
    execute = planned(tables.connection.driver_connection, str(window._READ.compile(tables.engine)), _ASKED)
    tables.execute(text(_COME), {"now": NOW, "waiting": WAITING})
    ((found,),) = tables.exec_driver_sql(f"explain (analyze, format json) {execute}")
    touched = sum(_rows(node) for node in nodes(found[0]["Plan"]) if "Relation Name" in node)
    assert 2 * WINDOW <= touched <= 3 * WINDOW


def _rows(node: dict[str, Any]) -> float:
    """How many rows it came upon, whether it gave them on or not."""
    passed_over = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + passed_over) * node["Actual Loops"])
