"""Notices as they come to be owed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.envelope import Path
from kit.db import UnitOfWork
from kit.rows import insert_rows
from sqlalchemy import Boolean, Text, Uuid, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from notify.models import inbox_item, message, template


@dataclass(frozen=True)
class Wording:
    code: str
    language: str
    version: int
    title: str
    body: str


def list_wordings(uow: UnitOfWork, codes: Collection[str]) -> dict[tuple[str, str], Wording]:
    """The wording in force of each code, by code and language."""
    statement = (
        select(template.c.code, template.c.language, template.c.version, template.c.title, template.c.body)
        .where(template.c.code.in_(list(codes)), template.c.effective_at <= uow.now)
        .ext(distinct_on(template.c.code, template.c.language))
        .order_by(template.c.code, template.c.language, template.c.effective_at.desc(), template.c.version.desc())
    )
    return {(row.code, row.language): Wording(**row._mapping) for row in uow.execute(statement)}


def add_messages(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Add those that have not been owed before; their ids."""
    if not rows:
        return set()
    once = "on conflict on constraint uq_message_once do nothing returning message_id"
    return set(insert_rows(uow, message, rows, then=once).scalars())


def add_inbox_items(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        insert_rows(uow, inbox_item, rows)


def rewrite_messages(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same notices with other words; what goes out does so once more, as a turn of its own."""
    names = ("template_version", "language", "means", "body", "state", "due_at", "sent_at", "provider")
    for row in rows:
        anew = {name: row[name] for name in names}
        counted = {"turn": message.c.turn + 1, "attempts": 0, "called_at": None, "version": message.c.version + 1}
        rewritten = update(message).where(message.c.message_id == row["message_id"])
        uow.execute(rewritten.values(anew | counted | {"changed_at": uow.now}))


def rewrite_inbox_items(uow: UnitOfWork, items: Sequence[Mapping[str, Any]]) -> None:
    """To be read anew."""
    for item in items:
        rewritten = update(inbox_item).where(inbox_item.c.message_id == item["message_id"])
        uow.execute(rewritten.values(title=item["title"], body=item["body"], read_at=None))


def move_messages(uow: UnitOfWork, place_id: UUID, path: Path) -> None:
    uow.execute(
        update(message).where(message.c.place_id == place_id, message.c.placed_path != path).values(placed_path=path)
    )


_SEAL = text("""
update message set sealed = :sealed, seen_by = :seen_by
where case_id = :case_id and (sealed, seen_by) is distinct from (:sealed, :seen_by)
""").bindparams(
    bindparam("sealed", type_=Boolean), bindparam("seen_by", type_=ARRAY(Text)), bindparam("case_id", type_=Uuid)
)


def seal_messages(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """All that was told of these cases is sealed as they are, and open to the same."""
    if rows:
        uow.execute(_SEAL, rows)
