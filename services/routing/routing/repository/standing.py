"""The one order of every list of cases: what is late, then what is at risk, then the rest (``Standing``); of each what
falls due first, or place by place what does.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, tuple_

from routing.models import cases

AT_THE_TOP = (cases.c.standing, cases.c.falls_due, cases.c.case_id)
PLACE_BY_PLACE = (cases.c.standing, cases.c.placed_path, cases.c.falls_due, cases.c.case_id)

#: What a list reads of a case: how far its history has been counted is no part of that, and of another kind to read.
LINE = [column for column in cases.c if column.name != "tally"]

AfterDue = tuple[int, datetime, UUID]
AfterPlace = tuple[int, str, datetime, UUID]


def page_of(rows: Select[Any], by: tuple[Any, ...], *, after_key: tuple[Any, ...] | None, limit: int) -> Select[Any]:
    """So many in this order, behind what was shown."""
    behind = rows if after_key is None else rows.where(tuple_(*by) > after_key)
    return behind.order_by(*by).limit(limit)
