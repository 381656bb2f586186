"""``make test-cluster``: a city in the cluster that KUBECONFIG names, and what must hold of it whatever happens there.

NODE_ADDRESS is where pods reach this machine: PostgreSQL, Kafka and the identity provider are started there. Images
are built as `make images` builds them; BUILD, or REGISTRY and PUSH, say how they come to the nodes, and IMAGES=tag
takes those that are there. CLUSTER_HOME (.cluster) keeps data and logs, PORT (18080) is the first of the ports here.
ONLY=2,3 names the steps after the first; `kills` is what TARGET=cluster make chaos asks for.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.cluster import images, kube, outside, steps
from tests.cluster.steps import Stage

#: By the number that ONLY takes. Each city begins with the first.
FIRST, UPGRADES = "1", "4"
STEPS: dict[str, Callable[[Stage], str]] = {
    FIRST: steps.comes_up,
    "2": steps.rolls_under_load,
    "3": steps.survives,
    UPGRADES: steps.upgrades,
    "5": steps.scales_in_order,
    "6": steps.validates,
    "kills": steps.is_struck,
}


@dataclass
class Told:
    passed: int = 0
    failed: int = 0

    def play(self, number: str, stage: Stage) -> bool:
        began, step = time.monotonic(), STEPS[number]
        try:
            said = step(stage)
            self.passed += 1
        except Exception as error:  # noqa: BLE001  # the steps after it have something to say too
            self.failed += 1
            said = f"FAILED: {type(error).__name__}: {error}"
        print(f"{number}. {step.__name__.replace('_', ' ')} ({time.monotonic() - began:.0f} s): {said}", flush=True)
        return not said.startswith("FAILED")

    def play_all(self, numbers: Sequence[str], built: Sequence[Mapping[str, str]]) -> None:
        """In a city of their own; nothing follows one that does not come up."""
        home = outside.Outside.of_environment()
        kube.forget()
        with outside.servers(home) as (platform, known):
            stage = Stage(platform, known, outside.city_of(home), built)
            if self.play(FIRST, stage):
                for number in numbers:
                    self.play(number, stage)


def main() -> int:
    if "NODE_ADDRESS" not in os.environ or sys.argv[1:]:
        print(__doc__)
        return 2
    asked = [number for number in (os.environ.get("ONLY") or "2,3,5,6,4").split(",") if number in STEPS]
    told, this = Told(), images.of_this_release()
    others = [number for number in asked if number not in (FIRST, UPGRADES)]
    if others or UPGRADES not in asked:
        told.play_all(others, [this])
    if UPGRADES in asked:
        told.play_all([UPGRADES], [images.of_the_release_before(), this])
    print(f"{told.passed} passed, {told.failed} failed")
    return int(bool(told.failed))


if __name__ == "__main__":
    sys.exit(main())
