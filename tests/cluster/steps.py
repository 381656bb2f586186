"""What is done to a city in the cluster, a function a step: each raises what does not hold and says what was seen."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from statistics import mean

import yaml

from tests.chaos import flow, record
from tests.chaos.fault import ChaosCity
from tests.chaos.homes import lay_homes
from tests.chaos.invariants import judge
from tests.chaos.people import People, find_people
from tests.chaos.reconciling import in_short, reconcile
from tests.chaos.record import UNKNOWN, Record
from tests.chaos.world import look
from tests.cluster import kube, load, site, volumes
from tests.cluster.site import ClusterHome, Site
from tests.system.city import ROOT, wait_until

#: How long what was said may take to be told everywhere once everything is well again.
_SETTLES = 180.0
_KAFKA_AWAY = 120.0

#: As long as reading all books takes, at the most.
_LOOKING = 30.0


@dataclass
class Stage:
    """One city for all steps, and one record of what it acknowledged."""

    site: Site
    images: Sequence[Mapping[str, str]]
    """Of the release before, where there is one to come from, and of this one: tags by name."""
    people: People = field(init=False)
    record: Record = field(init=False)
    loads: int = 0

    @property
    def home(self) -> ClusterHome:
        return self.site.home

    @cached_property
    def city(self) -> ChaosCity:
        return self.home.city

    def open(self) -> None:
        self.people = lay_homes(self.city, find_people(self.city))
        self.record = Record(self.home.path / "record.jsonl")

    def release(self, images: Mapping[str, str]) -> float:
        """How long it takes."""
        began = time.monotonic()
        kube.release(self.site.lay_overlay(images))
        return time.monotonic() - began

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
        """Until all has come to rest; then every book against the record, the order of each case among them.

        Where the release before has kept the books too, by the auditor alone: the rest knows this release's rules.
        """
        began = time.monotonic()
        wait_until(self._rests, seconds=_SETTLES, what="all that was said is told, and nothing falls due")
        settled = time.monotonic() - began
        history = record.read(self.home.path / "record.jsonl")
        history.notes.append({"what": "looked", "at": self.city.now.timestamp() - 15})
        found = judge(history, look(self.city, self.people, history)) if len(self.images) == 1 else []
        assert not found, [(finding.name, finding.about, finding.detail) for finding in found[:10]]
        told = reconcile(self.city, history)
        assert told.returncode == 0, in_short(told)
        return f"at rest after {settled:.0f} s, {history.acknowledged.total()} acknowledged, nothing lost, reconciled"


def comes_up(stage: Stage) -> str:
    """At the release before, where the next step goes from it to this one."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": kube.NAMESPACE}}
    kube.apply([namespace, *site.secrets(stage.site.known)])
    volumes.lay(stage.home.path, stage.site.claims)
    stage.site.open_ways_in()
    up = stage.release(stage.images[0])
    starts = sorted(kube.seconds_to_ready(pod) for pod in kube.pods(kube.PROCESSES))
    stage.city.baiyang("demo")
    stage.open()
    load.run_file_appeals(stage.city.address, stage.people, stage.record, 200)
    said = stage.compare()
    at_rest = ", ".join(f"{_of(pod)} {memory:.0f} MB" for pod, _, memory in kube.usage())
    return (
        f"ready {up:.0f} s after it was begun, each process {starts[0]:.0f} to {starts[-1]:.0f} s; {said}\n   {at_rest}"
    )


def upgrades(stage: Stage) -> str:
    """Under load to the next release, back with the new schema in place, and to it again."""
    since = stage.record.now
    newest = stage.images[-1]
    with stage.load() as told:
        times = [f"{stage.release(tags):.0f} s" for tags in (newest, stage.images[0], newest)]
    failed = told.failed + stage.failed_writes(since)
    assert not failed, f"not answered: {dict(failed)}"
    return f"to it, back, to it again in {', '.join(times)}, {told.asked} looked up, none failed; {stage.compare()}"


def _of(pod: str) -> str:
    return pod.rsplit("-", 2)[0]


def rolls_under_load(stage: Stage) -> str:
    since = stage.record.now
    before = {name: spent for name, spent, _ in kube.usage()}
    with stage.load() as told:
        time.sleep(20)
        spent = {name: used - before.get(name, 0) for name, used, _ in kube.usage()}
        began = time.monotonic()
        for service in site.NODE_PORTS:
            selector = f"app.kubernetes.io/name={service}"
            kube.kubectl("-n", kube.NAMESPACE, "rollout", "restart", "deployment", "-l", selector)
            kube.wait_for_all()
        rolled = time.monotonic() - began
    failed = told.failed + stage.failed_writes(since)
    assert not failed, f"not answered: {dict(failed)}"
    cores = ", ".join(f"{_of(pod)} {1000 * used / 20:.0f}m" for pod, used in sorted(spent.items()))
    return f"rolled in {rolled:.0f} s, {told.asked} looked up, none failed; {stage.compare()}\n   processor: {cores}"


def survives(stage: Stage) -> str:
    times = []
    with stage.load():
        for pod in kube.pods():
            began = time.monotonic()
            kube.delete_pod(pod)
            kube.wait_for_all()
            times.append(time.monotonic() - began)
        alone = [kube.seconds_to_ready(pod) for pod in kube.pods(kube.PROCESSES)]
        kube.kubectl("-n", kube.NAMESPACE, "delete", "pod", "-l", "app.kubernetes.io/name=routing", "--wait=false")
        kube.wait_for_all()
        without_kafka(stage)
    kube.wait_for_all()
    back = f"a pod is back after {mean(times):.0f} s ({max(times):.0f} at the most)"
    return f"{back}, {mean(alone):.0f} s from its start to ready ({max(alone):.0f}); {stage.compare()}"


def without_kafka(stage: Stage) -> None:
    """Nothing dies of it, and APIs go on."""
    pods, before = _processes(), kube.restarts()
    acknowledged = stage.record.acknowledged["file"]
    with stage.site.without_kafka():
        time.sleep(_KAFKA_AWAY)
        assert (_processes(), kube.restarts()) == (pods, before)
        assert stage.record.acknowledged["file"] > acknowledged, "no appeal was taken while Kafka was away"


def _processes() -> set[str]:
    return {kube.name_of(pod) for pod in kube.pods(kube.PROCESSES)}


def comes_back(stage: Stage) -> str:
    """From a backup, its databases lost with all that was acknowledged since; where Kafka survived, it says what."""
    said = kube.run_now("backup")
    ((place, size),) = re.findall(r"^(\S+) holds the city as of .*: (.*)\.$", said, re.MULTILINE)
    lost = Record(stage.home.path / "lost.jsonl")
    load.run_file_appeals(stage.city.address, stage.people, lost, 5, drawn="lost")
    wait_until(lambda: not flow.left(stage.city), seconds=_SETTLES, what="Kafka has what is about to be lost")
    stage.site.lose_databases()
    overlay = stage.site.lay_overlay(stage.images[-1])
    began = time.monotonic()
    said = kube.restore(overlay, place)
    restored = time.monotonic() - began
    stage.record.note("kafka_wiped")
    up = stage.release(stage.images[-1])
    numbers = {str(op.ack["number"]) for op in record.read(stage.home.path / "lost.jsonl").of_kind("file")}
    listed = {number for number in numbers if f",{number}," in said}
    assert listed == (numbers if stage.site.kafka_survives else set()), said
    return (
        f"{size}; restored {restored:.0f} s after it was begun, ready {up:.0f} s later, "
        f"{len(listed)} of 5 appeals that were lost are listed; {stage.compare()}"
    )


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


def is_struck(stage: Stage) -> str:
    """KILLS pods, drawn by SEED, die under load without a word, and others while these come back."""
    kills, random = int(os.environ.get("KILLS") or 50), Random(int(os.environ.get("SEED") or 1))
    killed: Counter[str] = Counter()
    with stage.load():
        while killed.total() < kills:
            time.sleep(random.uniform(0.5, 6))
            if there := sorted(kube.name_of(pod) for pod in kube.pods()):
                pod = random.choice(there)
                kube.kubectl("-n", kube.NAMESPACE, "delete", "pod", pod, "--grace-period=0", "--force")
                killed[_of(pod)] += 1
        kube.wait_for_all()
    return f"{killed.total()} kills ({', '.join(f'{pod} {n}' for pod, n in sorted(killed.items()))}); {stage.compare()}"


def scales_in_order(stage: Stage) -> str:
    """Consumers come and go under load: what of each case is taken in order is among what is compared."""
    with stage.load():
        for replicas in (3, 1):
            kube.scale(replicas, selector="app.kubernetes.io/component=consumer")
            time.sleep(20)
    return f"1, 3, 1 consumers of each service; {stage.compare()}"
