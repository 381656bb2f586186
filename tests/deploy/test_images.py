"""What images are made of; that they build and run is seen where there is a cluster."""

import difflib
import os
import re
import runpy
import subprocess
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.guards import ROOT

DOCKERFILES = sorted([*ROOT.glob("services/*/Dockerfile"), *ROOT.glob("shared/*/Dockerfile")])
LOCAL = ROOT / "deploy/local/Dockerfile"
BILL = runpy.run_path(str(ROOT / "deploy/images/bill.py"))

DEBIAN = """\
Package: libssl3
Status: install ok installed
Architecture: amd64
Version: 3.0.16-1~deb12u1
Description: Secure Sockets Layer toolkit
 Version: none of this

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
"""


def test_each_service_and_the_command_line_have_a_dockerfile() -> None:
    assert [file.parent.name for file in DOCKERFILES] == ["grid", "intake", "notify", "routing", "cli"]


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_dockerfiles_differ_in_whose_they_are_alone(file: Path) -> None:
    first, its = DOCKERFILES[0], file.read_text()
    assert its == first.read_text().replace("ARG SERVICE=grid\n", f"ARG SERVICE={file.parent.name}\n")


def test_the_servers_image_is_made_as_the_services_are_and_has_kafka_beside() -> None:
    service = DOCKERFILES[0].read_text().replace("ARG SERVICE=grid\n", "ARG SERVICE=local\n").splitlines()[2:]
    more = LOCAL.read_text().splitlines()
    assert [line for line in difflib.ndiff(service, more) if line.startswith("- ")] == []
    assert "kafka/pom.xml" in LOCAL.read_text()


def test_an_image_is_made_of_all_that_its_dockerfile_copies() -> None:
    """Let through by `.dockerignore`: what is not fails a build, which no test sees."""
    let = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for file in (*DOCKERFILES, LOCAL):
        copied = re.findall(r"^COPY (?!--from)(\S+) ", file.read_text(), re.MULTILINE)
        assert {one for one in copied if one != "."} <= set(let)


def build(*services: str, **told: str) -> list[str]:
    """What the builder is asked for, a line each."""
    done = subprocess.run(
        [ROOT / "deploy/images/build", *services],
        env=os.environ | {"BUILD": "echo", "VERSION": "7"} | told,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_one_image_is_built_by_whatever_command_is_named() -> None:
    asked, tag = build("intake", REGISTRY="registry.city/by", BASE="registry.city/python:3.11")
    assert tag == "registry.city/by/intake:7"
    assert asked.startswith("registry.city/by/intake:7 . -f services/intake/Dockerfile --build-arg VERSION=7 ")
    assert asked.endswith("--build-arg BASE=registry.city/python:3.11")


def test_all_are_built_where_none_is_named() -> None:
    tags = [line for line in build() if " " not in line]
    assert tags == [f"localhost/baiyang/{name}:7" for name in ("grid", "intake", "notify", "routing", "cli", "local")]


def test_a_dockerfile_is_found_wherever_its_package_lies() -> None:
    asked = [line.partition(" -f ")[2].split()[0] for line in build() if " -f " in line]
    assert asked == [str(file.relative_to(ROOT)) for file in (*DOCKERFILES, LOCAL)]


class Package(Distribution):
    def read_text(self, filename: str) -> str | None:
        said = "Name: Py_One\nVersion: 2.1\nLicense-Expression: MIT\n"
        return said if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return path


def test_the_bill_names_what_is_installed_once_and_in_order() -> None:
    bill = BILL["bill"](BILL["of_debian"](DEBIAN), BILL["of_python"]([Package(), Package()]))
    assert [component["purl"] for component in bill["components"]] == [
        "pkg:deb/debian/libssl3@3.0.16-1~deb12u1?arch=amd64",
        "pkg:pypi/py-one@2.1",
    ]
    assert bill["components"][1]["licenses"] == [{"expression": "MIT"}]
