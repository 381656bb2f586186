"""What comes into force only once every process reads it for what it says."""

from kit.db import UnitOfWork

from routing.domain.releases import list_behind
from routing.errors import ReleaseBeforeRuns
from routing.repository import connections


def check_known(uow: UnitOfWork, form: int) -> None:
    """Processes of releases before are known by their connections: they have some as long as they run."""
    if behind := list_behind(connections.list_names(uow), form):
        raise ReleaseBeforeRuns(behind)
