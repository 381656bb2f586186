"""The cluster that KUBECONFIG names, by the pinned kubectl."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

KUBECTL = Path(sys.executable).with_name("kubectl")
RELEASE = Path(__file__).parents[2] / "deploy/k8s/release"
NAMESPACE = "baiyang"

Object = Mapping[str, Any]

_USED = re.compile(
    r"""^container_(cpu_usage_seconds_total|memory_working_set_bytes)\{.*namespace="baiyang",pod="([^"]+)"\} (\S+)""",
    re.MULTILINE,
)


class Refused(RuntimeError):
    """What kubectl said."""


def kubectl(*arguments: str | Path, given: str | None = None, seconds: float = 120) -> str:
    done = subprocess.run(
        [KUBECTL, *arguments], input=given, capture_output=True, text=True, check=False, timeout=seconds + 30
    )
    if done.returncode != 0:
        raise Refused(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def render(overlay: Path) -> str:
    return kubectl("kustomize", overlay)


def apply(manifests: str | Sequence[Object], *, dry: bool = False) -> None:
    """As its owner, and with warnings for errors; ``dry``: the server only looks at them."""
    text = manifests if isinstance(manifests, str) else yaml.safe_dump_all(manifests)
    more = ("--dry-run=server",) if dry else ()
    kubectl("apply", "--server-side", "--force-conflicts", "--warnings-as-errors", *more, "-f", "-", given=text)


def release(overlay: Path) -> None:
    """As an operator brings one."""
    told = {**os.environ, "KUBECTL": str(KUBECTL)}
    done = subprocess.run([RELEASE, overlay], env=told, capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode != 0:
        raise Refused(f"deploy/k8s/release: {done.stderr.strip()[-2000:]}")


def forget() -> None:
    """All that a run before has left."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout=180s", seconds=180)


def get(kind: str, *, selector: str = "") -> list[Object]:
    chosen = ("-l", selector) if selector else ()
    found: list[Object] = json.loads(kubectl("-n", NAMESPACE, "get", kind, *chosen, "-o", "json"))["items"]
    return found


def name_of(one: Object) -> str:
    return str(one["metadata"]["name"])


def deployments(selector: str = "") -> list[str]:
    return [name_of(found) for found in get("deployment", selector=selector)]


def pods(selector: str = "app.kubernetes.io/part-of=baiyang") -> list[Object]:
    """Those that run, or are about to; what is ending or has ended is not among them."""
    return [
        pod
        for pod in get("pod", selector=selector)
        if "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") in ("Pending", "Running")
    ]


def scale(replicas: int, *, selector: str = "app.kubernetes.io/part-of=baiyang") -> None:
    kubectl("-n", NAMESPACE, "scale", "deployment", "-l", selector, f"--replicas={replicas}")
    wait_for_deployments()
    if not replicas:
        kubectl("-n", NAMESPACE, "wait", "--for=delete", "pod", "-l", selector, "--timeout=120s", seconds=120)


def wait_for_deployments(seconds: float = 300) -> None:
    for name in deployments():
        kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{name}", f"--timeout={seconds}s", seconds=seconds)


def restarts() -> dict[str, int]:
    """Of containers, by pod, where there were any."""
    found = {name_of(pod): sum(c["restartCount"] for c in pod["status"].get("containerStatuses", ())) for pod in pods()}
    return {name: count for name, count in found.items() if count}


def seconds_to_ready(pod: Object) -> float:
    """From the start of its container, to the second."""
    (container,) = pod["status"]["containerStatuses"]
    ready = next(said for said in pod["status"]["conditions"] if said["type"] == "Ready")
    began, came = container["state"]["running"]["startedAt"], ready["lastTransitionTime"]
    return (datetime.fromisoformat(came) - datetime.fromisoformat(began)).total_seconds()


def usage() -> Iterator[tuple[str, float, float]]:
    """(pod, seconds of a core since it began, megabytes now), as the nodes' kubelets count them."""
    spent: dict[str, float] = {}
    memory: dict[str, float] = {}
    for node in json.loads(kubectl("get", "node", "-o", "json"))["items"]:
        shown = kubectl("get", "--raw", f"/api/v1/nodes/{name_of(node)}/proxy/metrics/resource")
        for metric, pod, value in _USED.findall(shown):
            (spent if metric.startswith("cpu") else memory)[pod] = float(value)
    for pod, used in sorted(spent.items()):
        yield pod, used, memory.get(pod, 0) / 1e6
