"""Duty rosters: a place's is imported whole, and counts from then on; who is on duty goes out with each post."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.paging import Page, Sheet

from grid.domain import places as place_rules
from grid.domain.imports import Row, by_line
from grid.domain.places import Place
from grid.domain.posts import Holder, Holding, Post
from grid.domain.rosters import MOST_TURNS, ORDINARY_HOURS, Gap, Roster, Turn, list_gaps, read_turns
from grid.errors import RosterNotFound, RosterTooLong, TurnsRefused
from grid.repository import offices as office_rows
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.repository import rosters
from grid.service.posts import keep_all
from grid.service.rights import check_manages, manages


@dataclass(frozen=True)
class RosterSeen:
    """``gaps``: when nobody is on duty between two turns though the station is closed. ``kept``: it is in force."""

    place: Place
    roster: Roster
    gaps: Sequence[Gap]
    kept: bool = True


def import_roster(
    uow: UnitOfWork, rows: Sequence[Row], *, place: str, note: str, dry_run: bool, zone: ZoneInfo
) -> RosterSeen:
    """All of the file or nothing; the same once more changes nothing."""
    at = tree.get_named(uow, place)
    check_manages(uow, at.path)
    place_rules.check_active(at, field="/place")
    if len(rows) > MOST_TURNS:
        raise RosterTooLong(MOST_TURNS)
    before = _lock_posts(uow, at)
    people = seats.holders_of(uow, {row["subject"] for row in rows})
    acting = seats.list_acting(uow, people)
    turns, problems = read_turns(rows, before, acting, zone)
    if problems:
        raise TurnsRefused(len(rows), [(p.line, p.column, p.code, p.reason) for p in by_line(problems)])
    last = rosters.find_roster(uow, at.id)
    version = last.version + 1 if last else 1
    new = Roster(at.id, version, note, uow.now, uow.by, tuple(turns))
    if last is not None and (last.turns, last.note) == (new.turns, note):
        return _seen(uow, at, last, zone)
    if not dry_run:
        rosters.add_roster(uow, new)
        _fill(uow, before, turns, people)
    return replace(_seen(uow, at, new, zone), kept=not dry_run)


def get_roster(uow: UnitOfWork, place: str, *, version: int | None, zone: ZoneInfo) -> RosterSeen:
    at = tree.get_named(uow, place)
    found = rosters.find_roster(uow, at.id, version)
    if found is None:
        raise RosterNotFound(at.code, version)
    return _seen(uow, at, found, zone)


def list_rosters(uow: UnitOfWork, page: Page, place: str) -> Sheet[Roster]:
    """Its versions, the newest first."""
    at = tree.get_named(uow, place)
    found = rosters.list_rosters(uow, at.id, limit=page.fetch, before=page.after_one(int))
    return page.sheet(found, position=lambda each: (each.version,))


def _seen(uow: UnitOfWork, at: Place, roster: Roster, zone: ZoneInfo) -> RosterSeen:
    line = tree.by_id(uow, [UUID(part) for part in at.path.strip("/").split("/")]).values()
    narrowest = sorted(line, key=lambda place: -place.depth)
    hours = next((place.opening_hours for place in narrowest if place.opening_hours), ORDINARY_HOURS)
    return RosterSeen(at, roster, list_gaps(roster.turns, hours, zone))


def _lock_posts(uow: UnitOfWork, at: Place) -> dict[str, Post]:
    """Those of the place, by code; of an office's, those that are the asker's to manage."""
    there = [post for post in seats.list_posts_at(uow, [at.id]) if not post.retired]
    paths = office_rows.paths_of(uow, {post.office_id for post in there if post.office_id})
    mine = [post.code for post in there if post.office_id is None or manages(uow, paths[post.office_id])]
    return seats.lock_by_code(uow, mine)


def _fill(uow: UnitOfWork, before: Mapping[str, Post], turns: Iterable[Turn], people: Mapping[str, Holder]) -> None:
    """The posts of the place have these turns, and no others."""
    begun: dict[str, list[Holding]] = {code: [] for code in before}
    for turn in turns:
        begun[turn.post].append(_holding(uow, before[turn.post], people[turn.subject], turn))
    changed = [post for code, post in before.items() if begun[code] or any(term.on_duty for term in post.holdings)]
    after = [
        replace(
            post,
            version=post.version + 1,
            holdings=(*(term for term in post.holdings if not term.on_duty), *begun[post.code]),
        )
        for post in changed
    ]
    keep_all(uow, changed, after)


def _holding(uow: UnitOfWork, post: Post, holder: Holder, turn: Turn) -> Holding:
    return Holding(
        id=new_id(uow.now),
        post_id=post.id,
        holder_id=holder.id,
        subject=holder.subject,
        name=holder.name,
        stand_in=True,
        since=turn.since,
        until=turn.until,
        on_duty=True,
    )
