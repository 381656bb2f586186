"""A row as the platform's public API takes it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contracts.intake import Channel, Language

from cli.import_.reading import NEEDED, Row

CHANNELS = tuple(channel.value for channel in Channel)


@dataclass(frozen=True)
class Defaults:
    channel: str
    source: str
    historic: bool = False
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True)
class Ready:
    """A row that can be sent, or why it cannot."""

    line: int
    external_id: str = ""
    body: dict[str, Any] | None = None
    trouble: str = ""


def to_appeal(row: Row, defaults: Defaults, *, city: str | None = None) -> Ready:
    if row.trouble:
        return Ready(row.line, trouble=row.trouble)
    missing = next((name for name in NEEDED if not row.values.get(name)), None)
    if missing:
        return Ready(row.line, trouble=f"column {missing}: is empty: fill it")
    try:
        written = read_moment(row.values.get("written_at"), ZoneInfo(defaults.zone))
    except ValueError:
        return Ready(row.line, trouble="column written_at: not a date, as 2026-09-01 or 2026-09-01T09:30:00+08:00")
    try:
        assignment = _assignment(row, defaults)
    except ValueError as error:
        return Ready(row.line, trouble=str(error))
    body = {
        "channel": defaults.channel,
        "words": row.values["words"],
        "who": _who(row, defaults),
        "source": defaults.source,
        "external_id": row.values["external_id"],
        "written_at": written,
        "historic": defaults.historic or None,
        "city": city,
        "assignment": assignment,
        **{name: row.values.get(name) for name in ("title", "address", "place", "category", "language")},
    }
    return Ready(row.line, row.values["external_id"], {name: value for name, value in body.items() if value})


#: How a file says that they want a report back.
_WANTED = {"yes", "true", "1", "是"}


def _assignment(row: Row, defaults: Defaults) -> dict[str, Any] | None:
    """What was assigned from above: the source is who did, the external id their number."""
    if defaults.channel != Channel.ASSIGNED or defaults.historic:
        return None
    try:
        due_at = read_moment(row.values.get("due_at"), ZoneInfo(defaults.zone))
    except ValueError:
        raise ValueError("column due_at: not a date, as 2026-09-01T18:00:00+08:00") from None
    if due_at is None:
        raise ValueError("column due_at: is empty: what is assigned from above has a limit of theirs")
    is_owed = str(row.values.get("report_owed", "")).lower() in _WANTED
    return {
        "office": defaults.source,
        "number": row.values["external_id"],
        "due_at": due_at,
        "report_owed": is_owed,
    }


def _who(row: Row, defaults: Defaults) -> dict[str, Any]:
    """An author is one outsider, told in the sandbox; who left a telephone number is told there."""
    author, phone = row.values.get("author"), row.values.get("phone")
    if not (author or phone or row.values.get("name")):
        return {"kind": "anonymous"}
    who: dict[str, Any] = {"kind": "outsider", "language": row.values.get("language", Language.CHINESE.value)}
    if row.values.get("name"):
        who["name"] = row.values["name"]
    if author:
        who |= {"origin": author, "means": "sandbox", "address": f"{defaults.source}:{author}"}
    if phone:
        who |= {"means": "sms", "address": phone}
    return who


#: Dates as spreadsheets of the field spell them: 2019/3/5 8:00:00, 2019年3月5日.
_SPELT = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")


def read_moment(value: Any, zone: ZoneInfo) -> str | None:
    if not value:
        return None
    moment = value if isinstance(value, datetime) else _read_moment(value, zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _read_moment(text: str, zone: ZoneInfo) -> datetime:
    spelt = _SPELT.fullmatch(text)
    if not spelt:
        return datetime.fromisoformat(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in spelt.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)
