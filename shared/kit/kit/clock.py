"""The one clock that domain decisions are made by; a test or a simulation drives another."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Protocol

from pydantic import AwareDatetime, Field

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

#: An instant that is handed in: within what calendars and the database can hold in every zone.
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
Day = Annotated[date, Field(ge=EARLIEST.date(), le=LATEST.date())]


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class DrivenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by

    def set(self, to: datetime) -> None:
        self._now = to
