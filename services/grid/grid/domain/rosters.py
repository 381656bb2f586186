"""Duty rosters: who acts in the posts of a place for what is urgent, while its station is closed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.spans import Span, left_of

from grid.domain.import_posts import each, moment_of
from grid.domain.imports import Refused, Row, RowProblem, text_of
from grid.domain.posts import Post

#: More make the events of a post too long.
MOST_TURNS = 1_000

#: Where neither the place nor any above it has hours of its own.
ORDINARY_HOURS = tuple({"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(5))


@dataclass(frozen=True)
class Turn:
    """``line``: of the file."""

    line: int
    post: str
    subject: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Gap:
    """Between two turns in a post, while its station is closed. ``line``: of the turn behind it."""

    line: int
    post: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Roster:
    """A version, whole: what it does not name is on duty no more."""

    place_id: UUID
    version: int
    note: str
    at: datetime
    by: str | None
    turns: tuple[Turn, ...]


def read_turns(
    rows: Iterable[Row], posts: Mapping[str, Post], people: Collection[str], zone: ZoneInfo
) -> tuple[list[Turn], list[RowProblem]]:
    """``posts``: those of the place; ``people``: who holds any post now."""
    turns: list[Turn] = []
    problems: list[RowProblem] = []
    each(rows, lambda row: turns.append(_turn(row, posts, people, zone)), problems)
    return turns, problems + list(_overlaps(turns))


def _turn(row: Row, posts: Mapping[str, Post], people: Collection[str], zone: ZoneInfo) -> Turn:
    post, subject = text_of(row, "post", most=64), text_of(row, "subject", most=120)
    if post not in posts:
        raise Refused("post", "post_unknown", f"there is no open post {post} at this place that is yours to manage")
    if subject not in people:
        raise Refused("subject", "holds_nothing", f"{subject} holds no post now: name somebody who does")
    since, until = moment_of(row, "since", zone), moment_of(row, "until", zone)
    if since is None or until is None:
        column = "until" if since else "since"
        raise Refused(column, "missing", f"{column} is empty: fill it, as 2026-12-01 17:00")
    if until <= since:
        raise Refused("until", "term_backwards", "until is not after since: give a later end")
    return Turn(row.line, post, subject, since, until)


def _overlaps(turns: Iterable[Turn]) -> Iterator[RowProblem]:
    for earlier, later in _one_behind_the_other(turns):
        if later.since < earlier.until:
            reason = f"it begins before that of line {earlier.line} ends: one is on duty in a post at an instant"
            yield RowProblem(later.line, "since", "overlaps", reason)


def list_gaps(turns: Iterable[Turn], hours: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[Gap]:
    """By a station's hours of the week: of holidays nothing is known here."""
    return [
        Gap(later.line, later.post, *gap)
        for earlier, later in _one_behind_the_other(turns)
        for gap in left_of((earlier.until, later.since), _openings(earlier.until, later.since, hours, zone))
    ]


def _one_behind_the_other(turns: Iterable[Turn]) -> Iterator[tuple[Turn, Turn]]:
    ordered = sorted(turns, key=lambda turn: (turn.post, turn.since, turn.line))
    for _, of_post in groupby(ordered, key=lambda turn: turn.post):
        yield from pairwise(of_post)


def _openings(since: datetime, until: datetime, hours: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Iterator[Span]:
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        for part in hours:
            if part["weekday"] == day.weekday():
                yield _at(day, part["opens"], zone), _at(day, part["closes"], zone)


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
