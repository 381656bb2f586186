"""`deploy/k8s/release` and `restore` ask for what they need in the order in which they need it."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.architecture.guards import ROOT
from tests.cluster import images, kube

RELEASE, RESTORE = ROOT / "deploy/k8s/release", ROOT / "deploy/k8s/restore"

_STAND_IN = """#!/bin/sh
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in *"$FAILS"*) exit 1 ;; *"get statefulset"*) echo "$SERVERS" ;; esac
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Path:
    stand_in = tmp_path / "kubectl"
    stand_in.write_text(_STAND_IN)
    stand_in.chmod(0o755)
    return stand_in


def release(
    kubectl: Path, *arguments: str, fails: str = "nothing", servers: str = "", script: Path = RELEASE
) -> tuple[int, list[str]]:
    """Its exit code, and the selectors and waits that it asked kubectl for."""
    asked = kubectl.with_name("asked")
    asked.unlink(missing_ok=True)
    told = os.environ | {"KUBECTL": str(kubectl), "ASKED": str(asked), "FAILS": fails, "SERVERS": servers}
    done = subprocess.run([script, *arguments], env=told, capture_output=True, text=True, check=False)
    lines = asked.read_text().splitlines() if asked.exists() else []
    return done.returncode, [line.partition(" -l ")[2] or line for line in lines]


def test_schemas_come_first_and_each_service_when_the_one_before_it_is_ready(kubectl: Path) -> None:
    code, asked = release(kubectl, "city")
    assert code == 0
    ours = "app.kubernetes.io/part-of=baiyang"
    jobs = "app.kubernetes.io/component in (migrate,topics)"
    assert asked[:6] == [
        "kustomize city",
        "!app.kubernetes.io/component",
        f"{ours} -o name",
        f"{jobs} --ignore-not-found",
        jobs,
        f"{jobs} --timeout=600s",
    ]
    services = [line.removeprefix("app.kubernetes.io/name=") for line in asked[6:]]
    assert [service.split(",")[0].split(" ")[0] for service in services] == [
        *("notify", "notify", "intake", "intake", "routing", "routing", "grid", "grid")
    ]
    assert services[1] == "notify --timeout=600s"


def test_what_does_not_become_ready_stops_the_rest(kubectl: Path) -> None:
    code, asked = release(kubectl, "city", fails="rollout status deployment -l app.kubernetes.io/name=intake")
    assert code != 0
    assert not [line for line in asked if "routing" in line]


def test_servers_that_an_overlay_brings_come_before_what_asks_them(kubectl: Path) -> None:
    waits = "-n baiyang rollout status statefulset.apps/kafka --timeout=600s"
    _, asked = release(kubectl, "local", servers="statefulset.apps/kafka")
    assert asked[3] == waits
    code, asked = release(kubectl, "local", servers="statefulset.apps/kafka", fails="status statefulset")
    assert code != 0
    assert asked[-1] == waits


def test_without_an_overlay_it_says_how(kubectl: Path) -> None:
    assert release(kubectl) == release(kubectl, "local", script=RESTORE) == (2, [])


def test_a_restore_begins_when_nothing_of_the_city_runs_and_says_what_it_said(kubectl: Path) -> None:
    code, asked = release(kubectl, "local", "/backups/1", script=RESTORE)
    assert code == 0
    ended = next(n for n, line in enumerate(asked) if "--cascade=foreground" in line)
    begun = next(n for n, line in enumerate(asked) if "RESTORE_FROM=/backups/1" in line)
    assert ended < begun
    assert asked[-2:] == [
        "-n baiyang logs job/restore",
        "-n baiyang wait --for=condition=complete job/restore --timeout=30s",
    ]


def test_a_restore_that_fails_says_so_by_its_end(kubectl: Path) -> None:
    assert release(kubectl, "local", "/backups/1", script=RESTORE, fails="condition=complete")[0] != 0


@pytest.mark.parametrize("overlay", ["external", "local", "city"])
def test_every_object_is_laid_once(overlay: str) -> None:
    """By one of the selectors: what has no component, the Jobs, each service's own."""
    for one in yaml.safe_load_all(kube.render(ROOT / "deploy/k8s/overlays" / overlay)):
        labels = one["metadata"].get("labels", {})
        component = labels.get("app.kubernetes.io/component")
        assert component in (None, "api", "consumer", "relay", "clock", "migrate", "topics")
        if component in ("api", "consumer", "relay", "clock"):
            assert labels["app.kubernetes.io/name"] in ("grid", "intake", "notify", "routing")


def test_the_release_before_is_one_whose_migrations_are_all_here_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch that has not landed yet may have another's number."""
    had = {"HEAD": ("0001_a", "0002_b", "0003_mine"), "merged": ("0001_a", "0002_b", "0002_mine"), "main": ("0001_a",)}

    def git(*asked: str) -> str:
        match asked:
            case "rev-list", "--first-parent", _:
                return "HEAD merged main"
            case "ls-tree", *_, commit, _:
                return " ".join(f"services/grid/grid/migrations/versions/{name}.py" for name in had[commit])
            case _:
                return "def serves"

    monkeypatch.setattr(images, "_git", git)
    monkeypatch.delenv("BEFORE", raising=False)
    assert images.before() == "main"


def test_the_tags_of_built_images_are_told_from_what_a_builder_says() -> None:
    said = "STEP 1/3: FROM x\nlocalhost/baiyang/grid:7\nCOMMIT localhost/baiyang/cli:7\nregistry:5000/by/cli:7\n"
    assert dict(images._tags(said)) == {"grid": "localhost/baiyang/grid:7", "cli": "registry:5000/by/cli:7"}
