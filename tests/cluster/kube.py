"""The cluster that KUBECONFIG names, by the pinned kubectl."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

KUBECTL = Path(sys.executable).with_name("kubectl")
MANIFESTS = Path(__file__).parents[2] / "deploy/k8s"
NAMESPACE = "baiyang"

Object = Mapping[str, Any]

#: The services' own, among all that is part of a city.
PROCESSES = "app.kubernetes.io/component in (api,consumer,relay,clock)"

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
    _operate("release", overlay)


def restore(overlay: Path, backup: str) -> str:
    """As an operator does; what the restore said."""
    return _operate("restore", overlay, backup)


def _operate(script: str, *arguments: str | Path) -> str:
    told = {**os.environ, "KUBECTL": str(KUBECTL)}
    done = subprocess.run(
        [MANIFESTS / script, *arguments], env=told, capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode != 0:
        raise Refused(f"deploy/k8s/{script}: {done.stdout[-1000:]}{done.stderr.strip()[-2000:]}")
    return done.stdout


def run_now(cronjob: str) -> str:
    """A Job of it, to its end; what it said."""
    kubectl("-n", NAMESPACE, "create", "job", f"{cronjob}-now", f"--from=cronjob/{cronjob}")
    kubectl("-n", NAMESPACE, "wait", "--for=condition=complete", f"job/{cronjob}-now", "--timeout=120s", seconds=120)
    said = kubectl("-n", NAMESPACE, "logs", f"job/{cronjob}-now")
    delete("job", f"{cronjob}-now")
    return said


def delete(kind: str, *which: str) -> None:
    """Until it is gone."""
    kubectl("-n", NAMESPACE, "delete", kind, *which, "--ignore-not-found", "--timeout=180s", seconds=180)


def forget() -> None:
    """All that a run before has left."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout=180s", seconds=180)
    kubectl("delete", "persistentvolume", "-l", "app.kubernetes.io/part-of=baiyang", "--timeout=60s")


def get(kind: str, *, selector: str = "") -> list[Object]:
    chosen = ("-l", selector) if selector else ()
    found: list[Object] = json.loads(kubectl("-n", NAMESPACE, "get", kind, *chosen, "-o", "json"))["items"]
    return found


def name_of(one: Object) -> str:
    return str(one["metadata"]["name"])


def pods(selector: str = "app.kubernetes.io/part-of=baiyang") -> list[Object]:
    """Those that run, or are about to; what is ending or has ended is not among them."""
    return [
        pod
        for pod in get("pod", selector=selector)
        if "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") in ("Pending", "Running")
    ]


def scale(replicas: int, *, selector: str = "app.kubernetes.io/part-of=baiyang") -> None:
    kubectl("-n", NAMESPACE, "scale", "deployment", "-l", selector, f"--replicas={replicas}")
    wait_for_all()
    if not replicas:
        kubectl("-n", NAMESPACE, "wait", "--for=delete", "pod", "-l", selector, "--timeout=120s", seconds=120)


def scale_server(name: str, replicas: int) -> None:
    kubectl("-n", NAMESPACE, "scale", "statefulset", name, f"--replicas={replicas}")
    if replicas:
        wait_for_all()
    else:
        kubectl("-n", NAMESPACE, "wait", "--for=delete", f"pod/{name}-0", "--timeout=120s", seconds=120)


def delete_pod(pod: Object) -> None:
    """A server's until it is gone: its place is taken only then."""
    is_server = pod["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet"
    kubectl("-n", NAMESPACE, "delete", "pod", name_of(pod), f"--wait={str(is_server).lower()}")


def wait_for_all(seconds: float = 300) -> None:
    for kind in ("statefulset", "deployment"):
        for found in get(kind):
            name = f"{kind}/{name_of(found)}"
            kubectl("-n", NAMESPACE, "rollout", "status", name, f"--timeout={seconds}s", seconds=seconds)


def has_storage() -> bool:
    """Whether the cluster makes volumes where nobody says of which class."""
    default = "storageclass.kubernetes.io/is-default-class"
    classes = json.loads(kubectl("get", "storageclass", "-o", "json"))["items"]
    return any(one["metadata"].get("annotations", {}).get(default) == "true" for one in classes)


def first_node() -> str:
    return name_of(json.loads(kubectl("get", "node", "-o", "json"))["items"][0])


def restarts() -> dict[str, int]:
    """Of containers, by pod, where there were any."""
    found = {name_of(pod): sum(c["restartCount"] for c in pod["status"].get("containerStatuses", ())) for pod in pods()}
    return {name: count for name, count in found.items() if count}


def is_ready(pod: Object) -> bool:
    return bool(_ready(pod)["status"] == "True")


def seconds_to_ready(pod: Object) -> float:
    """From the start of its container, to the second; of one that has been ready ever since."""
    (container,) = pod["status"]["containerStatuses"]
    began, came = container["state"]["running"]["startedAt"], _ready(pod)["lastTransitionTime"]
    return (datetime.fromisoformat(came) - datetime.fromisoformat(began)).total_seconds()


def _ready(pod: Object) -> Object:
    said: Object
    for said in pod["status"].get("conditions", ()):
        if said["type"] == "Ready":
            return said
    return {"status": "Unknown"}


@contextmanager
def follow_logs(folder: Path) -> Iterator[None]:
    """A file a pod: one that goes takes with it what it has said."""
    folder.mkdir(parents=True)
    over = threading.Event()
    thread = threading.Thread(target=_follow_logs, args=(folder, over), name="logs")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow_logs(folder: Path, over: threading.Event) -> None:
    following: dict[str, subprocess.Popen[bytes]] = {}
    while not over.wait(2):
        with suppress(Refused, subprocess.TimeoutExpired):
            there = {name_of(pod) for pod in pods(PROCESSES) if pod["status"]["phase"] == "Running"}
            for name in there - set(following):
                with (folder / f"{name}.log").open("wb") as log:
                    following[name] = subprocess.Popen(
                        [KUBECTL, "-n", NAMESPACE, "logs", "-f", f"pod/{name}"], stdout=log, stderr=subprocess.DEVNULL
                    )
    for process in following.values():
        process.kill()
        process.wait()


def errors_in(folder: Path) -> Sequence[str]:
    """The lines by which processes say that something of theirs went wrong, with the pod that said it."""
    lines = (f"{log.stem} {line}" for log in sorted(folder.glob("*.log")) for line in log.read_text().splitlines())
    return [line for line in lines if '"level": "error"' in line]


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
