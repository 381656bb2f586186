"""The bill of materials of the image that this runs in, as CycloneDX: its Debian packages and its Python packages.

``docker run --rm --entrypoint python IMAGE /srv/bill.py``. The same image gives the same bill.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from urllib.parse import quote

DPKG = Path("/var/lib/dpkg/status")

Component = Mapping[str, object]


def of_debian(status: str) -> Iterator[Component]:
    for paragraph in status.split("\n\n"):
        said = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if said.get("Status", "").endswith(" installed"):
            name, version, machine = said["Package"], said["Version"], said["Architecture"]
            yield _component(name, version, f"pkg:deb/debian/{name}@{quote(version)}?arch={machine}")


def of_python(found: Iterable[Distribution]) -> Iterator[Component]:
    for package in found:
        name = package.metadata["Name"].lower().replace("_", "-")
        licences = package.metadata.get_all("License-Expression", [])
        more = {"licenses": [{"expression": licence} for licence in licences]} if licences else {}
        yield {**_component(name, package.version, f"pkg:pypi/{name}@{package.version}"), **more}


def _component(name: str, version: str, purl: str) -> Component:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def bill(debian: Iterable[Component], python: Iterable[Component]) -> dict[str, object]:
    """Each once: a package that lies in two places of the path is one."""
    components = {str(component["purl"]): component for component in (*debian, *python)}
    listed = [components[purl] for purl in sorted(components)]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": listed}


if __name__ == "__main__":
    base = Path(sys.base_prefix) / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    searched = [*sys.path, str(base / "site-packages"), "/usr/lib/python3/dist-packages"]
    print(json.dumps(bill(of_debian(DPKG.read_text()), of_python(distributions(path=searched))), indent=1))
