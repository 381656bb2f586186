"""``overlays/local``: everything in the cluster, and a way in for this machine, which drives it and reads its books."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from local.home import Secrets
from local.parts import Platform

from tests.cluster import kube, site, volumes
from tests.cluster.site import ClusterHome

#: At which port of every node a server answers, and at which of its pod.
NODE_PORTS = {"postgres": (30805, 5432), "kafka": (30806, 9094), "identity": (30807, 8000)}

_KEPT = ("data-identity-0", "backups")
_LOST = ("data-postgres-0", "data-kafka-0")


@dataclass(frozen=True)
class InsideHome(ClusterHome):
    @property
    def ports(self) -> dict[str, int]:
        return {**super().ports, **{server: at for server, (at, _) in NODE_PORTS.items()}}


@dataclass
class Inside:
    home: InsideHome
    known: Secrets
    claims: Sequence[str] = (*_KEPT, *_LOST)
    kafka_survives: bool = False

    def lay_overlay(self, images: Mapping[str, str]) -> Path:
        return lay_overlay(self.home, images)

    def open_ways_in(self) -> None:
        kube.apply(
            [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": {"name": f"{server}-from-outside", "namespace": kube.NAMESPACE},
                    "spec": {
                        "type": "NodePort",
                        "selector": {"app.kubernetes.io/name": server},
                        "ports": [{"port": port, "nodePort": at}],
                    },
                }
                for server, (at, port) in NODE_PORTS.items()
            ]
        )

    @contextmanager
    def without_kafka(self) -> Iterator[None]:
        kube.scale_server("kafka", 0)
        try:
            yield
        finally:
            kube.scale_server("kafka", 1)

    def lose_databases(self) -> None:
        """And Kafka with them."""
        kube.delete("deployment,statefulset", "-l", "app.kubernetes.io/part-of=baiyang", "--cascade=foreground")
        kube.delete("persistentvolumeclaim", *_LOST)
        volumes.lay(self.home.path, _LOST)


@contextmanager
def servers() -> Iterator[Inside]:
    """The gateway alone runs here."""
    home = InsideHome(*site.place())
    known = site.begin(home)
    platform = Platform(home, known)
    try:
        platform.bring_up_gateway()
        yield Inside(home, known)
    finally:
        platform.children.stop_all(patience=30)


def lay_overlay(home: InsideHome, images: Mapping[str, str]) -> Path:
    front = f"{home.host}:{home.ports['kafka']}"
    told_of = {
        "op": "add",
        "path": "/spec/template/spec/containers/0/env/-",
        "value": {"name": "KAFKA_FRONT", "value": front},
    }
    fronted = {"target": {"kind": "StatefulSet", "name": "kafka"}, "patch": yaml.safe_dump([told_of])}
    return site.lay(home, "local", images, {"city": home.told_to_pods}, patches=[fronted])
