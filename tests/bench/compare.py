"""``make bench-compare OLD=… NEW=…``: each figure of two runs, and what got worse than it varied."""

import os
import sys
from pathlib import Path

from tests.bench.figures import Report, changes, comparison


def main() -> int:
    if len(sys.argv) != 3:
        print("python -m tests.bench.compare OLD NEW")
        return 2
    if missing := [name for name in sys.argv[1:] if not Path(name).is_file()]:
        print(f"there is no file {' or '.join(missing)}: `make bench OUT=…` writes one")
        return 2
    old, new = (Report.read(Path(name)) for name in sys.argv[1:])
    for name, report in (("old", old), ("new", new)):
        dirty = " with changes" if report.about["dirty"] else ""
        print(f"{name}: {report.about['time']} commit {report.about['commit'][:10]}{dirty}, {report.about['machine']}")
    found = list(changes(old, new))
    print(f"\n{comparison(found)}")
    return 1 if os.environ.get("STRICT") == "1" and any(change.is_worse for change in found) else 0


if __name__ == "__main__":
    sys.exit(main())
