"""When people work: by the city's own calendar, in the hours that most stations keep."""

from datetime import date, datetime, time, timedelta

from routing.domain.calendar import Calendar

from simulation.city import ZONE

OPENS, CLOSES = time(8, 30), time(17, 30)
ONE_DAY = timedelta(days=1)


class Days:
    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    def at_work(self, at: datetime) -> datetime:
        """The instant itself, or when work begins next; early birds and late ones all keep to the minute."""
        local = at.astimezone(ZONE)
        day = local.date()
        if not self.calendar.is_working(day) or local.time() >= CLOSES:
            return self._opening(next(self.calendar.working_days_after(day)), local)
        return self._opening(day, local) if local.time() < OPENS else at

    def _opening(self, day: date, local: datetime) -> datetime:
        """Not everybody begins at the same minute: as many after the opening as the instant had past its own hour."""
        return midnight_of(day) + timedelta(hours=OPENS.hour, minutes=OPENS.minute + local.minute, seconds=local.second)


def midnight_of(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=ZONE)


def day_at(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()
