"""Processes that stand still for longer than anybody holds a place for them, and go on as if nothing had been."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import psutil
from local.home import SERVICES

from tests.chaos.fault import MISSED, ChaosCity

#: A relay's lease and a consumer's session end after ten seconds.
PAST_A_LEASE = (12.0, 16.0)
#: What keeps data is waited for: long enough that whoever asks gives up, or does not.
A_MOMENT = (3.0, 8.0)


@dataclass(frozen=True)
class StandStill:
    """SIGSTOP to the process and its children (PostgreSQL's sessions), later SIGCONT."""

    process: str
    least: float = PAST_A_LEASE[0]
    most: float = PAST_A_LEASE[1]
    weight: int = 1
    is_kill: bool = False

    @property
    def name(self) -> str:
        return f"stop {self.process}"

    def strike(self, city: ChaosCity, random: Random) -> str:
        identity = city.identity_of(self.process)
        if identity is None:
            return f"{MISSED}{self.process} is not running"
        seconds = random.uniform(self.least, self.most)
        held = _and_children(identity.pid)
        _send(held, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            _send(held, signal.SIGCONT)
        return f"{self.process}: stood still for {seconds:.0f} s"


def _and_children(pid: int) -> list[psutil.Process]:
    """Parents first, so that none is born while the others are being held."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


STOPS = (
    *(StandStill(service, weight=2 if service != "grid" else 1) for service in SERVICES),
    *(StandStill(process, *A_MOMENT) for process in ("kafka", "postgres", "gateway")),
)
