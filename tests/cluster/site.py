"""Where a city of the cluster has its servers: on this machine (``outside``) or in the cluster itself (``inside``)."""

import base64
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml
from kit.migrations import ASPECTS
from local import home as homes
from local.home import AUDIENCE, SEALERS, SERVICES, Home, Secrets
from local.kafka import ADMIN

from tests.chaos.fault import ChaosCity
from tests.cluster.kube import NAMESPACE, Object

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "deploy/k8s/overlays"

#: At which port of every node a service's API answers: the gateway in front of them runs on this machine.
NODE_PORTS = {"grid": 30801, "intake": 30802, "routing": 30803, "notify": 30804}


@dataclass(frozen=True)
class ClusterHome(Home):
    """A home whose services are pods."""

    @property
    def ports(self) -> dict[str, int]:
        return {**super().ports, **NODE_PORTS}

    @property
    def city(self) -> ChaosCity:
        return ChaosCity(home=self.path, port=self.port)

    @property
    def told_to_pods(self) -> dict[str, str]:
        return {"OIDC_ISSUER": self.issuer, "OIDC_AUDIENCE": AUDIENCE, "PUBLIC_URL": self.address, "SANDBOX": "true"}


def place() -> tuple[Path, int]:
    """CLUSTER_HOME (.cluster) and PORT (18080)."""
    path = Path(os.environ.get("CLUSTER_HOME") or ROOT / ".cluster").resolve()
    return path, int(os.environ.get("PORT") or 18080)


def begin(home: ClusterHome) -> Secrets:
    """With nothing of what was there before, and told to the command line."""
    shutil.rmtree(home.path, ignore_errors=True)
    home.path.mkdir(parents=True)
    known = home.secrets()
    homes.lay_passwords(home, known)
    homes.lay_environment(home, known)
    return known


class Site(Protocol):
    """``claims``: the volumes that it asks for; ``kafka_survives`` when its databases are lost."""

    kafka_survives: bool

    @property
    def home(self) -> ClusterHome: ...

    @property
    def known(self) -> Secrets: ...

    @property
    def claims(self) -> Sequence[str]: ...

    def lay_overlay(self, images: Mapping[str, str]) -> Path: ...

    def open_ways_in(self) -> None:
        """From this machine to what runs in the cluster beside the services."""

    def without_kafka(self) -> AbstractContextManager[None]: ...

    def lose_databases(self) -> None: ...


def secrets(known: Secrets) -> list[Object]:
    """As whoever runs a city lays them, in this order: docs/operations.md names each."""
    found = [
        _secret("kafka-admin", {"KAFKA_ADMIN_USERNAME": ADMIN, "KAFKA_ADMIN_PASSWORD": known.kafka[ADMIN]}),
        _secret("postgres-admin", {"PGPASSWORD": known.superuser}),
    ]
    for service in SERVICES:
        words = {"KAFKA_PASSWORD": known.kafka[service], "SERVICE_KEYS": known.service_keys[service]}
        words |= {"TRANSPORT_KEYS": known.transport_keys} if service in SEALERS else {}
        roles = {name: known.database[f"{service}_{name}"] for name in ("owner", *ASPECTS)}
        found += [_secret(f"{service}-secrets", words), _secret(f"{service}-database", roles)]
    return found


def _secret(name: str, words: Mapping[str, str]) -> Object:
    sealed = {key: base64.b64encode(word.encode()).decode() for key, word in words.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "data": sealed}


def lay(
    home: Home,
    overlay: str,
    images: Mapping[str, str],
    told: Mapping[str, Mapping[str, str]],
    *,
    patches: Sequence[Object] = (),
    components: Sequence[Path] = (),
) -> Path:
    """The overlay as whoever runs a city would change it: ``told`` by ConfigMap, these images, APIs at node ports."""
    folder = home.path / "overlay"
    folder.mkdir(exist_ok=True)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "resources": [from_(folder, OVERLAYS / overlay)],
        "configMapGenerator": list(_config_maps(told)),
        "images": [_image(name, tag) for name, tag in images.items()],
        "patches": [*(_at_node_port(service, port) for service, port in NODE_PORTS.items()), *patches],
        "components": [from_(folder, component) for component in components],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


def from_(folder: Path, there: Path) -> str:
    return os.path.relpath(there, folder.resolve())


def _config_maps(told: Mapping[str, Mapping[str, str]]) -> Iterator[Object]:
    for name, said in told.items():
        literals = [f"{key}={value}" for key, value in said.items()]
        yield {"name": name, "namespace": NAMESPACE, "behavior": "merge", "literals": literals}


def _image(name: str, tag: str) -> Mapping[str, str]:
    new, _, version = tag.rpartition(":")
    return {"name": f"registry.example/baiyang/{name}", "newName": new, "newTag": version}


def _at_node_port(service: str, port: int) -> Object:
    ports = [{"port": 80, "name": "http", "targetPort": "http", "appProtocol": "http", "nodePort": port}]
    changed = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{service}-api"},
        "spec": {"type": "NodePort", "ports": ports},
    }
    return {"patch": yaml.safe_dump(changed)}
