"""``make test-cluster``: a city in the cluster that KUBECONFIG names, and what must hold of it whatever happens there.

NODE_ADDRESS is where pods reach this machine: PostgreSQL, Kafka and the identity provider are started there. Images
are built as `make images` builds them; BUILD, or REGISTRY and PUSH, say how they come to the nodes, and IMAGES=tag
takes those that are there. CLUSTER_HOME (.cluster) keeps data and logs, PORT (18080) is the first of the ports here.
ONLY=2,3 names the steps after the first; `kills` is what TARGET=cluster make chaos asks for.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.cluster import images, kube, outside, steps
from tests.cluster.steps import Stage

#: By the number that ONLY takes; the first makes the city for all.
STEPS: dict[str, Callable[[Stage], str]] = {
    "1": steps.comes_up,
    "2": steps.rolls_under_load,
    "3": steps.survives,
    "4": steps.upgrades,
    "5": steps.scales_in_order,
    "6": steps.validates,
    "kills": steps.is_struck,
}


@dataclass
class Told:
    failed: list[str] = field(default_factory=list)

    def play(self, number: str, step: Callable[[Stage], str], stage: Stage) -> None:
        began = time.monotonic()
        try:
            said = step(stage)
        except Exception as error:  # noqa: BLE001  # the steps after it have something to say too
            self.failed.append(number)
            said = f"FAILED: {type(error).__name__}: {error}"
        print(f"{number}. {step.__name__.replace('_', ' ')} ({time.monotonic() - began:.0f} s): {said}", flush=True)


def main() -> int:
    if "NODE_ADDRESS" not in os.environ or sys.argv[1:]:
        print(__doc__)
        return 2
    asked = (os.environ.get("ONLY") or "4,2,3,5,6").split(",")
    chosen = ["1", *(number for number in asked if number in STEPS and number != "1")]
    built = [*([images.of_the_release_before()] if "4" in chosen else ()), images.of_this_release()]
    told, home = Told(), outside.Outside.of_environment()
    kube.forget()
    with outside.servers(home) as (platform, known):
        stage = Stage(platform, known, outside.city_of(home), built)
        for number in chosen:
            told.play(number, STEPS[number], stage)
            if told.failed == ["1"]:
                break
    print(f"{len(chosen) - len(told.failed)} passed, {len(told.failed)} failed")
    return int(bool(told.failed))


if __name__ == "__main__":
    sys.exit(main())
