"""What fails for a while, told from what fails for good."""

import socket

import asyncpg
import sqlalchemy.exc

from kit.errors import Unavailable


def is_away(error: BaseException) -> bool:
    """Whether it is something that comes back by itself, so that trying again is right and giving up is wrong."""
    if isinstance(error, Unavailable | sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        return error.connection_invalidated or _passes(error.orig) or _passes(cause)
    return _passes(error)


def told(error: BaseException) -> str:
    """What is away in a word, or what to do where a person has to."""
    while error.__cause__ is not None and not isinstance(error, sqlalchemy.exc.DBAPIError):
        error = error.__cause__
    state = str(getattr(getattr(error, "orig", error), "sqlstate", ""))
    return _REMEDIES.get(state, type(error).__name__)


_REMEDIES = {
    "53100": "its disk is full: make room there",
    "53300": "it takes no more connections: it is being restored, or max_connections is too small",
    "28P01": "it refuses the role's password: set the one that it knows",
}


def _passes(error: BaseException | None) -> bool:
    # asyncpg calls an argument of the wrong kind an InterfaceError too, and a missing file is an OSError: those stay.
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)
    return isinstance(error, _PASSING) or type(error) is OSError


_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
