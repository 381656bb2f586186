"""Whole files at once: places, offices, posts, holders, households. All rows or none, or the good ones; a dry run
changes nothing.

Set-wise throughout: a file costs a handful of statements, however many rows it has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.db import UnitOfWork
from kit.errors import ServiceError
from kit.ids import new_id

from grid import events
from grid.domain import posts as rules
from grid.domain.import_households import plan_households
from grid.domain.import_posts import HolderRow, Plan, as_next, plan_offices, plan_posts, read_holders
from grid.domain.imports import PlacesPlan, Report, Row, RowProblem, by_line, plan_places
from grid.domain.places import Place, PlaceChange
from grid.domain.posts import Holder, Office, Post
from grid.errors import RowsRefused
from grid.keys import Keys
from grid.repository import offices as office_rows
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.repository import register
from grid.service import households
from grid.service.places import follow, publish, republish
from grid.service.posts import Term, held_elsewhere, holding_of, keep_all, put_holders
from grid.service.rights import check_operator, keeps_register, manages

#: Events are written in batches, so that a city's file is not held twice in memory.
_BATCH = 5_000


@dataclass(frozen=True)
class How:
    dry_run: bool = False
    partial: bool = False


def import_places(uow: UnitOfWork, rows: Sequence[Row], *, how: How) -> Report:
    check_operator(uow)
    tree.lock_tree(uow)
    known = tree.by_code(uow, {row[column] for row in rows for column in ("code", "parent")})
    below = _left_below(uow, rows, known)
    plan = plan_places(rows, known, tree.list_tiers(uow), _new_ids(uow), below=below)
    report = _report("places", rows, how, plan.problems, (len(plan.created), plan.changes, plan.unchanged))
    if not how.dry_run:
        _apply_places(uow, plan)
    return report


def import_offices(uow: UnitOfWork, rows: Sequence[Row], *, how: How) -> Report:
    check_operator(uow)
    known = office_rows.by_code(uow, {row["code"] for row in rows})
    named = {code for row in rows for code in (row["place"], *_parts(row["districts"]))}
    plan = plan_offices(rows, known, tree.by_code(uow, named), _new_ids(uow))
    report = _report_of("offices", rows, how, plan)
    if not how.dry_run:
        office_rows.insert_offices(uow, plan.created)
        _apply_changed_offices(uow, plan.changed)
    return report


def import_posts(uow: UnitOfWork, rows: Sequence[Row], *, how: How) -> Report:
    known = seats.lock_by_code(uow, {row["code"] for row in rows})
    places = tree.by_code(uow, {row["place"] for row in rows})
    offices = office_rows.by_code(uow, {row["office"] for row in rows})
    plan = plan_posts(
        rows,
        known,
        places,
        offices,
        _new_ids(uow),
        mine=lambda path: manages(uow, path),
        not_mine=_foreign(uow, offices),
    )
    report = _report_of("posts", rows, how, plan)
    if not how.dry_run:
        seats.insert_posts(uow, plan.created)
        changed = [as_next(post) for post in plan.changed]
        seats.update_posts(uow, changed)
        _publish_posts(uow, [*plan.created, *changed])
    return report


def import_holders(uow: UnitOfWork, rows: Sequence[Row], *, how: How, keys: Keys, zone: ZoneInfo) -> Report:
    posts = seats.lock_by_code(uow, {row["post"] for row in rows})
    paths = office_rows.paths_of(uow, {post.office_id for post in posts.values() if post.office_id})
    foreign = {post.code for post in posts.values() if post.office_id and not manages(uow, paths[post.office_id])}
    items, problems = read_holders(
        rows, posts, zone, mine=lambda post: manages(uow, post.path) and post.code not in foreign
    )
    known = seats.holders_of(uow, {item.subject for item in items})
    after, outcome = _fill(uow, items, posts, known, problems, keys=keys)
    report = _report("holders", rows, how, problems, outcome)
    if not how.dry_run:
        refused = {problem.line for problem in problems}
        good = [item for item in items if item.line not in refused]
        _apply_holders(uow, good, after, keys=keys)
    return report


def import_households(uow: UnitOfWork, rows: Sequence[Row], *, how: How, keys: Keys) -> Report:
    """Who lives where, and how each household is reached."""
    codes = {row["household"] for row in rows}
    plan = plan_households(
        rows,
        register.lock_households(uow, codes),
        tree.by_code(uow, {row["place"] for row in rows}),
        _new_ids(uow),
        mine=lambda path: keeps_register(uow, path),
        taken=register.codes_known(uow, codes),
        same_reach=lambda known, reach: keys.digest(known.id, reach, table="household") == known.digest,
    )
    counts = (len(plan.created), len(plan.changed), plan.unchanged)
    report = _report("households", rows, how, plan.problems, counts)
    if not how.dry_run:
        register.insert_households(uow, households.say(uow, plan.created, keys=keys))
        register.update_households(uow, households.say(uow, plan.changed, keys=keys))
    return report


def _foreign(uow: UnitOfWork, offices: Mapping[str, Office]) -> set[str]:
    """The offices whose posts are not the asker's to add."""
    paths = office_rows.paths_of(uow, [office.id for office in offices.values()])
    return {code for code, office in offices.items() if not manages(uow, paths[office.id])}


def _apply_places(uow: UnitOfWork, plan: PlacesPlan) -> None:
    tree.insert_places(uow, plan.created)
    for start in range(0, len(plan.created), _BATCH):
        uow.flush()
        publish(uow, plan.created[start : start + _BATCH], PlaceChange.CREATED)
    changed = [replace(place, version=place.version + 1) for place in plan.changed]
    tree.update_places(uow, changed)
    publish(uow, changed, PlaceChange.CHANGED)
    if plan.moved:
        tree.put_parents(uow, plan.moved)
        follow(uow, set(plan.moved), plan.tops)


def _left_below(uow: UnitOfWork, rows: Sequence[Row], known: Mapping[str, Place]) -> dict[UUID, list[Place]]:
    """What lies below the places whose tier the file changes, and is not in the file itself."""
    retiered = [
        known[row["code"]].id for row in rows if row["code"] in known and known[row["code"]].tier != row["tier"]
    ]
    named = {row["code"] for row in rows}
    below: dict[UUID, list[Place]] = {}
    for child in tree.list_children_of(uow, retiered):
        if child.parent_id and child.is_active and child.code not in named:
            below.setdefault(child.parent_id, []).append(child)
    return below


def _apply_changed_offices(uow: UnitOfWork, offices: Sequence[Office]) -> None:
    raised = [replace(office, version=office.version + 1) for office in offices]
    office_rows.update_offices(uow, raised)
    republish(uow, seats.list_posts_of_offices(uow, [office.id for office in raised]))


def _fill(
    uow: UnitOfWork,
    items: Sequence[HolderRow],
    posts: dict[str, Post],
    known: dict[str, Holder],
    problems: list[RowProblem],
    *,
    keys: Keys,
) -> tuple[dict[str, Post], tuple[int, int, int]]:
    """Try the rows on the posts, in the order of the file; gives the posts that differ and what was counted."""
    after: dict[str, Post] = {}
    created = changed = unchanged = 0
    others = held_elsewhere(uow, list(known.values()))
    for item in items:
        post = after.get(item.post.code, posts[item.post.code])
        holder = known.get(item.subject) or _stand_for(item, uow)
        try:
            filled = _filled(uow, post, item, holder)
        except ServiceError as error:
            problems.append(RowProblem(item.line, (error.field or "/since")[1:], error.code, error.detail))
            continue
        same_person = holder.name == item.name and _same_reach(item, holder, keys)
        if not same_person and item.subject in others:
            reason = f"{item.subject} holds posts that others manage: give the name as it is, and no means"
            problems.append(RowProblem(item.line, "subject", "not_yours", reason))
            continue
        if filled is not post:
            after[post.code] = filled
            created, changed = (created, changed + 1) if _held(post, item, uow) else (created + 1, changed)
        elif same_person:
            unchanged += 1
        else:
            changed += 1
    return after, (created, changed, unchanged)


def _filled(uow: UnitOfWork, post: Post, item: HolderRow, holder: Holder) -> Post:
    """The post as the row says; the very same where it says nothing new."""
    same = [
        held
        for held in post.holdings
        if held.subject == item.subject
        and held.stand_in is item.stand_in
        and not held.on_duty
        and (held.since == item.since if item.since else held.covers(uow.now))
    ]
    if same and same[0].until == item.until:
        return post
    if same and item.until is not None:
        return rules.with_end(post, same[0], item.until)
    if same:
        return post
    term = Term(item.subject, item.name, item.stand_in, item.since, item.until)
    return rules.with_holding(post, holding_of(uow, post, holder, term), relieves=True)


def _apply_holders(uow: UnitOfWork, items: Sequence[HolderRow], after: dict[str, Post], *, keys: Keys) -> None:
    people = {item.subject: (item.name, item.reach) for item in items}
    holders = put_holders(uow, people, keys=keys)
    before = seats.lock_by_code(uow, after)
    ready = [_named(post, before[code], holders) for code, post in after.items()]
    keep_all(uow, list(before.values()), ready)


def _named(post: Post, before: Post, holders: dict[str, Holder]) -> Post:
    """The terms under the ids that their holders have now."""
    terms = (
        replace(term, holder_id=holders[term.subject].id, name=holders[term.subject].name)
        if term.subject in holders
        else term
        for term in post.holdings
    )
    return replace(post, version=before.version + 1, holdings=tuple(terms))


def _held(post: Post, item: HolderRow, uow: UnitOfWork) -> bool:
    at = item.since or uow.now
    alike = (held for held in post.holdings if held.stand_in is item.stand_in and not held.on_duty)
    return any(held.covers(at) for held in alike)


def _stand_for(item: HolderRow, uow: UnitOfWork) -> Holder:
    return Holder(new_id(uow.now), 0, item.subject, item.name, None, None)


def _same_reach(item: HolderRow, holder: Holder, keys: Keys) -> bool:
    return item.reach is None or keys.digest(holder.id, item.reach) == holder.digest


def _publish_posts(uow: UnitOfWork, posts: Sequence[Post]) -> None:
    for start in range(0, len(posts), _BATCH):
        uow.flush()
        for post in posts[start : start + _BATCH]:
            uow.publish(events.post_changed(post, uow))


def _report_of(kind: str, rows: Sequence[Row], how: How, plan: Plan[Any]) -> Report:
    return _report(kind, rows, how, plan.problems, (len(plan.created), len(plan.changed), plan.unchanged))


def _report(
    kind: str,
    rows: Sequence[Row],
    how: How,
    problems: Sequence[RowProblem],
    counts: tuple[int, int, int],
) -> Report:
    """``counts`` are of created, changed and unchanged."""
    named = by_line(problems)
    if named and not how.partial and not how.dry_run:
        raise RowsRefused(len(rows), [(p.line, p.column, p.code, p.reason) for p in named])
    return Report(kind, how.dry_run, how.partial, len(rows), *counts, problems=named)


def _new_ids(uow: UnitOfWork) -> Iterator[UUID]:
    while True:
        yield new_id(uow.now)


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("；", ";").replace("|", ";").split(";") if part.strip()]
