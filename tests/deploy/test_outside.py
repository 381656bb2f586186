"""What stands outside of a cluster: servers of this machine where pods reach them, and the overlay that says where."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from local import home as homes
from local import processes
from local.home import SERVICES, Home
from local.kafka import Kafka

from tests.cluster import inside, kube, outside, site
from tests.cluster.inside import InsideHome
from tests.cluster.kube import Object
from tests.cluster.site import ClusterHome
from tests.deploy.test_manifests import pods

HOST = "10.0.0.5"


@pytest.fixture
def home(tmp_path: Path) -> ClusterHome:
    return ClusterHome(tmp_path, 18080, host=HOST)


def test_services_and_operators_are_told_where_the_servers_listen(tmp_path: Path) -> None:
    home = Home(tmp_path, 8080, host=HOST)
    known = home.secrets()
    told = homes.service_environment(home, known, "grid") | homes.operator_environment(home, known)
    assert told["GRID_DATABASE_URL"] == f"postgresql+asyncpg://{{role}}@{HOST}:8100/grid"
    assert told["GRID_KAFKA_BOOTSTRAP_SERVERS"] == told["KAFKA_BOOTSTRAP_SERVERS"] == f"{HOST}:8110"
    assert told["OIDC_ISSUER"] == f"http://{HOST}:8120"
    assert told["BAIYANG_URL"] == "http://127.0.0.1:8080"
    homes.lay_passwords(home, known)
    assert (tmp_path / "passwords" / "grid").read_text().startswith(f"{HOST}:8100:*:grid_")


def test_kafka_tells_clients_the_address_at_which_it_listens(tmp_path: Path) -> None:
    kafka = Kafka(tmp_path, port=1, host=HOST, controller_port=2, password="x")
    kafka._settle()
    settings = (tmp_path / "kafka.properties").read_text()
    assert f"\nadvertised.listeners=CLIENTS://{HOST}:1\n" in settings
    assert kafka.bootstrap_servers == f"{HOST}:1"


def test_what_formats_kafkas_disk_leaves_nothing_by_which_a_password_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(name: str, command: object, *, home: Path, **_: object) -> processes.Child:
        del command
        return processes.start(name, ["echo", "storedKey"], home=home)

    monkeypatch.setattr(Kafka, "_jars", lambda _: tmp_path)
    kafka = Kafka(tmp_path, port=1, controller_port=2, password="x", starter=say)
    kafka._settle()
    kafka._format()
    assert [file.name for file in (tmp_path / "log").iterdir()] == []


TAGS = {name: f"localhost/baiyang/{name}:7" for name in ("cli", "local", *SERVICES)}


def told_by(objects: list[Object]) -> dict[str, str]:
    return {name: value for one in objects if one["kind"] == "ConfigMap" for name, value in one["data"].items()}


def test_the_overlay_of_the_tests_tells_pods_of_this_machine(home: ClusterHome) -> None:
    objects = list(yaml.safe_load_all(kube.render(outside.lay_overlay(home, TAGS))))
    told = told_by(objects)
    assert (told["PGHOST"], told["PGPORT"], told["KAFKA_BOOTSTRAP_SERVERS"]) == (HOST, "18100", f"{HOST}:18110")
    assert told["BACKUP_TO"] == "/backups"
    assert {pod.container["image"] for pod in pods(objects)} == {*TAGS.values()} - {TAGS["local"]}
    ports = {one["metadata"]["name"]: one["spec"]["ports"] for one in objects if one["kind"] == "Service"}
    assert {name: port["nodePort"] for name, (port,) in ports.items()} == {
        f"{service}-api": site.NODE_PORTS[service] for service in SERVICES
    }


def test_a_city_that_is_wholly_inside_is_driven_through_ports_of_the_node(tmp_path: Path) -> None:
    home = InsideHome(tmp_path, 18080)
    objects = list(yaml.safe_load_all(kube.render(inside.lay_overlay(home, TAGS))))
    assert {pod.container["image"] for pod in pods(objects)} == {*TAGS.values()}
    told = told_by(objects)
    assert (told["PGHOST"], told["KAFKA_BOOTSTRAP_SERVERS"]) == ("postgres", "kafka:9092")
    assert (told["OIDC_ISSUER"], told["OIDC_JWKS_URL"]) == ("http://127.0.0.1:30807", "http://identity/jwks")
    (kafka,) = [pod for pod in pods(objects, "StatefulSet") if pod.owner == "StatefulSet/kafka"]
    assert {"name": "KAFKA_FRONT", "value": "127.0.0.1:30806"} in kafka.container["env"]
    told = homes.operator_environment(home, home.secrets())
    assert told["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:30806"
    assert told["GRID_DATABASE_URL"].endswith("127.0.0.1:30805/grid")


@pytest.mark.parametrize("overlay", ["external", "local"])
def test_every_secret_that_a_pod_is_told_of_is_laid(home: ClusterHome, overlay: str) -> None:
    laid = {(one["metadata"]["name"], key) for one in site.secrets(home.secrets()) for key in one["data"]}
    for pod in pods(list(yaml.safe_load_all(kube.render(site.OVERLAYS / overlay)))):
        told = [env["valueFrom"]["secretKeyRef"] for env in pod.container.get("env", ()) if "valueFrom" in env]
        assert {(each["name"], each["key"]) for each in told} <= laid
        named = [each["secretRef"] for each in pod.container.get("envFrom", ()) if "secretRef" in each]
        assert {each["name"] for each in named if not each.get("optional")} <= {name for name, _ in laid}


@pytest.mark.parametrize("claims", [inside.Inside.claims, outside.Outside.claims])
def test_every_volume_that_is_asked_for_is_laid(home: ClusterHome, claims: Sequence[str]) -> None:
    lay = inside.lay_overlay if len(claims) > 1 else outside.lay_overlay
    objects = list(yaml.safe_load_all(kube.render(lay(InsideHome(home.path, home.port), TAGS))))
    asked = {
        one["metadata"]["name"]
        for one in objects
        if one["kind"] == "PersistentVolumeClaim" and one["metadata"].get("namespace") == kube.NAMESPACE
    }
    asked |= {f"data-{one['metadata']['name']}-0" for one in objects if one["kind"] == "StatefulSet"}
    assert asked == set(claims)
