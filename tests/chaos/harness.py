"""One run: a fresh city, a drive through it, faults all the while; then everything heals and the books are compared."""

import os
import platform
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from tests.chaos import flow, record
from tests.chaos.city import struck_city, wait_until_whole
from tests.chaos.days import Days
from tests.chaos.draw import SOON_SECONDS
from tests.chaos.driver import Drive
from tests.chaos.fault import ChaosCity, Fault
from tests.chaos.homes import lay_homes
from tests.chaos.invariants import judge
from tests.chaos.people import People, find_people
from tests.chaos.reconciling import in_short, reconcile, settle_poison
from tests.chaos.record import WRITES, History, Record
from tests.chaos.strikes import Strikes
from tests.chaos.world import counted, look
from tests.system.city import ROOT

#: Within so many seconds of the last fault everything must have been sent, taken and told.
CATCH_UP_SECONDS = 120.0

#: As long as reading all books takes, at the most.
_LOOKING_SECONDS = 90.0

#: A deadline that fell due in the last moments need not have been noticed yet.
_GRACE = 15.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """``seconds``: the longest that the faults may take; ``extra``: for the environment of the city's processes."""

    seed: int
    kills: int
    home: Path
    port: int
    faults: Sequence[Fault]
    rate: float = 9.0
    seconds: float = 900.0
    template: Path | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> Path:
        return self.home / "record.jsonl"


@dataclass
class Result:
    """What a run came to; ``exceptions`` are names with what they name."""

    seed: int
    kills_wanted: int
    commit: str
    machine: str
    began: str
    seconds: dict[str, float] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    kills_by_process: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    recoveries: dict[str, int] = field(default_factory=dict)
    """How often the supervisor has brought a process back, by process."""
    longest_silence_seconds: float = 0.0
    """Between two writes that were acknowledged to anybody."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    lost_answers: int = 0
    days: float = 0.0
    """That have passed by the city's clock while it was struck."""
    catch_up_seconds: float | None = None
    checked: dict[str, int] = field(default_factory=dict)
    exceptions: list[dict[str, str]] = field(default_factory=list)

    def find(self, name: str, about: str, detail: str = "") -> None:
        self.exceptions.append({"name": name, "about": about, "detail": detail})


def run(plan: Plan, say: Say) -> Result:
    result = Result(
        seed=plan.seed,
        kills_wanted=plan.kills,
        commit=_commit(),
        machine=_machine(),
        began=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    plan.home.mkdir(parents=True, exist_ok=True)
    plan.record.unlink(missing_ok=True)
    kept = Record(plan.record)
    city = ChaosCity(home=plan.home / "city", port=plan.port, armed=plan.home / "armed", note=kept.note)
    city.extra |= plan.extra
    watch = _Watch(result, say)
    with struck_city(city, template=plan.template):
        watch.lap("up")
        people = lay_homes(city, find_people(city))
        watch.lap("signed in")
        _drive(plan, city, people, kept, result)
        watch.lap("driven")
        history = record.read(plan.record)
        _sum_up(result, history)
        watch.lap("settled")
        check(city, people, history, result)
        watch.lap("checked")
    watch.lap("down")
    return result


def _drive(plan: Plan, city: ChaosCity, people: People, kept: Record, result: Result) -> None:
    drive = Drive(city.address, people, kept, seed=plan.seed, rate=plan.rate, now=lambda: city.now)
    days = Days(city, people)
    strikes = Strikes(city, plan.faults, kept, plan.seed, plan.kills, plan.seconds)
    drive.start()
    days.start()
    try:
        strikes.run()
        days.finish(patience=CATCH_UP_SECONDS)
        healed = time.monotonic()
        wait_until_whole(city, seconds=CATCH_UP_SECONDS)
    finally:
        days.stop()
        drive.stop(patience=30)
        kept.close()
    result.catch_up_seconds = _settle(city, result, since=healed)
    _come_to_rest(city, result)
    result.kills, result.kills_by_process = dict(strikes.kills), dict(strikes.by_process)
    result.faults, result.missed = dict(strikes.others), dict(strikes.missed)
    result.recoveries = _recoveries(city)
    result.days = round(city.ahead / timedelta(days=1), 1)
    for change in days.left:
        result.find("not_put_into_force", change.name, "the drive ended before")
    for line in strikes.failed:
        result.find("fault_not_healed", line)
    if strikes.kills.total() < plan.kills:
        result.find("too_few_kills", f"{strikes.kills.total()} of {plan.kills}")


def _settle(city: ChaosCity, result: Result, *, since: float) -> float | None:
    """Until nothing is on its way any more; the seconds that it took since the last fault was healed."""
    while left := flow.left(city):
        if time.monotonic() > since + CATCH_UP_SECONDS:
            for what in left:
                result.find("not_caught_up", what, f"{CATCH_UP_SECONDS:.0f} s after the last fault")
            return None
        time.sleep(0.5)
    return round(time.monotonic() - since, 1)


def _come_to_rest(city: ChaosCity, result: Result) -> None:
    """What somebody has named as a limit falls due before the books are read, not while they are."""
    begun = time.monotonic()
    while flow.falls_due(city, within=_LOOKING_SECONDS) and time.monotonic() < begun + SOON_SECONDS + _GRACE:
        time.sleep(1)
    _settle(city, result, since=time.monotonic())


def _sum_up(result: Result, history: History) -> None:
    result.acknowledged = dict(sorted(history.acknowledged.items()))
    result.unknown = dict(Counter(op.kind for op in history.ops.values() if op.is_unknown))
    outcomes = [outcome for op in history.ops.values() for outcome in op.outcomes]
    result.lost_answers = sum(outcome.outcome == record.UNKNOWN for outcome in outcomes)
    times = sorted(op.acks[0].t for op in history.of_kind(*WRITES) if op.is_acknowledged)
    result.longest_silence_seconds = round(max((b - a for a, b in pairwise(times)), default=0.0), 1)
    done, kills = sum(result.acknowledged.values()), sum(result.kills.values())
    if done < max(20, kills):
        result.find("too_little_work", f"{done} acknowledged, {kills} kills", "the faults proved nothing")


def _recoveries(city: ChaosCity) -> dict[str, int]:
    log = (city.home / "log" / "supervisor.log").read_text(errors="replace")
    return dict(Counter(re.findall(r"^(\w+) is up again\.$", log, re.MULTILINE)))


def check(city: ChaosCity, people: People, history: History, result: Result) -> None:
    """The harness's own check first, while everything stands as it was left; then the auditor's."""
    history.notes.append({"what": "looked", "at": city.now.timestamp() - _GRACE})
    world = look(city, people, history)
    result.checked = counted(world)
    for finding in judge(history, world):
        result.find(finding.name, finding.about, finding.detail)
    settle_poison(city, history, world)
    told = reconcile(city, history)
    if told.returncode != 0:
        result.find("not_reconciled", f"exit {told.returncode}", in_short(told))


class _Watch:
    def __init__(self, result: Result, say: Say) -> None:
        self._result = result
        self._say = say
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self._result.seconds[name] = round(now - self._last, 1)
        self._say(f"seed {self._result.seed}: {name} after {now - self._last:.1f} s")
        self._last = now


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _machine() -> str:
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
