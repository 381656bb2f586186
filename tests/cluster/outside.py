"""What the city in the cluster finds outside of it: PostgreSQL, Kafka, the identity provider and the one address.

They run on this machine, as ``make run`` starts them, where pods reach them.
"""

import base64
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from kit.migrations import ASPECTS
from local import home as homes
from local.home import AUDIENCE, SEALERS, SERVICES, Home, Secrets
from local.kafka import ADMIN
from local.parts import Platform

from tests.chaos.fault import ChaosCity
from tests.cluster.kube import NAMESPACE, Object

ROOT = Path(__file__).parents[2]
EXTERNAL = ROOT / "deploy/k8s/overlays/external"

#: At which port of every node a service's API answers: the gateway in front of them runs on this machine.
NODE_PORTS = {"grid": 30801, "intake": 30802, "routing": 30803, "notify": 30804}


@dataclass(frozen=True)
class Outside(Home):
    """A home whose services are pods."""

    @property
    def ports(self) -> dict[str, int]:
        return {**super().ports, **NODE_PORTS}

    @classmethod
    def of_environment(cls) -> "Outside":
        """NODE_ADDRESS is where pods reach this machine."""
        path = Path(os.environ.get("CLUSTER_HOME") or ROOT / ".cluster").resolve()
        return cls(path, int(os.environ.get("PORT") or 18080), host=os.environ["NODE_ADDRESS"])


@contextmanager
def servers(home: Outside) -> Iterator[tuple[Platform, Secrets]]:
    """Empty ones. Topics, users and tables are laid from within the cluster."""
    shutil.rmtree(home.path, ignore_errors=True)
    home.path.mkdir(parents=True)
    known = home.secrets()
    homes.lay_passwords(home, known)
    homes.lay_environment(home, known)
    platform = Platform(home, known)
    try:
        platform.bring_up_postgres()
        platform.kafka.start()
        platform.bring_up_identity()
        platform.bring_up_gateway()
        yield platform, known
    finally:
        platform.children.stop_all(patience=30)


def city_of(home: Outside) -> ChaosCity:
    return ChaosCity(home=home.path, port=home.port)


def secrets(known: Secrets) -> list[Object]:
    """As whoever runs a city lays them, in this order: docs/operations.md names each."""
    found = [_secret("kafka-admin", {"KAFKA_ADMIN_USERNAME": ADMIN, "KAFKA_ADMIN_PASSWORD": known.kafka[ADMIN]})]
    for service in SERVICES:
        words = {"KAFKA_PASSWORD": known.kafka[service], "SERVICE_KEYS": known.service_keys[service]}
        words |= {"TRANSPORT_KEYS": known.transport_keys} if service in SEALERS else {}
        roles = {name: known.database[f"{service}_{name}"] for name in ("owner", *ASPECTS)}
        found += [_secret(f"{service}-secrets", words), _secret(f"{service}-database", roles)]
    return found


def _secret(name: str, words: Mapping[str, str]) -> Object:
    sealed = {key: base64.b64encode(word.encode()).decode() for key, word in words.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "data": sealed}


def lay_overlay(home: Outside, images: Mapping[str, str]) -> Path:
    """``overlays/external`` with this machine's addresses, these images, and the services at ports of the nodes."""
    folder = home.path / "overlay"
    folder.mkdir(exist_ok=True)
    city = {
        "KAFKA_BOOTSTRAP_SERVERS": f"{home.host}:{home.ports['kafka']}",
        "KAFKA_CA_FILE": "",
        "OIDC_ISSUER": home.issuer,
        "OIDC_JWKS_URL": f"{home.issuer}/jwks",
        "OIDC_AUDIENCE": AUDIENCE,
        "PUBLIC_URL": home.address,
        "SANDBOX": "true",
    }
    database = {"PGHOST": home.host, "PGPORT": str(home.ports["postgres"]), "PGSSLMODE": "disable"}
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(EXTERNAL, folder.resolve())],
        "configMapGenerator": [
            {
                "name": name,
                "namespace": NAMESPACE,
                "behavior": "merge",
                "literals": [f"{k}={v}" for k, v in said.items()],
            }
            for name, said in (("city", city), ("database", database))
        ],
        "images": [_image(name, tag) for name, tag in images.items()],
        "patches": [_at_node_port(service, port) for service, port in NODE_PORTS.items()],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    return folder


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
