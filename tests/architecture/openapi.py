"""The four APIs' OpenAPI documents, as committed: ``python -m tests.architecture.openapi check|write``."""

import json
import sys
from pathlib import Path

from tests.architecture.guards import ROOT
from tests.system.apis import SERVICES, aspect_of, settings_of

DOCUMENTS = ROOT / "docs" / "openapi"


def document_of(service: str) -> str:
    app = aspect_of(service, settings_of(service)).app
    assert app is not None
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"


def generated(home: Path = DOCUMENTS) -> dict[Path, str]:
    return {home / f"{service}.json": document_of(service) for service in SERVICES}


def check(home: Path = DOCUMENTS) -> list[str]:
    expected = generated(home)
    faults = [
        f"{path.name}: differs from the routes; run: python -m tests.architecture.openapi write"
        for path, text in expected.items()
        if not path.exists() or path.read_text() != text
    ]
    return faults + [f"{path.name}: no API has this document" for path in home.glob("*") if path not in expected]


def write(home: Path = DOCUMENTS) -> None:
    home.mkdir(exist_ok=True)
    for path, text in generated(home).items():
        path.write_text(text)


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        write()
        return 0
    faults = check()
    print("\n".join(faults) if faults else f"{len(SERVICES)} documents are as committed.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
