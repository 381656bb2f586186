"""``python -m tests.bench.measures.p04_accepting_ratio.bare PORT``: what accepting costs by hand.

FastAPI parses the same body, asyncpg writes rows that the service wrote for one appeal: into tables of the same
shape, in one transaction, as many rows, with the same bytes. Who asks is not looked up, nothing is placed, sealed or
compared, no policy is asked, and no key is looked for.
"""

import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI, Header, Response
from kit.ids import new_id
from pydantic import BaseModel

Row = dict[str, Any]

#: In the order of the foreign keys.
TABLES = ("person", "appeal", "event_log", "event_snapshot", "idempotency")

#: What the service's own api process may hold.
POOL = 8

_PENDING = """
with logged as ({logged} returning id, shard, recorded_at)
insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from logged
"""


class Who(BaseModel):
    kind: str
    name: str | None = None
    means: str = "none"
    address: str | None = None


class Asked(BaseModel):
    channel: str
    title: str | None = None
    words: str
    who: Who
    place: str | None = None
    category: str | None = None


class Receipt(BaseModel):
    appeal_id: UUID
    number: str
    query_code: str
    received_at: datetime
    placing: str
    place_id: UUID | None
    suggested_category: str | None
    repeated: bool


@dataclass
class Written:
    """What the service wrote for one appeal, by table."""

    rows: dict[str, list[Row]]

    def __post_init__(self) -> None:
        self.appeal = self.rows["appeal"][0]
        own = [self.appeal["id"], self.appeal["person_id"], *(row["event_id"] for row in self.rows["event_log"])]
        self._own = [identity for identity in own if identity is not None]
        self.statements = {table: self._statement(table) for table in self.rows}

    def _statement(self, table: str) -> str:
        rows = self.rows[table]
        width = len(rows[0])
        places = (", ".join(f"${n * width + i + 1}" for i in range(width)) for n in range(len(rows)))
        columns = ", ".join(f'"{name}"' for name in rows[0])
        inserted = f"insert into {table} ({columns}) values {', '.join(f'({row})' for row in places)}"
        return _PENDING.format(logged=inserted) if table == "event_log" else inserted

    def fresh(self, key: str) -> "Fresh":
        now = datetime.now(UTC)
        renamed: dict[Any, Any] = {identity: new_id(now) for identity in self._own}
        renamed |= {str(old): str(new) for old, new in renamed.items()}
        renamed[self.appeal["number"]] = secrets.token_hex(7)
        renamed[self.appeal["code_index"]] = secrets.token_bytes(32)
        renamed[self.appeal["received_at"]] = now
        renamed[self.rows["idempotency"][0]["key"]] = key
        return Fresh(renamed, now)


@dataclass
class Fresh:
    """The new appeal's own ids, number, code and time, by those of the one that was written before."""

    renamed: dict[Any, Any]
    now: datetime

    def values(self, rows: list[Row]) -> list[Any]:
        return [self._fresh(value) for row in rows for value in row.values()]

    def _fresh(self, value: Any) -> Any:
        return self.renamed.get(value, value) if value.__hash__ else value


async def written(database: str, appeal_id: str) -> Written:
    """What stands in the service's own tables from the transaction that took this appeal."""
    connection = await asyncpg.connect(database)
    try:
        xmin = await connection.fetchval("select xmin::text from appeal where id = $1", UUID(appeal_id))
        rows = {table: await connection.fetch(f"select * from {table} where xmin::text = $1", xmin) for table in TABLES}
    finally:
        await connection.close()
    return Written({table: [_inserted(table, row) for row in found] for table, found in rows.items() if found})


def _inserted(table: str, row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if (table, name) != ("event_log", "id")}


def make_app(settings: Mapping[str, str]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.template = await written(settings["TEMPLATE_URL"], settings["TEMPLATE_APPEAL"])
        async with asyncpg.create_pool(settings["BARE_URL"], min_size=POOL, max_size=POOL) as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def ready() -> Response:
        return Response()

    @app.post("/intake/v1/appeals", status_code=201)
    async def take(asked: Asked, key: Annotated[str, Header(alias="Idempotency-Key")]) -> Receipt:
        template: Written = app.state.template
        fresh = template.fresh(key)
        async with app.state.pool.acquire() as connection, connection.transaction():
            for table, rows in template.rows.items():
                await connection.execute(template.statements[table], *fresh.values(rows))
        before = template.appeal
        return Receipt(
            appeal_id=fresh.renamed[before["id"]],
            number=fresh.renamed[before["number"]],
            query_code=secrets.token_hex(9),
            received_at=fresh.now,
            placing=before["placing"],
            place_id=before["place_id"],
            suggested_category=before["suggested_category"],
            repeated=False,
        )

    return app


def main() -> None:
    uvicorn.run(
        make_app(os.environ),
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
