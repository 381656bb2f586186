"""Rows on their way into the tables, as PostgreSQL's COPY reads them."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import psycopg
from kit.db import Items
from psycopg import sql
from sqlalchemy import Boolean, Column, DateTime, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

Write = Callable[[Any], str]

#: Stands for what is not there; in no text of ours.
_NULL = "\x02"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Sheets:
    """What belongs into one service's tables, in the order in which the tables are first told of."""

    def __init__(self) -> None:
        self._rows: dict[Table, list[str]] = defaultdict(list)
        self._forms: dict[Table, list[tuple[str, Write | None]]] = {}

    def add(self, table: Table, row: Mapping[str, Any]) -> None:
        form = self._forms.get(table)
        if form is None:
            form = self._forms[table] = [(column.name, _writer(column.type)) for column in _written(table)]
        cells = [_NULL if (v := row[name]) is None else v if write is None else write(v) for name, write in form]
        line = "\t".join(cells)
        if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(form):
            line = "\t".join([cell.translate(_ESCAPES) for cell in cells])
        self._rows[table].append(line)

    def copy_into(self, connection: psycopg.Connection[Any]) -> dict[str, int]:
        """Everything, in one transaction; how many rows each table got."""
        counts = {}
        with connection.transaction(), connection.cursor() as cursor:
            for table, lines in self._rows.items():
                with cursor.copy(_copy(table)) as copy:
                    copy.write("\n".join(lines) + "\n")
                counts[table.name] = len(lines)
        self._rows.clear()
        return counts


def _written(table: Table) -> list[Column[Any]]:
    """But for what the release before alone writes, and for what PostgreSQL numbers."""
    return [column for column in table.columns if not column.info.get("left") and column.identity is None]


def _copy(table: Table) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in _written(table))
    return sql.SQL("copy {} ({}) from stdin with (null {})").format(
        sql.Identifier(table.name), columns, sql.Literal(_NULL)
    )


def _writer(kind: Any) -> Write | None:
    """None: the value is text already."""
    if isinstance(kind, Text):
        return None
    return next((write for of, write in _WRITERS.items() if isinstance(kind, of)), str)


def _array(values: Sequence[object]) -> str:
    quoted = ",".join('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + quoted + "}"


_WRITERS: dict[type, Write] = {
    Uuid: attrgetter("hex"),
    DateTime: datetime.isoformat,
    Boolean: lambda value: "t" if value else "f",
    LargeBinary: lambda value: f"\\x{value.hex()}",
    JSONB: json.JSONEncoder(ensure_ascii=False).encode,
    Items: _array,
}
