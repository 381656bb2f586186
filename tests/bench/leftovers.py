"""What measures file and nobody handles makes work lists longer from run to run, and each look into them dearer. It is
closed between measures, in routing's tables alone: lists are then as long as in the city that was loaded.
"""

from datetime import datetime
from typing import LiteralString

from tests.system.city import City

_CASES: LiteralString = """
update cases set state = 'closed', closed_at = now(), closed_reason = 'done', outcome = 'solved', queue = null,
    followed_since = null, calls_owed = 0
where state <> 'closed' and opened_at > %s
"""
_DEADLINES: LiteralString = """
update deadline set state = 'cancelled', settled_at = now() from cases
where cases.case_id = deadline.case_id and deadline.state = 'open' and cases.state = 'closed' and opened_at > %s
"""


def close(city: City, *, since: datetime) -> int:
    """How many cases that were opened since were still open."""
    with city.connect("routing", "postgres") as connection, connection.transaction():
        found = connection.execute(_CASES, [since]).rowcount
        connection.execute(_DEADLINES, [since])
    return found
