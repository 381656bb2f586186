"""What stands outside of a cluster: servers of this machine where pods reach them, and the overlay that says where."""

from pathlib import Path

import pytest
import yaml
from local import home as homes
from local.home import SERVICES, Home
from local.kafka import Kafka

from tests.cluster import kube, outside
from tests.cluster.outside import Outside

HOST = "10.0.0.5"


@pytest.fixture
def home(tmp_path: Path) -> Outside:
    return Outside(tmp_path, 18080, host=HOST)


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


def test_the_overlay_of_the_tests_tells_pods_of_this_machine(home: Outside) -> None:
    folder = outside.lay_overlay(home, {name: f"localhost/baiyang/{name}:7" for name in ("cli", *SERVICES)})
    objects = list(yaml.safe_load_all(kube.render(folder)))
    told = {name: value for one in objects if one["kind"] == "ConfigMap" for name, value in one["data"].items()}
    assert (told["PGHOST"], told["PGPORT"], told["KAFKA_BOOTSTRAP_SERVERS"]) == (HOST, "18100", f"{HOST}:18110")
    images = {
        one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in objects
        if one["kind"] in ("Deployment", "Job")
    }
    assert images == {f"localhost/baiyang/{name}:7" for name in ("cli", *SERVICES)}
    ports = {one["metadata"]["name"]: one["spec"]["ports"] for one in objects if one["kind"] == "Service"}
    assert {name: port["nodePort"] for name, (port,) in ports.items()} == {
        f"{service}-api": outside.NODE_PORTS[service] for service in SERVICES
    }


def test_every_secret_that_a_pod_is_told_of_is_laid(home: Outside) -> None:
    laid = {(one["metadata"]["name"], key) for one in outside.secrets(home.secrets()) for key in one["data"]}
    manifests = kube.render(outside.EXTERNAL)
    for one in yaml.safe_load_all(manifests):
        if one["kind"] in ("Deployment", "Job"):
            (container,) = one["spec"]["template"]["spec"]["containers"]
            told = [env["valueFrom"]["secretKeyRef"] for env in container["env"] if "valueFrom" in env]
            assert {(each["name"], each["key"]) for each in told} <= laid
            named = {each["secretRef"]["name"] for each in container["envFrom"] if "secretRef" in each}
            assert named <= {name for name, _ in laid}
