"""What fails for a while, and what fails for good: one answer for requests, events and clocks."""

import socket

import asyncpg
import pytest
from kit.away import is_away, sqlstate
from kit.errors import Conflict, Unavailable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class _OfDriver(Exception):
    """As SQLAlchemy hands on what a driver raised."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


def of_database(sqlstate: str | None, cause: Exception | None = None) -> DBAPIError:
    error = _OfDriver(sqlstate)
    error.__cause__ = cause
    return DBAPIError("select 1", {}, error)


@pytest.mark.parametrize(
    "error",
    [
        *map(of_database, ("08006", "53300", "57P01", "58030", "40001", "40P01", "28P01", "55P03", "25P03", "25006")),
        of_database(None, asyncpg.InterfaceError("connection is closed")),
        of_database(None, ConnectionResetError()),
        asyncpg.CannotConnectNowError(),
        asyncpg.DeadlockDetectedError(),
        *(ConnectionRefusedError(), TimeoutError(), socket.gaierror(), OSError("multiple exceptions"), PoolTimeout()),
        Unavailable("away", "Away."),
    ],
)
def test_what_comes_back_by_itself_is_tried_again(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        *map(of_database, ("23505", "22P02", "42501", "25P02", "25001", None)),
        of_database(None, asyncpg.exceptions._base.InternalClientError()),
        asyncpg.UniqueViolationError(),
        asyncpg.DataError("an argument of the wrong kind"),
        *(FileNotFoundError(), ValueError(), Conflict("no", "No.")),
    ],
)
def test_what_is_broken_stays_so(error: Exception) -> None:
    assert not is_away(error)


def test_a_lost_connection_is_away_whatever_was_said_last() -> None:
    assert is_away(DBAPIError("select 1", {}, _OfDriver("23505"), connection_invalidated=True))


def test_a_state_is_the_drivers() -> None:
    assert (sqlstate(of_database("23505")), sqlstate(asyncpg.UniqueViolationError()), sqlstate(ValueError())) == (
        *("23505", "23505"),
        "",
    )
