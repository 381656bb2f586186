"""``python -m tests.bench.state 10k|100k|1m|5m HOME``: fill the city that runs in HOME (PORT as it was started)."""

import os
import sys
from pathlib import Path

from tests.bench.bench import scale_of
from tests.bench.state import load
from tests.system.city import City


def main() -> None:
    scale, home = sys.argv[1:]
    city = City(Path(home).resolve(), int(os.environ.get("PORT", "8080")))
    rows = load(city, scale_of(scale), seed=int(os.environ.get("SEED", "1")), say=print)
    for table, count in sorted(rows.items()):
        print(f"{table:20} {count:12,}")


if __name__ == "__main__":
    main()
