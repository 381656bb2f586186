"""What PostgreSQL counts: buffers that each statement touched, by the role that ran it; rows read, by table."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from tests.bench.instruments import superuser
from tests.system.city import SERVICES, City

#: A session tells its counts of rows when it has been idle for ten seconds, at the latest.
TOLD_AFTER = 10.5

_STATEMENTS: LiteralString = """
select r.rolname, s.query, sum(s.calls)::bigint, sum(s.shared_blks_hit + s.shared_blks_read)::bigint
from pg_stat_statements s join pg_roles r on r.oid = s.userid
where r.rolname ~ '_(api|consumer|relay|clock)$' group by 1, 2
"""
_ROWS: LiteralString = """
select t.relname, coalesce(t.seq_tup_read, 0) + coalesce(
    (select sum(i.idx_tup_read) from pg_stat_user_indexes i where i.relid = t.relid), 0)
from pg_stat_user_tables t
"""

_PARAMETER = re.compile(r"\$\d+(?:::[\w ]+(?:\[\])?)?")
#: A statement that PostgreSQL meets again after its counts were reset, and does not parse again, is kept with its
#: constants; elsewhere they are parameters, and of a list of them the first alone is told.
_CONSTANT = re.compile(r"'(?:[^']|'')*'|\b(?:true|false|\d+)\b")
_OF_MANY = re.compile(r"\?(?: /\*, \.\.\. \*/|(?:, ?\?)+)")
_REPEATED = re.compile(r"(\((?:\?|, |default|null)+\))(?:, ?\1)+", re.IGNORECASE)
_PARTITION = re.compile(r"_(?:\d{8}|\d{4}_\d{2}|default)$")


@dataclass(frozen=True)
class Statement:
    """``role`` is as routing_consumer; ``text`` without its parameters, however many rows it brought."""

    role: str
    text: str


@dataclass(frozen=True)
class Touched:
    calls: int = 0
    buffers: int = 0

    def __add__(self, other: "Touched") -> "Touched":
        return Touched(self.calls + other.calls, self.buffers + other.buffers)

    def __sub__(self, other: "Touched") -> "Touched":
        return Touched(self.calls - other.calls, self.buffers - other.buffers)

    @property
    def each(self) -> float:
        return self.buffers / self.calls


@dataclass(frozen=True)
class Counters:
    """As they stand, or what was added between two looks (``new - old``). Tables are named routing.cases."""

    touched: dict[Statement, Touched]
    rows: dict[str, int]

    def __sub__(self, old: "Counters") -> "Counters":
        touched = {what: now - old.touched.get(what, Touched()) for what, now in self.touched.items()}
        rows = {table: now - old.rows.get(table, 0) for table, now in self.rows.items()}
        return Counters(
            {what: added for what, added in touched.items() if added.calls},
            {table: added for table, added in rows.items() if added},
        )


def look(city: City) -> Counters:
    """Once every session has told what it read."""
    time.sleep(TOLD_AFTER)
    touched: dict[Statement, Touched] = {}
    rows: dict[str, int] = {}
    with superuser(city) as connection:
        for role, query, calls, buffers in connection.execute(_STATEMENTS):
            what = Statement(role, spelled(query))
            touched[what] = touched.get(what, Touched()) + Touched(int(calls), int(buffers))
    for service in SERVICES:
        with city.connect(service, "postgres") as connection:
            for table, read in _rows(connection):
                name = f"{service}.{table}"
                rows[name] = rows.get(name, 0) + read
    return Counters(touched, rows)


def _rows(connection: psycopg.Connection) -> Iterable[tuple[str, int]]:
    return [(_PARTITION.sub("", str(table)), int(read)) for table, read in connection.execute(_ROWS)]


def spelled(query: str) -> str:
    """The same for one row and for many, for constants and for parameters."""
    plain = _CONSTANT.sub("?", " ".join(_PARAMETER.sub("?", query).split()))
    return _REPEATED.sub(r"\1", _OF_MANY.sub("?", plain))
