"""One address for all APIs, pages and API documents: HAProxy, as ``deploy/local/gateway`` says."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from local.processes import NotStarted

#: Configuration, front page, readiness.
FILES = Path(__file__).resolve().parents[1] / "gateway"

#: Debian installs it where an ordinary user's PATH does not look.
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def command() -> list[str | Path]:
    program = shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")
    if program is None:
        raise NotStarted("HAProxy is missing here: sudo apt-get install haproxy")
    return [program, "-db", "-f", FILES / "haproxy.cfg"]


def environment(ports: Mapping[str, int]) -> dict[str, str]:
    """What the configuration asks for; ``ports`` by name, its own as ``gateway``."""
    return {"GATEWAY_FILES": str(FILES), **{f"{name.upper()}_PORT": str(port) for name, port in ports.items()}}
