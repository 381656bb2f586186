"""Python reads this before anything else where it stands on PYTHONPATH: harm is laid into services under chaos."""

import os
import sys
from pathlib import Path


def _service() -> str | None:
    """The service that this process is (``python -m routing all``), if it is one."""
    given = sys.orig_argv
    named = given[given.index("-m") + 1 :][:1] if "-m" in given else []
    return next((name for name in named if f"{name.upper()}_DATABASE_URL" in os.environ), None)


if os.environ.get("BAIYANG_CHAOS") and (_found := _service()):
    sys.path.append(str(Path(__file__).resolve().parents[3]))
    from tests.chaos.inside.wraps import lay

    lay(_found, Path(os.environ["BAIYANG_CHAOS"]), bug=os.environ.get("BAIYANG_CHAOS_BUG", ""))
