"""The product's own auditor, asked as an operator asks it: with the record of what was acknowledged."""

import json
import subprocess

from tests.chaos.fault import ChaosCity, environment_without_faults
from tests.chaos.record import History, source_of
from tests.chaos.world import World

#: Where no system's number was given, the request's own stands for it.
_SOURCE = "chaos-record"

_DISCARD = """
update dead_letter set state = 'discarded', settled_at = now(), settled_by = 'chaos', settled_reason = 'on purpose'
where id = any(%s::uuid[])
"""


def settle_poison(city: ChaosCity, history: History, world: World) -> None:
    """What was sent on purpose is discarded with a reason, as whoever looks at the list would do."""
    sent = {str(note["event_id"]) for note in history.noted("poison")}
    letters = [letter for letter in world.dead_letters if str(letter["id"]) in sent]
    for service in {letter["consumer"] for letter in letters}:
        with city.connect(service, f"{service}_api") as connection:
            connection.execute(_DISCARD, [[letter["id"] for letter in letters if letter["consumer"] == service]])


def reconcile(city: ChaosCity, history: History) -> subprocess.CompletedProcess[str]:
    imports = city.home / "imports"
    imports.mkdir(exist_ok=True)
    lines = []
    for op in (op for op in history.of_kind("file") if op.is_acknowledged):
        body, ack = op.asked["body"], op.ack
        source, external_id = source_of(body)
        about = {"source": source or _SOURCE, "external_id": external_id or str(op.op)}
        lines.append(json.dumps({**about, "appeal_id": ack["appeal_id"], "number": ack["number"]}))
    (imports / "chaos.jsonl").write_text("".join(f"{line}\n" for line in lines))
    ahead = f"--grace={-int(city.ahead.total_seconds())}"
    return subprocess.run(
        city.command("reconcile", "--wait", "20", ahead),
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
