"""What is done to a city in the cluster, a function a step: each raises what does not hold and says what was seen."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import mean

import yaml
from local.home import Secrets
from local.parts import Platform

from tests.chaos import flow, record
from tests.chaos.fault import ChaosCity
from tests.chaos.homes import lay_homes
from tests.chaos.invariants import judge
from tests.chaos.people import People, find_people
from tests.chaos.reconciling import in_short, reconcile
from tests.chaos.record import UNKNOWN, Record
from tests.chaos.world import look
from tests.cluster import kube, load, outside
from tests.cluster.outside import ROOT, Outside
from tests.system.city import wait_until

IMAGES = ("cli", "grid", "intake", "notify", "routing")

#: How long what was said may take to be told everywhere once everything is well again.
_SETTLES = 180.0
_KAFKA_AWAY = 120.0

#: As long as reading all books takes, at the most.
_LOOKING = 30.0


@dataclass
class Stage:
    """One city for all steps, and one record of what it acknowledged."""

    platform: Platform
    known: Secrets
    city: ChaosCity
    people: People = field(init=False)
    record: Record = field(init=False)
    loads: int = 0

    @property
    def home(self) -> Outside:
        assert isinstance(self.platform.home, Outside)
        return self.platform.home

    def open(self) -> None:
        self.people = lay_homes(self.city, find_people(self.city))
        self.record = Record(self.home.path / "record.jsonl")

    @contextmanager
    def load(self) -> Iterator[load.Load]:
        self.loads += 1
        with load.load(self.city.address, self.people, self.record, seed=self.loads) as told:
            yield told

    def failed_writes(self, since: float) -> Counter[str]:
        """What was sent and not answered, or answered with a fault of ours."""
        history = record.read(self.home.path / "record.jsonl")
        outcomes = ((op.kind, one) for op in history.ops.values() for one in op.outcomes if one.t >= since)
        return Counter(f"{kind}: {one.status or one.code}" for kind, one in outcomes if one.outcome == UNKNOWN)

    def _rests(self) -> bool:
        """Nothing is on its way, and what somebody named as a limit does not fall due while the books are read."""
        return not flow.left(self.city) and not flow.falls_due(self.city, within=_LOOKING)

    def compare(self) -> str:
        """Until all has come to rest; then every book against the record, the order of each case among them."""
        began = time.monotonic()
        wait_until(self._rests, seconds=_SETTLES, what="all that was said is told, and nothing falls due")
        settled = time.monotonic() - began
        history = record.read(self.home.path / "record.jsonl")
        history.notes.append({"what": "looked", "at": self.city.now.timestamp() - 15})
        found = judge(history, look(self.city, self.people, history))
        assert not found, [(finding.name, finding.about, finding.detail) for finding in found[:10]]
        told = reconcile(self.city, history)
        assert told.returncode == 0, in_short(told)
        return f"at rest after {settled:.0f} s, {history.acknowledged.total()} acknowledged, nothing lost, reconciled"


def comes_up(stage: Stage) -> str:
    tags = build_images()
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": kube.NAMESPACE}}
    kube.apply([namespace, *outside.secrets(stage.known)])
    began = time.monotonic()
    kube.apply(kube.render(outside.lay_overlay(stage.home, tags)))
    kube.wait_for_jobs()
    kube.wait_for_deployments()
    up = time.monotonic() - began
    starts = {kube.name_of(pod): kube.seconds_to_ready(pod) for pod in kube.pods()}
    stage.city.baiyang("demo")
    stage.open()
    load.run_file_appeals(stage.city.address, stage.people, stage.record, 200)
    said = stage.compare()
    at_rest = ", ".join(f"{name.rsplit('-', 2)[0]} {memory:.0f} MB" for name, _, memory in sorted(kube.usage()))
    return f"ready {up:.0f} s after apply; {said}\n   seconds to ready: {starts}\n   memory: {at_rest}"


def build_images() -> dict[str, str]:
    """By name, with their tags. IMAGES names a tag of those that are on the nodes already."""
    if tag := os.environ.get("IMAGES"):
        registry = os.environ.get("REGISTRY", "localhost/baiyang")
        return {name: f"{registry}/{name}:{tag}" for name in IMAGES}
    done = subprocess.run(
        [ROOT / "deploy/images/build", *IMAGES], stdout=subprocess.PIPE, text=True, check=True, timeout=3600
    )
    tags = [line for line in done.stdout.splitlines() if line and " " not in line and ":" in line]
    return {tag.rpartition(":")[0].rpartition("/")[2]: tag for tag in tags[-len(IMAGES) :]}


def rolls_under_load(stage: Stage) -> str:
    since = stage.record.now
    before = {name: spent for name, spent, _ in kube.usage()}
    with stage.load() as told:
        time.sleep(20)
        spent = {name: used - before.get(name, 0) for name, used, _ in kube.usage()}
        began = time.monotonic()
        for service in outside.NODE_PORTS:
            selector = f"app.kubernetes.io/name={service}"
            kube.kubectl("-n", kube.NAMESPACE, "rollout", "restart", "deployment", "-l", selector)
            kube.wait_for_deployments()
        rolled = time.monotonic() - began
    failed = told.failed + stage.failed_writes(since)
    assert not failed, f"not answered: {dict(failed)}"
    cores = ", ".join(f"{name.rsplit('-', 2)[0]} {1000 * used / 20:.0f}m" for name, used in sorted(spent.items()))
    return f"rolled in {rolled:.0f} s, {told.asked} looked up, none failed; {stage.compare()}\n   processor: {cores}"


def survives(stage: Stage) -> str:
    times = []
    with stage.load():
        for pod in kube.pods():
            began = time.monotonic()
            kube.kubectl("-n", kube.NAMESPACE, "delete", "pod", kube.name_of(pod), "--wait=false")
            kube.wait_for_deployments()
            times.append(time.monotonic() - began)
        kube.kubectl("-n", kube.NAMESPACE, "delete", "pod", "-l", "app.kubernetes.io/name=routing", "--wait=false")
        kube.wait_for_deployments()
        without_kafka(stage)
    kube.wait_for_deployments()
    return f"a pod is back after {mean(times):.0f} s ({max(times):.0f} at the most); {stage.compare()}"


def without_kafka(stage: Stage) -> None:
    """Nothing dies of it, and APIs go on."""
    pods, before = {kube.name_of(pod) for pod in kube.pods()}, kube.restarts()
    acknowledged = stage.record.acknowledged["file"]
    stage.platform.kafka.stop()
    time.sleep(_KAFKA_AWAY)
    assert ({kube.name_of(pod) for pod in kube.pods()}, kube.restarts()) == (pods, before)
    assert stage.record.acknowledged["file"] > acknowledged, "no appeal was taken while Kafka was away"
    stage.platform.kafka.start()


def validates(stage: Stage) -> str:
    """The server knows every kind of every overlay, and warns of nothing; nothing is made but an empty namespace."""
    counted = {}
    aside = f"{kube.NAMESPACE}-validated"
    kube.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": aside}}])
    try:
        for overlay in sorted(path.parent for path in ROOT.glob("deploy/k8s/overlays/*/kustomization.yaml")):
            folder = stage.home.path / "validated"
            folder.mkdir(exist_ok=True)
            told = {"resources": [os.path.relpath(overlay, folder.resolve())], "namespace": aside}
            (folder / "kustomization.yaml").write_text(yaml.safe_dump(told))
            manifests = kube.render(folder)
            kube.apply(manifests, dry=True)
            counted[overlay.name] = sum(one is not None for one in yaml.safe_load_all(manifests))
    finally:
        kube.kubectl("delete", "namespace", aside, "--wait=false")
    return f"objects: {counted}, no warning"


def scales_in_order(stage: Stage) -> str:
    """Consumers come and go under load: what of each case is taken in order is among what is compared."""
    with stage.load():
        for replicas in (3, 1):
            kube.kubectl(
                *("-n", kube.NAMESPACE, "scale", "deployment", f"--replicas={replicas}"),
                *("-l", "app.kubernetes.io/component=consumer"),
            )
            kube.wait_for_deployments()
            time.sleep(20)
    return f"1, 3, 1 consumers of each service; {stage.compare()}"
