"""The product's own auditor, asked as an operator asks it: with the record of what was acknowledged."""

import asyncio
import json
import os
import subprocess
from uuid import UUID

from kit.db import Database, UnitOfWork
from kit.kafka import dead_letters

from tests.chaos.fault import ChaosCity, environment_without_faults
from tests.chaos.record import History
from tests.chaos.world import World

#: Where no system's number was given, the request's own stands for it.
_SOURCE = "chaos-record"


def settle_poison(city: ChaosCity, history: History, world: World) -> None:
    """What was sent on purpose is discarded with a reason, as whoever looks at the list would do."""
    sent = {str(note["event_id"]) for note in history.noted("poison")}
    for letter in world.dead_letters:
        if str(letter["id"]) in sent:
            asyncio.run(_discard(city, letter["consumer"], letter["id"]))


async def _discard(city: ChaosCity, service: str, letter: str) -> None:
    settings = city.settings()
    os.environ["PGPASSFILE"] = settings["PGPASSFILE"]
    database = Database(settings[f"{service.upper()}_DATABASE_URL"], role=f"{service}_api")

    def discard(uow: UnitOfWork) -> None:
        dead_letters.discard(uow, UUID(letter), by="chaos", reason="poison, sent on purpose")

    try:
        await database.run_everywhere(discard)
    finally:
        await database.close()


def reconcile(city: ChaosCity, history: History) -> subprocess.CompletedProcess[str]:
    imports = city.home / "imports"
    imports.mkdir(exist_ok=True)
    lines = []
    for op in (op for op in history.of_kind("file") if op.is_acknowledged):
        body, ack = op.asked["body"], op.ack
        about = {"source": body.get("source", _SOURCE), "external_id": body.get("external_id", str(op.op))}
        lines.append(json.dumps({**about, "appeal_id": ack["appeal_id"], "number": ack["number"]}))
    (imports / "chaos.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return subprocess.run(
        city.command("reconcile", "--wait", "20", "--grace", "0"),
        env=environment_without_faults(city),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def in_short(told: subprocess.CompletedProcess[str]) -> str:
    """What it found, without its tables."""
    lines = [line for line in told.stdout.splitlines() if line.strip() and line[0] not in "┏┃┡│└"]
    return "\n".join([*lines[-40:], told.stderr[-1000:]])
