"""``overlays/external``: PostgreSQL, Kafka and the identity provider on this machine, as ``make run`` starts them."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.home import Secrets
from local.parts import Platform

from tests.cluster import site
from tests.cluster.site import ROOT, ClusterHome

_BACKUPS = ROOT / "deploy/k8s/components/backups-on-a-volume"


@dataclass
class Outside:
    platform: Platform
    home: ClusterHome
    known: Secrets
    claims: Sequence[str] = ("backups",)
    kafka_survives: bool = True

    def lay_overlay(self, images: Mapping[str, str]) -> Path:
        return lay_overlay(self.home, images)

    def open_ways_in(self) -> None:
        """They are here."""

    @contextmanager
    def without_kafka(self) -> Iterator[None]:
        self.platform.kafka.stop()
        try:
            yield
        finally:
            self.platform.kafka.start()

    def lose_databases(self) -> None:
        self.platform.postgres.stop()
        shutil.rmtree(self.home.path / "postgres")
        self.platform.bring_up_postgres()


@contextmanager
def servers() -> Iterator[Outside]:
    """Empty ones, where pods reach them: at NODE_ADDRESS. Topics, users and tables are laid from within the cluster."""
    home = ClusterHome(*site.place(), host=os.environ["NODE_ADDRESS"])
    known = site.begin(home)
    platform = Platform(home, known)
    try:
        platform.bring_up_postgres()
        platform.kafka.start()
        platform.bring_up_identity()
        platform.bring_up_gateway()
        yield Outside(platform, home, known)
    finally:
        platform.children.stop_all(patience=30)


def lay_overlay(home: ClusterHome, images: Mapping[str, str]) -> Path:
    told = {
        "city": {
            "KAFKA_BOOTSTRAP_SERVERS": f"{home.host}:{home.ports['kafka']}",
            "KAFKA_CA_FILE": "",
            "OIDC_JWKS_URL": f"{home.issuer}/jwks",
            **home.told_to_pods,
        },
        "database": {"PGHOST": home.host, "PGPORT": str(home.ports["postgres"]), "PGSSLMODE": "disable"},
        "backup": {"BACKUP_TO": "/backups"},
    }
    return site.lay(home, "external", images, told, components=[_BACKUPS])
