"""Instants and days as people say them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_WEEKDAYS = {
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def spoken(moment: datetime, *, language: str, zone: ZoneInfo) -> str:
    """11月25日(星期三)17:30, or Wednesday 25 November, 17:30, by the city's clock."""
    local = moment.astimezone(zone)
    time = f"{local:%H:%M}"
    if language == "zh":
        return f"{local.month}月{local.day}日（{_WEEKDAYS['zh'][local.weekday()]}）{time}"
    return f"{_WEEKDAYS['en'][local.weekday()]} {local.day} {_MONTHS[local.month - 1]}, {time}"


def spoken_day(day: date, *, language: str) -> str:
    """2027年3月31日（星期三）, or Wednesday 31 March 2027: with its year, since it may lie far ahead."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS['zh'][day.weekday()]}）"
    return f"{_WEEKDAYS['en'][day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"
