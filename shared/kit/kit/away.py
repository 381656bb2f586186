"""What fails for a while, told from what fails for good."""

import socket

import asyncpg
import sqlalchemy.exc
from sqlalchemy.exc import DBAPIError

from kit.errors import Unavailable

#: Classes of SQLSTATE: no connection, no room, shutting down or cut short, an I/O error, rolled back, not let in.
_PASSING_CLASSES = ("08", "53", "57", "58", "40", "28")
#: And of other classes: a lock that was not given, a session that was ended while idle, a standby that is not the
#: primary yet. A statement in a transaction that has failed already (25P02) is a defect, and never passes.
_PASSING_STATES = ("55P03", "25P03", "25006")


def is_away(error: BaseException) -> bool:
    """Whether it is something that comes back by itself, so that trying again is right and giving up is wrong: a
    request is answered 503 and not as a defect, an event waits and is not buried, a clock sets nothing aside.
    """
    if isinstance(error, Unavailable | sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        return error.connection_invalidated or _passes(error.orig) or _passes(cause)
    return _passes(error)


def sqlstate(error: BaseException | None) -> str:
    of_driver = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(of_driver, "sqlstate", "") or "")


def told(error: BaseException) -> str:
    """What is away in a word, or what to do where a person has to."""
    while error.__cause__ is not None and not isinstance(error, DBAPIError):
        error = error.__cause__
    return _REMEDIES.get(sqlstate(error), type(error).__name__)


#: What a server says that has no room on its disk.
DISK_FULL = "53100"
#: And what one says that lets nobody else in.
NO_CONNECTION_LEFT = "53300"
NO_MORE_CONNECTIONS = "takes no more connections: it is being restored, or max_connections is too small"

_REMEDIES = {
    DISK_FULL: "its disk is full: make room there",
    NO_CONNECTION_LEFT: f"it {NO_MORE_CONNECTIONS}",
    "28P01": "it refuses the role's password: set the one that it knows",
}


def _passes(error: BaseException | None) -> bool:
    if state := sqlstate(error):
        return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
    # asyncpg calls an argument of the wrong kind an InterfaceError too, and a missing file is an OSError: those stay.
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)
    return isinstance(error, ConnectionError | TimeoutError | socket.gaierror) or type(error) is OSError
