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
