"""What a shard reads next costs by the window, not by what waits behind it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from kit.relay import window
from kit.testing.servers import NOW
from sqlalchemy import Connection, text

from tests.plans import nodes

WINDOW, WAITING = 50, 20_000

_LOG = """
insert into event_log (recorded_at, event_id, shard, topic, type, key, version, body, headers)
select :now, gen_random_uuid(), 0, 'intake.appeal.v1', 'x', n::text, 1, repeat('x', 200), '{}'
from generate_series(1, :waiting) n
"""
_WAITS = "insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from event_log"
_LEASE = "insert into relay_lease (shard, holder, fence, until) values (0, :holder, 1, :until)"


def test_a_backlog_that_no_statistics_know_is_read_window_by_window(
    event_tables_of: Callable[[str], Connection],
) -> None:
    tables, holder = event_tables_of("intake"), "me"
    tables.execute(text("delete from relay_lease"))
    tables.execute(text(_LEASE), {"holder": holder, "until": NOW + timedelta(hours=1)})
    tables.execute(text(_LOG), {"now": NOW, "waiting": WAITING})
    tables.execute(text("analyze event_log, event_pending"))
    tables.execute(text(_WAITS))
    asked = {"shard": 0, "holder": holder, "fence": 1, "topics": ["intake.appeal.v1"], "size": WINDOW, "now": NOW}
    explain = text(f"explain (analyze, format json) {window._READ.text}")
    plan = tables.execute(explain, asked).scalar_one()[0]["Plan"]
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in nodes(plan) if _is_log(node))
    assert WINDOW <= read <= 2 * WINDOW


def _is_log(node: dict[str, Any]) -> bool:
    return str(node.get("Relation Name", "")).startswith("event_log")
