"""Many rows in one statement whose text is the same however many they are: it is built, parsed and prepared once."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, Table, TextClause, text
from sqlalchemy.dialects import postgresql

from kit.db import UnitOfWork

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_rows(
    uow: UnitOfWork, table: Table, rows: Sequence[Mapping[str, Any]], *, then: str = ""
) -> CursorResult[Any]:
    """Insert at least one row; all give the same columns, none of them an array.

    ``then`` is what follows in SQL: ``on conflict … returning …``.
    """
    names = tuple(rows[0])
    values = {name: _array(table, name, [row[name] for row in rows]) for name in names}
    return uow.execute(_insert(table, names, then), values)


@lru_cache(maxsize=256)
def _insert(table: Table, names: tuple[str, ...], then: str) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    arrays = ", ".join(f"cast(:{name} as {_type_of(table, name)}[])" for name in names)
    read = ", ".join(f'"{name}"::jsonb' if _is_json(table, name) else f'"{name}"' for name in names)
    # No value stands in it: the names are those of our own tables.
    statement = f"insert into {table.name} ({columns}) select {read} from unnest({arrays}) as given({columns}) {then}"
    return text(statement.replace("::", "\\:\\:"))


def _array(table: Table, name: str, values: list[Any]) -> list[Any]:
    if not _is_json(table, name):
        return values
    return [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]


def _type_of(table: Table, name: str) -> str:
    if _is_json(table, name):
        return "text"
    compiled: str = table.c[name].type.compile(dialect=_DIALECT)
    return compiled.partition(" COLLATE")[0]


def _is_json(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, postgresql.JSONB)
