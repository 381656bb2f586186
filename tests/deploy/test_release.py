"""`deploy/k8s/release` asks for what a release needs in the order in which it needs it."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.architecture.guards import ROOT
from tests.cluster import images, kube

RELEASE = ROOT / "deploy/k8s/release"

_STAND_IN = """#!/bin/sh
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in *"$FAILS"*) exit 1 ;; esac
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Path:
    stand_in = tmp_path / "kubectl"
    stand_in.write_text(_STAND_IN)
    stand_in.chmod(0o755)
    return stand_in


def release(kubectl: Path, *arguments: str, fails: str = "nothing") -> tuple[int, list[str]]:
    """Its exit code, and the selectors and waits that it asked kubectl for."""
    asked = kubectl.with_name("asked")
    told = os.environ | {"KUBECTL": str(kubectl), "ASKED": str(asked), "FAILS": fails}
    done = subprocess.run([RELEASE, *arguments], env=told, capture_output=True, text=True, check=False)
    lines = asked.read_text().splitlines() if asked.exists() else []
    return done.returncode, [line.partition(" -l ")[2] or line for line in lines]


def test_schemas_come_first_and_each_service_when_the_one_before_it_is_ready(kubectl: Path) -> None:
    code, asked = release(kubectl, "city")
    assert code == 0
    ours = "app.kubernetes.io/part-of=baiyang"
    assert asked[:5] == [
        "kustomize city",
        "!app.kubernetes.io/component",
        f"{ours} --ignore-not-found",
        "app.kubernetes.io/component in (migrate,topics)",
        f"{ours} --timeout=600s",
    ]
    services = [line.removeprefix("app.kubernetes.io/name=") for line in asked[5:]]
    assert [service.split(",")[0].split(" ")[0] for service in services] == [
        *("notify", "notify", "intake", "intake", "routing", "routing", "grid", "grid")
    ]
    assert services[1] == "notify --timeout=600s"


def test_what_does_not_become_ready_stops_the_rest(kubectl: Path) -> None:
    code, asked = release(kubectl, "city", fails="rollout status deployment -l app.kubernetes.io/name=intake")
    assert code != 0
    assert not [line for line in asked if "routing" in line]


def test_without_an_overlay_it_says_how(kubectl: Path) -> None:
    assert release(kubectl) == (2, [])


@pytest.mark.parametrize("overlay", ["external", "city"])
def test_every_object_is_laid_once(overlay: str) -> None:
    """By one of the selectors: what has no component, the Jobs, each service's own."""
    for one in yaml.safe_load_all(kube.render(ROOT / "deploy/k8s/overlays" / overlay)):
        labels = one["metadata"].get("labels", {})
        component = labels.get("app.kubernetes.io/component")
        assert component in (None, "api", "consumer", "relay", "clock", "migrate", "topics")
        if component in ("api", "consumer", "relay", "clock"):
            assert labels["app.kubernetes.io/name"] in ("grid", "intake", "notify", "routing")


def test_the_tags_of_built_images_are_told_from_what_a_builder_says() -> None:
    said = "STEP 1/3: FROM x\nlocalhost/baiyang/grid:7\nCOMMIT localhost/baiyang/cli:7\nregistry:5000/by/cli:7\n"
    assert dict(images._tags(said)) == {"grid": "localhost/baiyang/grid:7", "cli": "registry:5000/by/cli:7"}
