"""What every overlay must hold to, on the manifests as they are rendered: what a cluster itself would not refuse."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from contracts.topics import TOPICS
from kit.app.serving import GRACE_SECONDS
from kit.auth import AUDITOR, OPERATOR, RESIDENT
from kit.outbox import SHARDS

from tests.architecture.guards import ROOT
from tests.cluster import kube
from tests.deploy.test_rules import strangers

OVERLAYS = sorted(path.parent.name for path in (ROOT / "deploy/k8s/overlays").glob("*/kustomization.yaml"))
SERVICES = ("grid", "intake", "notify", "routing")

Object = Mapping[str, Any]


@cache
def rendered(overlay: str) -> list[Object]:
    return list(yaml.safe_load_all(kube.render(ROOT / "deploy/k8s/overlays" / overlay)))


def of_kind(objects: Sequence[Object], *kinds: str) -> list[Object]:
    return [one for one in objects if one["kind"] in kinds]


@dataclass(frozen=True)
class Pod:
    """The pods of one of ours, by the template that they are made from."""

    owner: str
    labels: Mapping[str, str]
    spec: Object

    @property
    def container(self) -> Object:
        (container,) = self.spec["containers"]
        found: Object = container
        return found

    def is_chosen_by(self, selector: Object) -> bool:
        """A Service's is the labels alone."""
        wanted = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
        among = selector.get("matchExpressions", ())
        return all(self.labels.get(name) == value for name, value in wanted.items()) and all(
            self.labels.get(one["key"]) in one["values"] for one in among
        )


def pods(objects: Sequence[Object], *kinds: str) -> list[Pod]:
    found = of_kind(objects, *(kinds or ("Deployment", "StatefulSet", "Job", "CronJob")))
    ours = [one for one in found if one["metadata"].get("labels", {}).get("app.kubernetes.io/part-of") == "baiyang"]
    return [
        Pod(f"{one['kind']}/{one['metadata']['name']}", template["metadata"]["labels"], template["spec"])
        for one in ours
        for template in [_template(one)]
    ]


def _template(one: Object) -> Object:
    spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
    found: Object = spec["template"]
    return found


def names(objects: Sequence[Object], kind: str) -> set[str]:
    return {one["metadata"]["name"] for one in of_kind(objects, kind)}


# Each rule says of one pod what is wrong with it.


def is_restricted(pod: Pod) -> Iterator[str]:
    inside, outside = pod.container.get("securityContext", {}), pod.spec.get("securityContext", {})
    if not outside.get("runAsNonRoot") or not outside.get("runAsUser"):
        yield "may run as root"
    if outside.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if inside.get("capabilities") != {"drop": ["ALL"]} or inside.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if inside.get("readOnlyRootFilesystem") is not True:
        yield "may write to its image"


def has_no_rights(pod: Pod) -> Iterator[str]:
    if pod.spec.get("automountServiceAccountToken") is not False:
        yield "is given a token of the cluster's"
    if pod.spec.get("serviceAccountName", "default") == "default":
        yield "has no account of its own"


def is_bounded(pod: Pod) -> Iterator[str]:
    resources = pod.container.get("resources", {})
    for bound in ("requests", "limits"):
        if set(resources.get(bound, ())) < {"cpu", "memory"}:
            yield f"has no {bound}"


def is_of_one_version(pod: Pod) -> Iterator[str]:
    _, _, tag = pod.container["image"].rpartition("/")[2].partition(":")
    if tag in ("", "latest"):
        yield f"is of no version: {pod.container['image']}"


def is_told_secrets_by_reference(pod: Pod) -> Iterator[str]:
    for told in pod.container.get("env", ()):
        if re.search("PASSWORD|KEYS|TOKEN", told["name"]) and "value" in told:
            yield f"is told {told['name']} in the clear"


def is_asked_how_it_is(pod: Pod) -> Iterator[str]:
    asked = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    for probe, path in asked.items():
        if pod.container.get(probe, {}).get("httpGet", {}).get("path") != path:
            yield f"has no {probe} at {path}"


def is_asked_somehow(pod: Pod) -> Iterator[str]:
    for probe in {"startupProbe", "livenessProbe", "readinessProbe"} - pod.container.keys():
        yield f"has no {probe}"


def keeps_its_data(pod: Pod) -> Iterator[str]:
    if {"name": "data", "mountPath": "/data"} not in pod.container.get("volumeMounts", ()):
        yield "keeps its data nowhere"
    if any(volume["name"] == "data" for volume in pod.spec.get("volumes", ())):
        yield "loses its data with its pod"


def ends_in_grace(pod: Pod) -> Iterator[str]:
    pause = pod.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if not pause:
        yield "is sent requests while it goes"
    if pod.spec.get("terminationGracePeriodSeconds", 30) <= GRACE_SECONDS + pause:
        yield "is killed before what it has in hand is done"


def is_spread(pod: Pod) -> Iterator[str]:
    over = {
        one["topologyKey"]
        for one in pod.spec.get("topologySpreadConstraints", ())
        if pod.is_chosen_by(one["labelSelector"])
    }
    if over != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
        yield f"is spread over {over or 'nothing'}"


OF_ALL = (is_restricted, has_no_rights, is_bounded, is_of_one_version, is_told_secrets_by_reference)
OF_WHAT_RUNS_ON = (is_asked_how_it_is, ends_in_grace, is_spread)
OF_SERVERS = (is_asked_somehow,)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_holds_to_the_rules(overlay: str) -> None:
    objects = rendered(overlay)
    faults = [f"{pod.owner} {fault}" for pod in pods(objects) for rule in OF_ALL for fault in rule(pod)]
    faults += [
        f"{pod.owner} {fault}"
        for kind, rules in (("Deployment", OF_WHAT_RUNS_ON), ("StatefulSet", OF_SERVERS))
        for pod in pods(objects, kind)
        for rule in rules
        for fault in rule(pod)
    ]
    assert faults == []


def test_each_rule_finds_who_does_not_hold_to_it() -> None:
    bare = Pod("Deployment/x", {}, {"containers": [{"image": "x", "env": [{"name": "X_PASSWORD", "value": "y"}]}]})
    for rule in (*OF_ALL, *OF_WHAT_RUNS_ON, *OF_SERVERS, keeps_its_data):
        assert list(rule(bare)), rule


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_aspect_of_each_service_runs_and_is_disrupted_one_at_a_time(overlay: str) -> None:
    objects = rendered(overlay)
    wanted = {f"{service}-{aspect}" for service in SERVICES for aspect in aspects_of(service)}
    assert names(objects, "Deployment") >= wanted
    assert names(objects, "Job") >= {f"{service}-migrate" for service in SERVICES} | {"topics"}
    budgets = of_kind(objects, "PodDisruptionBudget")
    for pod in pods(objects, "Deployment"):
        (budget,) = [one for one in budgets if pod.is_chosen_by(one["spec"]["selector"])]
        assert budget["spec"]["maxUnavailable"] == 1
        assert pod.container["args"] == [pod.labels["app.kubernetes.io/component"]]


def aspects_of(service: str) -> set[str]:
    """As its own command line has them."""
    main = (ROOT / "services" / service / service / "__main__.py").read_text()
    return set(re.findall(r'"(\w+)": app\.\w+', main))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_service_is_told_its_own_settings_and_secrets_and_its_aspects_own_role(overlay: str) -> None:
    objects = rendered(overlay)
    shared = {one["metadata"]["name"] for one in of_kind(objects, "ConfigMap")}
    for pod in pods(objects):
        service = pod.labels["app.kubernetes.io/name"]
        if service not in SERVICES:
            continue
        (city, secrets, database) = pod.container["envFrom"]
        assert {city["prefix"], secrets["prefix"]} == {f"{service.upper()}_"}
        assert secrets["secretRef"]["name"] == f"{service}-secrets"
        assert {city["configMapRef"]["name"], database["configMapRef"]["name"]} <= shared
        role = pod.labels["app.kubernetes.io/component"].replace("migrate", "owner")
        (password,) = [one for one in pod.container["env"] if one["name"] == "PGPASSWORD"]
        assert password["valueFrom"]["secretKeyRef"] == {"name": f"{service}-database", "key": role}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nobody_is_given_a_right_in_the_cluster_and_no_secret_is_among_the_manifests(overlay: str) -> None:
    given = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Secret")
    assert of_kind(rendered(overlay), *given) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_service_is_reached_at_its_api_alone(overlay: str) -> None:
    objects = rendered(overlay)
    for one in of_kind(objects, "Service"):
        chosen = [
            pod for pod in pods(objects, "Deployment", "StatefulSet") if pod.is_chosen_by(one["spec"]["selector"])
        ]
        assert [pod.owner.partition("/")[2] for pod in chosen] == [one["metadata"]["name"]]
        assert one["metadata"]["name"].endswith("-api") or chosen[0].owner.startswith("StatefulSet")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_comes_in_or_goes_out_but_what_is_named(overlay: str) -> None:
    policies = [one["spec"] for one in of_kind(rendered(overlay), "NetworkPolicy")]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
    for policy in policies:
        for let in (*policy.get("ingress", ()), *policy.get("egress", ())):
            assert let.get("ports"), "a policy that opens every port"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_who_needs_it_reaches_kafka(overlay: str) -> None:
    objects = rendered(overlay)
    (kafka,) = [one for one in of_kind(objects, "NetworkPolicy") if one["metadata"]["name"] == "kafka"]
    reach = {
        pod.labels["app.kubernetes.io/component"]
        for pod in pods(objects)
        if pod.is_chosen_by(kafka["spec"]["podSelector"])
    }
    assert reach == {"consumer", "relay", "topics", "backup", "restore"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_has_the_namespace_refuse_what_is_not_restricted(overlay: str) -> None:
    (namespace,) = of_kind(rendered(overlay), "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_priorities_are_those_that_are_declared(overlay: str) -> None:
    objects = rendered(overlay)
    assert {pod.spec.get("priorityClassName") for pod in pods(objects)} == names(objects, "PriorityClass")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_backup_is_taken_each_night_and_a_restore_waits_to_be_asked_for(overlay: str) -> None:
    objects = rendered(overlay)
    jobs = {one["metadata"]["name"]: one["spec"] for one in of_kind(objects, "CronJob")}
    assert {name: job.get("suspend", False) for name, job in jobs.items()} == {"backup": False, "restore": True}
    for pod in pods(objects, "CronJob"):
        told = {one["name"] for one in pod.container["env"]}
        assert told >= {f"{service.upper()}_DATABASE_URL" for service in SERVICES}
        keys = {one["secretRef"]["name"]: one.get("prefix") for one in pod.container["envFrom"] if "secretRef" in one}
        assert keys.items() >= {f"{service}-secrets": f"{service.upper()}_" for service in SERVICES}.items()
    (place,) = [one["data"] for one in of_kind(objects, "ConfigMap") if one["metadata"]["name"].startswith("backup-")]
    assert place["BACKUP_TO"]


def test_there_are_overlays() -> None:
    assert set(OVERLAYS) >= {"external", "local", "city"}
    assert Path(ROOT / "deploy/k8s/base").is_dir()


# What only some overlays have.


def test_what_a_server_keeps_outlives_its_pod() -> None:
    servers = pods(rendered("local"), "StatefulSet")
    assert [pod.owner for pod in servers] == ["StatefulSet/identity", "StatefulSet/kafka", "StatefulSet/postgres"]
    assert [f"{pod.owner} {fault}" for pod in servers for fault in keeps_its_data(pod)] == []


def test_keycloaks_tokens_say_what_services_read_of_them() -> None:
    realm = json.loads((ROOT / "deploy/k8s/components/keycloak/city.json").read_text())
    (client,), (scope,) = realm["clients"], realm["clientScopes"]
    assert client["defaultClientScopes"] == [scope["name"]]
    said = [mapper["config"] for mapper in scope["protocolMappers"]]
    by_name = {one["claim.name"]: one for one in said if "claim.name" in one}
    assert by_name["sub"]["user.attribute"] == "username"
    assert by_name["roles"]["multivalued"] == "true"
    assert [one["included.client.audience"] for one in said if "included.client.audience" in one] == [
        client["clientId"]
    ]
    assert {role["name"] for role in realm["roles"]["realm"]} == {AUDITOR, OPERATOR, RESIDENT}
    told = [one["data"] for one in of_kind(rendered("city"), "ConfigMap") if "OIDC_AUDIENCE" in one["data"]]
    assert [one["OIDC_AUDIENCE"] for one in told] == [client["clientId"]]


def test_what_is_scaled_is_ours_and_never_more_than_its_partitions() -> None:
    objects = rendered("city")
    fixed = {one["metadata"]["name"]: one["spec"].get("replicas") for one in of_kind(objects, "Deployment")}
    for one in of_kind(objects, "ScaledObject"):
        target = one["spec"]["scaleTargetRef"]["name"]
        assert fixed[target] is None, f"{target} has its number of two"
        service, _, aspect = target.partition("-")
        assert aspect in ("consumer", "clock"), "relays are as many as there are shards"
        if aspect == "consumer":
            partitions = max(topic.partitions for topic in TOPICS.values() if service in topic.consumers)
            assert one["spec"]["maxReplicaCount"] <= partitions
    assert {fixed[f"{service}-relay"] for service in SERVICES} == {SHARDS}


def test_none_of_a_citys_aspects_is_a_single_process() -> None:
    objects = rendered("city")
    least = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["minReplicaCount"]
        for one in of_kind(objects, "ScaledObject")
    }
    least |= {
        one["metadata"]["name"]: one["spec"]["replicas"]
        for one in of_kind(objects, "Deployment")
        if "replicas" in one["spec"]
    }
    assert least.keys() == names(objects, "Deployment")
    assert min(least.values()) >= 2


def test_scaling_asks_for_metrics_that_exist_and_stands_still_without_an_answer() -> None:
    for one in of_kind(rendered("city"), "ScaledObject"):
        (trigger,) = one["spec"]["triggers"]
        assert trigger["metadata"]["ignoreNullValues"] == "true"
        assert one["spec"]["fallback"]["behavior"] == "currentReplicasIfHigher"
        assert list(strangers(trigger["metadata"]["query"])) == []


def test_routes_lead_to_apis_by_paths_that_are_for_outside() -> None:
    objects = rendered("city")
    routes = [one for one in of_kind(objects, "HTTPRoute") if one["metadata"]["name"] in SERVICES]
    led = {
        match["path"]["value"]: rule["backendRefs"][0]["name"]
        for route in routes
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    }
    assert set(led.values()) == {f"{service}-api" for service in SERVICES} <= names(objects, "Service")
    assert set(led) == {
        *("/grid/v1", "/intake/v1", "/notify/v1", "/routing/v1"),
        *("/progress", "/ratings", "/open311"),
    }


def test_prometheus_finds_each_process_under_a_job_that_the_alerts_know() -> None:
    objects = rendered("city")
    (monitor,) = of_kind(objects, "PodMonitor")
    asked = {pod.owner for pod in pods(objects) if pod.is_chosen_by(monitor["spec"]["selector"])}
    assert asked == {pod.owner for pod in pods(objects, "Deployment")}
    assert "baiyang" in f"{monitor['metadata']['namespace']}/{monitor['metadata']['name']}"
    assert len(of_kind(objects, "PrometheusRule")) == 1
    (boards,) = [one for one in of_kind(objects, "ConfigMap") if one["metadata"]["name"] == "dashboards"]
    assert len(boards["data"]) == 6


def test_every_secret_that_a_pod_is_told_of_comes_from_somewhere() -> None:
    objects = rendered("city")
    told = {
        one["secretRef"]["name"] for pod in pods(objects) for one in pod.container["envFrom"] if "secretRef" in one
    } | {
        one["valueFrom"]["secretKeyRef"]["name"]
        for pod in pods(objects)
        for one in pod.container["env"]
        if "valueFrom" in one
    }
    assert told - names(objects, "ExternalSecret") == {"admin"} == names(objects, "KafkaUser")
