"""The lists of reasons."""

from contracts.routing import Ask
from kit.db import UnitOfWork
from sqlalchemy import insert, select

from routing.domain.reasons import Reason
from routing.models import reason

_COLUMNS = [reason.c[name] for name in ("ask", "code", "name_zh", "name_en")]


def list_reasons(uow: UnitOfWork, ask: Ask | None = None) -> list[Reason]:
    statement = select(*_COLUMNS).order_by(reason.c.ask, reason.c.code)
    if ask is not None:
        statement = statement.where(reason.c.ask == ask.value)
    return [Reason(Ask(row.ask), row.code, row.name_zh, row.name_en) for row in uow.execute(statement)]


def add_reason(uow: UnitOfWork, new: Reason) -> None:
    row = {"ask": new.ask.value, "code": new.code, "name_zh": new.name_zh, "name_en": new.name_en}
    uow.execute(insert(reason), [row | {"added_by": uow.by, "added_at": uow.now}])
