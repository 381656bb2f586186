"""Imports of offices, posts and holders: what differs from what is there, row by row."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.grid import Duty
from contracts.intake import Language, Means, Reach, fits

from grid.domain.imports import Once, Refused, Row, RowProblem, list_of, text_of
from grid.domain.places import Place
from grid.domain.posts import Office, OfficeKind, Post

T = TypeVar("T")

#: Of terms: what the calendar and the database hold in every zone.
_YEARS = range(1900, 2200)


@dataclass
class Plan(Generic[T]):
    created: list[T] = field(default_factory=list)
    changed: list[T] = field(default_factory=list)
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def put(self, before: T | None, after: T) -> None:
        if before is None:
            self.created.append(after)
        elif before != after:
            self.changed.append(after)
        else:
            self.unchanged += 1


def plan_offices(
    rows: Iterable[Row], known: Mapping[str, Office], places: Mapping[str, Place], ids: Iterator[UUID]
) -> Plan[Office]:
    plan: Plan[Office] = Plan()
    once = Once("code")

    def take(row: Row) -> None:
        code, name = text_of(row, "code", most=64), text_of(row, "name", most=200)
        once.check(code, row.line)
        before = known.get(code)
        after = Office(
            id=before.id if before else next(ids),
            version=before.version if before else 1,
            code=code,
            name=name,
            kind=one_of(row, "kind", OfficeKind),
            place_id=place_at(row, "place", places).id,
            matters=list_of(row, "matters", most=64),
            districts=tuple(_place(code, "districts", places).id for code in list_of(row, "districts", most=64)),
            phone=text_of(row, "phone", most=40, required=False) or (before.phone if before else None),
        )
        plan.put(before, after)

    each(rows, take, plan.problems)
    return plan


def plan_posts(
    rows: Iterable[Row],
    known: Mapping[str, Post],
    places: Mapping[str, Place],
    offices: Mapping[str, Office],
    ids: Iterator[UUID],
    *,
    mine: Callable[[str], bool],
    not_mine: Collection[str] = (),
) -> Plan[Post]:
    """``mine`` tells whether who imports may manage the posts under a path; ``not_mine`` are offices they may not."""
    plan: Plan[Post] = Plan()
    once = Once("code")

    def take(row: Row) -> None:
        code, title = text_of(row, "code", most=64), text_of(row, "title", most=200)
        once.check(code, row.line)
        place, before = place_at(row, "place", places), known.get(code)
        if not mine(place.path) or (before and not mine(before.path)):
            raise Refused("place", "not_yours", f"posts of {place.code} are not yours to manage: ask its supervisor")
        if before and before.retired:
            raise Refused("code", "post_retired", f"{code} is retired: give a new post a new code")
        office = _office(row, offices)
        if office and office.code in not_mine and not (before and before.office_id == office.id):
            raise Refused("office", "not_yours", f"posts of {office.code} are not yours to add: ask an operator")
        after = Post(
            id=before.id if before else next(ids),
            version=before.version if before else 1,
            code=code,
            title=title,
            duty=one_of(row, "duty", Duty),
            place_id=place.id,
            path=place.path,
            office_id=office.id if office else None,
            matters=office.matters if office else (),
            phone=text_of(row, "phone", most=40, required=False) or (before.phone if before else None),
            holdings=before.holdings if before else (),
        )
        plan.put(before, after)

    each(rows, take, plan.problems)
    return plan


@dataclass(frozen=True)
class HolderRow:
    """One row of who holds what; without ``since`` it says how things stand now."""

    line: int
    post: Post
    subject: str
    name: str
    stand_in: bool
    since: datetime | None
    until: datetime | None
    reach: Reach | None


def read_holders(
    rows: Iterable[Row], posts: Mapping[str, Post], zone: ZoneInfo, *, mine: Callable[[Post], bool]
) -> tuple[list[HolderRow], list[RowProblem]]:
    taken: list[HolderRow] = []
    problems: list[RowProblem] = []
    once = Once("post")
    names: dict[str, tuple[str, int]] = {}

    def take(row: Row) -> None:
        item = _holder_row(row, posts, zone)
        if not mine(item.post):
            raise Refused("post", "not_yours", f"the post {item.post.code} is not yours to manage: ask its supervisor")
        once.check(f"{item.post.code} {'stand-in' if item.stand_in else 'holder'} {item.since or ''}".strip(), row.line)
        name, line = names.setdefault(item.subject, (item.name, row.line))
        if name != item.name:
            raise Refused("name", "other_name", f"{item.subject} has another name in line {line}: keep one")
        taken.append(item)

    each(rows, take, problems)
    return taken, problems


def _holder_row(row: Row, posts: Mapping[str, Post], zone: ZoneInfo) -> HolderRow:
    code = text_of(row, "post", most=64)
    post = posts.get(code)
    if post is None or post.retired:
        raise Refused("post", "post_unknown", f"there is no open post {code}: import the posts first")
    subject, name = text_of(row, "subject", most=120), text_of(row, "name", most=120)
    since, until = moment_of(row, "since", zone), moment_of(row, "until", zone)
    if since and until and until <= since:
        raise Refused("until", "term_backwards", "until is not after since: give a later end")
    return HolderRow(row.line, post, subject, name, _claim(row, "stand_in"), since, until, reach_of(row, name))


def reach_of(row: Row, name: str) -> Reach | None:
    if not row["means"]:
        return None
    means = one_of(row, "means", Means)
    address = text_of(row, "address", most=200, required=means in (Means.SMS, Means.SANDBOX))
    if not fits(means, address):
        raise Refused("address", "no_telephone", "address is no telephone number: give its 7 to 15 digits")
    language = one_of(row, "language", Language) if row["language"] else Language.CHINESE
    return Reach(name=name, means=means, address=address or None, language=language)


def place_at(row: Row, column: str, places: Mapping[str, Place]) -> Place:
    return _place(text_of(row, column, most=64), column, places)


def _place(code: str, column: str, places: Mapping[str, Place]) -> Place:
    place = places.get(code)
    if place is None:
        raise Refused(column, "place_unknown", f"there is no place {code}: import the places first")
    if not place.is_active:
        raise Refused(column, "place_closed", f"{code} is {place.state.value}: name an active place")
    return place


def _office(row: Row, offices: Mapping[str, Office]) -> Office | None:
    code = text_of(row, "office", most=64, required=False)
    if code and code not in offices:
        raise Refused("office", "office_unknown", f"there is no office {code}: import the offices first")
    return offices.get(code)


E2 = TypeVar("E2", Duty, OfficeKind, Means, Language)


def one_of(row: Row, column: str, kind: type[E2]) -> E2:
    value = text_of(row, column, most=64)
    try:
        return kind(value)
    except ValueError:
        raise Refused(column, "not_one_of", f"{column} must be one of {', '.join(kind)}") from None


def moment_of(row: Row, column: str, zone: ZoneInfo) -> datetime | None:
    value = text_of(row, column, most=40, required=False)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(column, "not_a_date", f"{column} must be a date as 2026-09-01 or a time as RFC 3339") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if moment.year not in _YEARS:
        raise Refused(column, "not_a_date", f"{column} must lie between {_YEARS.start} and {_YEARS.stop}")
    return moment


def _claim(row: Row, column: str) -> bool:
    value = row[column].lower()
    if value in ("", "no", "false", "0", "否"):
        return False
    if value in ("yes", "true", "1", "是"):
        return True
    raise Refused(column, "not_yes_or_no", f"{column} must be yes or no")


def each(rows: Iterable[Row], take: Callable[[Row], None], problems: list[RowProblem]) -> None:
    for row in rows:
        try:
            take(row)
        except Refused as refused:
            problems.append(refused.at(row.line))


def as_next(post: Post) -> Post:
    return replace(post, version=post.version + 1)
