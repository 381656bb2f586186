"""How a fault reaches into a process that runs: a file in a folder, taken once by whoever comes to the point first."""

import json
import os
from pathlib import Path

#: What the processes say of what they have done, a line each.
TOLD = "told.jsonl"

#: Whose file it is where every process looks at the same.
CITY = "city"


def file_of(folder: Path, service: str, what: str) -> Path:
    return folder / f"{service}.{what}"


class Arming:
    """Seen from inside one service. Nothing here may cost what would be felt: each point asks at each pass."""

    def __init__(self, service: str, folder: Path) -> None:
        self.service = service
        self._folder = folder

    def take(self, what: str) -> bool:
        """Whether it was armed; it is not any more."""
        try:
            os.unlink(f"{self._folder}/{self.service}.{what}")  # noqa: PTH108  # three times as fast, in every step
        except FileNotFoundError:
            return False
        return True

    def value(self, what: str, *, of: str = "") -> str:
        """What stands in the file while it is there; ``of``: in another's than this service's."""
        try:
            with open(f"{self._folder}/{of or self.service}.{what}") as file:  # noqa: PTH123  # as above
                return file.read()
        except FileNotFoundError:
            return ""

    def tell(self, what: str, **facts: object) -> None:
        with (self._folder / TOLD).open("a") as file:
            file.write(json.dumps({"what": what, "service": self.service, **facts}) + "\n")
