"""The sequence of faults: drawn by weight from the seed, struck one after another, each on record.

Kills have a thread of their own, and so have all other faults: processes die while Kafka is away, too. What is drawn
in which order hangs on the seed alone; when it strikes hangs on the machine.
"""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.chaos.fault import MISSED, ChaosCity, Fault
from tests.chaos.record import Record

#: Between two kills, at the least and at the most; on top of it most of them wait for work to be done.
_PAUSE = (0.2, 1.4)
_WAITS_FOR_WORK = 0.8
_WORK_SECONDS = 8.0
_TROUBLE_PAUSE = (1.0, 4.0)


@dataclass
class Strikes:
    """``kills`` and ``others`` are counted by name; a kill also by the process that its line names."""

    city: ChaosCity
    faults: Sequence[Fault]
    record: Record
    seed: int
    kills_wanted: int
    seconds: float
    kills: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    by_process: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Until the kills are done and the last of the others has healed; or until time is up."""
        until = time.monotonic() + self.seconds
        done = threading.Event()
        others = [fault for fault in self.faults if not fault.is_kill and fault.weight]
        trouble = threading.Thread(target=self._trouble, args=(others, done), name="trouble")
        trouble.start()
        try:
            self._kill([fault for fault in self.faults if fault.is_kill and fault.weight], until)
        finally:
            done.set()
            trouble.join()

    def _kill(self, faults: Sequence[Fault], until: float) -> None:
        random, number = Random(f"kills {self.seed}"), 0
        while self.kills.total() < self.kills_wanted and time.monotonic() < until:
            time.sleep(random.uniform(*_PAUSE))
            if random.random() < _WAITS_FOR_WORK:
                self._wait_for_work()
            number += 1
            self._strike(_draw(faults, random), Random(f"kill {self.seed} {number}"), self.kills)

    def _trouble(self, faults: Sequence[Fault], done: threading.Event) -> None:
        """Each kind once in its turn before any comes again, so that a short run meets as many as it can."""
        random, number, deck = Random(f"trouble {self.seed}"), 0, list[Fault]()
        while faults and not done.wait(random.uniform(*_TROUBLE_PAUSE)):
            deck = deck or _shuffled(faults, random)
            number += 1
            self._strike(deck.pop(), Random(f"trouble {self.seed} {number}"), self.others)

    def _wait_for_work(self) -> None:
        """Something was acknowledged since: the city is not merely kept down."""
        begun = time.monotonic()
        while self.record.last_acknowledged < begun and time.monotonic() < begun + _WORK_SECONDS:
            time.sleep(0.05)

    def _strike(self, fault: Fault, random: Random, counted: Counter[str]) -> None:
        self.record.note("strikes", fault=fault.name)
        begun = time.monotonic()
        try:
            line = fault.strike(self.city, random)
        except Exception as error:  # noqa: BLE001  # a fault that cannot be healed is a finding, not the end
            line = f"failed: {type(error).__name__}: {error}"
            self.failed.append(f"{fault.name}: {line}")
        self.record.note("struck", fault=fault.name, line=line, seconds=round(time.monotonic() - begun, 2))
        if line.startswith(MISSED):
            self.missed[fault.name] += 1
        elif not line.startswith("failed"):
            counted[fault.name] += 1
            if fault.is_kill:
                self.by_process[line.partition(":")[0]] += 1


def _draw(faults: Sequence[Fault], random: Random) -> Fault:
    return random.choices(faults, weights=[fault.weight for fault in faults])[0]


def _shuffled(faults: Sequence[Fault], random: Random) -> list[Fault]:
    """Those of more weight come more often in a deck, and none comes less than once."""
    least = min(fault.weight for fault in faults)
    deck = [fault for fault in faults for _ in range(round(fault.weight / least))]
    random.shuffle(deck)
    return deck
