"""Disks for a cluster that makes none by itself: folders of its one node, which is this machine."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import kube
from tests.cluster.kube import NAMESPACE, Object

_OURS = {"app.kubernetes.io/part-of": "baiyang"}

#: Whom pods run as.
_USER = 10001


def lay(home: Path, claims: Sequence[str]) -> None:
    """Empty ones for these claims, unless the cluster has a class of storage that makes its own."""
    if kube.has_storage():
        return
    forget(claims)
    for claim in claims:
        folder = home / "volumes" / claim
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.chown(folder, _USER, _USER)
    kube.apply([_volume(claim, home / "volumes" / claim) for claim in claims])


def forget(claims: Sequence[str]) -> None:
    kube.kubectl("delete", "persistentvolume", *map(_name, claims), "--ignore-not-found", "--timeout=120s")


def _name(claim: str) -> str:
    return f"baiyang-{claim}"


def _volume(claim: str, folder: Path) -> Object:
    node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [kube.first_node()]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _name(claim), "labels": _OURS},
        "spec": {
            "capacity": {"storage": "20Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": NAMESPACE, "name": claim},
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [node]}]}},
        },
    }
