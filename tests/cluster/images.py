"""The images of this release, and of the last before it whose schema was another."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.system.city import ROOT

NAMES = ("cli", "grid", "intake", "notify", "routing")

#: Of `overlays/local` beside.
SERVERS = "local"

_MIGRATION = re.compile(r"services/(\w+)/\1/migrations/versions/\d+_\w+\.py")


def of_this_release(*more: str) -> Mapping[str, str]:
    """Tags by name, of ``more`` too. IMAGES names the tag of those that are on the nodes already."""
    if tag := os.environ.get("IMAGES"):
        registry = os.environ.get("REGISTRY", "localhost/baiyang")
        return {name: f"{registry}/{name}:{tag}" for name in (*NAMES, *more)}
    return build(ROOT, *more)


def of_the_release_before() -> Mapping[str, str]:
    commit = before()
    with tempfile.TemporaryDirectory(prefix="baiyang-before-") as folder:
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        return build(Path(folder), VERSION=commit[:12])


def before() -> str:
    """The last that landed with some of today's migrations and no other, and which knows that a schema may be ahead: a
    branch's own commits were never anybody's release. BEFORE names another.
    """
    if named := os.environ.get("BEFORE"):
        return named
    now = migrations("HEAD")
    for commit in _git("rev-list", "--first-parent", "HEAD").split():
        if migrations(commit) < now and "def serves" in _git("show", f"{commit}:shared/kit/kit/app/revisions.py"):
            return commit
    raise LookupError("no release before this one has another schema and says whom it serves")


def migrations(commit: str) -> frozenset[str]:
    return frozenset(
        path for path in _git("ls-tree", "-r", "--name-only", commit, "services").split() if _MIGRATION.fullmatch(path)
    )


def build(folder: Path, *more: str, **told: str) -> Mapping[str, str]:
    done = subprocess.run(
        [folder / "deploy/images/build", *NAMES, *more],
        env=os.environ | told,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=3600,
    )
    return dict(_tags(done.stdout))


def _tags(said: str) -> Iterator[tuple[str, str]]:
    """A line each, after whatever the builder says."""
    for line in said.splitlines():
        if found := re.fullmatch(r"\S+/(\w+):\S+", line):
            yield found[1], line


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
