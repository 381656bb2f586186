"""``python -m contracts check`` compares what is generated with what is committed; ``write`` writes it."""

import sys
from pathlib import Path

from contracts.catalogue import ASYNCAPI, EXAMPLES, HOME, SCHEMAS, generated
from contracts.topics import EVENTS


def check() -> list[str]:
    """What stands in the way of a commit, one line each."""
    expected = generated()
    faults = [_fault(path) for path, text in expected.items() if _read(path) != text]
    faults += [f"{_name(path)}: no event has this type" for path in _strangers(expected)]
    faults += [f"{_name(EXAMPLES / name)}: fewer than two examples" for name in EVENTS if _examples(name) < 2]
    return faults


def write() -> None:
    SCHEMAS.mkdir(exist_ok=True)
    expected = generated()
    for path in _strangers(expected):
        if path.parent == SCHEMAS:
            path.unlink()
    for path, text in expected.items():
        path.write_text(text)


def _fault(path: Path) -> str:
    told = "differs from the event classes" if _read(path) else "is missing"
    return f"{_name(path)}: {told}; run: python -m contracts write"


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _strangers(expected: dict[Path, str]) -> list[Path]:
    schemas = [path for path in SCHEMAS.glob("*") if path not in expected]
    return schemas + [path for path in EXAMPLES.glob("*") if path.name not in EVENTS]


def _examples(event_type: str) -> int:
    return len(list((EXAMPLES / event_type).glob("*.json")))


def _name(path: Path) -> str:
    return str(path.relative_to(HOME))


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        write()
        print(f"Wrote {len(EVENTS)} schemas and {ASYNCAPI.name}.")
        return 0
    if arguments == ["check"]:
        faults = check()
        print("\n".join(faults) if faults else f"{len(EVENTS)} event types are as committed.")
        return 1 if faults else 0
    print("usage: python -m contracts check|write", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
