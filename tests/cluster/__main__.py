"""``make test-cluster``: a city in the cluster that KUBECONFIG names, and what must hold of it whatever happens there.

Twice: `overlays/external`, with PostgreSQL, Kafka and the identity provider on this machine at NODE_ADDRESS, where pods
reach it; then `overlays/local`, with everything in the cluster. OVERLAY=external or local is one of them. Images are
built as `make images` builds them; BUILD, or REGISTRY and PUSH, say how they come to the nodes, and IMAGES=tag takes
those that are there. CLUSTER_HOME (.cluster) keeps data and logs, PORT (18080) is the first of the ports here. Where
the cluster has no default class of storage, volumes are folders of CLUSTER_HOME, and this machine is its node. ONLY=2,3
names the steps after the first; `kills` is what TARGET=cluster make chaos asks for.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import images, inside, kube, outside, steps
from tests.cluster.site import ClusterHome, Site
from tests.cluster.steps import Stage

#: By the number that ONLY takes. Each city begins with the first.
FIRST = "1"
STEPS: dict[str, Callable[[Stage], str]] = {
    FIRST: steps.comes_up,
    "2": steps.rolls_under_load,
    "3": steps.survives,
    "4": steps.upgrades,
    "5": steps.scales_in_order,
    "6": steps.validates,
    "7": steps.comes_back,
    "kills": steps.is_struck,
}
_UNLESS_ASKED = "1,2,3,4,5,6,7"


@dataclass(frozen=True)
class City:
    """What is done to a city of its own. ``built``: the images, of the release before first where it comes from one."""

    overlay: str
    servers: Callable[[], AbstractContextManager[Site]]
    numbers: tuple[str, ...]
    built: Callable[[], Sequence[Mapping[str, str]]]


CITIES = (
    City("external", outside.servers, ("1", "2", "3", "5", "6", "7", "kills"), lambda: [images.of_this_release()]),
    City("external", outside.servers, ("4",), lambda: [images.of_the_release_before(), images.of_this_release()]),
    City("local", inside.servers, ("1", "2", "3", "7"), lambda: [images.of_this_release(images.SERVERS)]),
)


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
            said = "\n   ".join([f"FAILED: {type(error).__name__}: {error}", *kube.errors_in(_logs(stage.home))[-10:]])
        print(f"{number}. {step.__name__.replace('_', ' ')} ({time.monotonic() - began:.0f} s): {said}", flush=True)
        return not said.startswith("FAILED")

    def play_all(self, city: City, built: Sequence[Mapping[str, str]], numbers: Sequence[str]) -> None:
        """Nothing follows a city that does not come up."""
        print(f"overlays/{city.overlay}:", flush=True)
        kube.forget()
        with city.servers() as site, kube.follow_logs(_logs(site.home)):
            stage = Stage(site, built)
            if self.play(FIRST, stage):
                for number in numbers:
                    self.play(number, stage)


def _logs(home: ClusterHome) -> Path:
    return home.path / "log/pods"


def main() -> int:
    if "NODE_ADDRESS" not in os.environ or sys.argv[1:]:
        print(__doc__)
        return 2
    asked = (os.environ.get("ONLY") or _UNLESS_ASKED).split(",")
    overlays = (os.environ.get("OVERLAY") or "external,local").split(",")
    told = Told()
    numbers = {city: [number for number in city.numbers if number in asked] for city in CITIES}
    cities = [city for city in CITIES if numbers[city] and city.overlay in overlays]
    built = [city.built() for city in cities]  # before the first: what cannot be built is not found out after an hour
    for city, images_of_it in zip(cities, built, strict=True):
        told.play_all(city, images_of_it, [number for number in numbers[city] if number != FIRST])
    print(f"{told.passed} passed, {told.failed} failed")
    return int(bool(told.failed))


if __name__ == "__main__":
    sys.exit(main())
