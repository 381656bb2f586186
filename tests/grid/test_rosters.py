"""Duty rosters: imported whole by place, checked by line, and said with each post."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from contracts.grid import Duty, PostChangedV1
from grid import spreadsheets
from grid.api import HOLDERS, ROSTERS
from grid.domain.rosters import MOST_TURNS
from grid.errors import NotYours, RosterNotFound, RosterTooLong, TurnsRefused
from grid.repository import posts as seats
from grid.service import imports, look, posts, rosters
from grid.service.imports import How
from grid.service.rosters import RosterSeen
from kit.auth import Claims
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW
from kit.testing.tokens import find_person

from .conftest import City, holds, person_of

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
PAGE = Page(9, "a list", KeyRing.parse(new_key("k1")))
#: Tuesday evening to Wednesday morning, and the night after.
NIGHTS = ("BY-M,wang,2026-12-01 17:00,2026-12-02 09:00", "BY-M,li,2026-12-02 17:00,2026-12-03 09:00")


@pytest.fixture
def manned(city: City) -> City:
    """The community's municipal post is held by one, and two more hold posts by whose right they may be on duty."""
    city.add_post("BY-M", "M", Duty.MUNICIPAL)
    for code, subject in (("BY-M", "he"), ("BY-W1", "wang"), ("BY-W2", "li")):
        if code != "BY-M":
            city.add_post(code, "M", Duty.WINDOW_CLERK)
        city.assign(code, subject)
    city.uow.flush()
    return city


def roster_of(city: City, *lines: str, place: str = "M", dry_run: bool = False, note: str = "") -> RosterSeen:
    rows: Sequence[spreadsheets.Row] = spreadsheets.read(
        "\n".join(["post,subject,since,until", *lines]).encode(), ROSTERS
    )
    return rosters.import_roster(city.uow, rows, place=place, note=note, dry_run=dry_run, zone=ZONE)


def turns_of(city: City, code: str = "BY-M") -> list[tuple[str, str]]:
    return [
        (term.subject, f"{term.since.astimezone(ZONE):%m-%d %H:%M}")
        for term in city.post(code).holdings
        if term.on_duty
    ]


def said(city: City) -> PostChangedV1:
    (event,) = (each for each in city.uow.published if each.type == PostChangedV1.TYPE)
    return PostChangedV1.model_validate_json(event.body or "")


def test_who_is_on_duty_goes_out_with_the_post_and_its_holder_stays(manned: City) -> None:
    before = manned.post("BY-M")
    seen = roster_of(manned, *NIGHTS, note="十二月")
    assert (seen.roster.version, seen.roster.note, seen.roster.by, seen.kept) == (1, "十二月", "operator", True)
    assert turns_of(manned) == [("wang", "12-01 17:00"), ("li", "12-02 17:00")]
    event = said(manned)
    assert ([turn.subject for turn in event.on_duty], event.stand_ins) == (["wang", "li"], [])
    assert ([held.subject for held in event.holders], event.version) == (["he"], before.version + 1)
    assert event.on_duty[0].until == datetime(2026, 12, 2, 9, tzinfo=ZONE)


def test_the_same_once_more_changes_nothing_and_another_takes_its_place_whole(manned: City) -> None:
    roster_of(manned, *NIGHTS)
    manned.uow.flush()
    assert roster_of(manned, *NIGHTS).roster.version == 1
    assert manned.uow.published == []
    assert roster_of(manned, NIGHTS[1]).roster.version == 2
    assert turns_of(manned) == [("li", "12-02 17:00")]
    assert [each.version for each in rosters.list_rosters(manned.uow, PAGE, "M").items] == [2, 1]
    first = rosters.get_roster(manned.uow, "M", version=1, zone=ZONE)
    assert [turn.subject for turn in first.roster.turns] == ["wang", "li"]


def test_a_dry_run_changes_nothing(manned: City) -> None:
    seen = roster_of(manned, *NIGHTS, dry_run=True)
    assert (seen.kept, len(seen.roster.turns), turns_of(manned)) == (False, 2, [])
    with pytest.raises(RosterNotFound, match="M has no duty roster: import one"):
        rosters.get_roster(manned.uow, "M", version=None, zone=ZONE)


@pytest.mark.parametrize(
    "line, column, why",
    [
        ("BY-X,wang,2026-12-03 17:00,2026-12-04 09:00", "post", "there is no open post BY-X at this place"),
        ("N-M,wang,2026-12-03 17:00,2026-12-04 09:00", "post", "there is no open post N-M at this place"),
        ("BY-M,nobody,2026-12-03 17:00,2026-12-04 09:00", "subject", "nobody holds no post now"),
        ("BY-M,left,2026-12-03 17:00,2026-12-04 09:00", "subject", "left holds no post now"),
        ("BY-M,wang,2026-02-30 17:00,2026-12-04 09:00", "since", "since must be a date"),
        ("BY-M,wang,,2026-12-04 09:00", "since", "since is empty"),
        ("BY-M,wang,2026-12-03 17:00,", "until", "until is empty"),
        ("BY-M,wang,2026-12-03 17:00,2026-12-03 17:00", "until", "until is not after since"),
        ("BY-M,wang,2026-12-03 08:59,2026-12-04 09:00", "since", "it begins before that of line 3 ends"),
        ("BY-M,li,2026-12-02 17:00,2026-12-03 09:00", "since", "it begins before that of line 3 ends"),
    ],
)
def test_a_line_by_which_nobody_could_be_on_duty_is_named_and_nothing_is_kept(
    manned: City, line: str, column: str, why: str
) -> None:
    manned.add_post("N-M", "N", Duty.MUNICIPAL)
    manned.assign("N-M", "left", since=NOW - 2 * DAY, until=NOW - DAY)
    with pytest.raises(TurnsRefused) as refused:
        roster_of(manned, *NIGHTS, line)
    ((at, named, _, reason),) = refused.value.problems
    assert (at, named) == (4, column)
    assert reason.startswith(why)
    assert turns_of(manned) == []


def test_a_roster_that_is_too_long_is_refused(manned: City) -> None:
    with pytest.raises(RosterTooLong):
        roster_of(manned, *[NIGHTS[0]] * (MOST_TURNS + 1))


def test_when_nobody_is_on_duty_though_the_station_is_closed_is_told(manned: City) -> None:
    """By its hours of the week, nine to five from Monday to Friday where nobody says otherwise."""
    friday, sunday = "BY-M,wang,2026-12-04 17:00,2026-12-05 09:00", "BY-M,li,2026-12-06 12:00,2026-12-07 08:00"
    monday = "BY-M,wang,2026-12-07 18:00,2026-12-08 09:00"
    gaps = roster_of(manned, friday, sunday, monday).gaps
    assert [(gap.line, f"{gap.since:%d %H:%M}", f"{gap.until:%d %H:%M}") for gap in gaps] == [
        (3, "05 09:00", "06 12:00"),
        (4, "07 08:00", "07 09:00"),
        (4, "07 17:00", "07 18:00"),
    ]


def test_a_place_is_rostered_by_who_manages_its_posts(manned: City) -> None:
    window = person_of("wang", holds(manned.place("M"), Duty.WINDOW_CLERK))
    elsewhere = person_of("ding", holds(manned.place("N"), Duty.DISPATCHER))
    for person in (window, elsewhere):
        with pytest.raises(NotYours):
            roster_of(City(manned.as_(person), manned.keys, manned.as_), *NIGHTS)
    dispatcher = person_of("chen", holds(manned.place("M"), Duty.DISPATCHER))
    assert roster_of(City(manned.as_(dispatcher), manned.keys, manned.as_), *NIGHTS).kept


def test_who_is_on_duty_neither_fills_a_post_nor_stands_in_the_way(manned: City) -> None:
    manned.add_post("BY-P", "M", Duty.PUBLIC_SERVICE)
    begun = f"{NOW.astimezone(ZONE):%Y-%m-%d %H:%M}"
    roster_of(manned, f"BY-P,wang,{begun},2026-12-31", f"BY-M,wang,{begun},2026-12-31")
    assert [post.code for post in look.list_posts(manned.uow, PAGE, vacant=True).items] == ["BY-P"]
    answer = posts.who_answers(manned.uow, "M", Duty.MUNICIPAL)
    assert answer.seat is not None
    assert (answer.seat.subject, answer.seat.stand_in) == ("he", False)
    assert manned.assign("BY-M", "zhao", stand_in=True).held_by(NOW).subject == "zhao"  # type: ignore[union-attr]
    rows = spreadsheets.read(b"post,subject,name,stand_in\nBY-P,wang,Wang,yes\n", HOLDERS)
    report = imports.import_holders(manned.uow, rows, how=How(), keys=manned.keys, zone=ZONE)
    assert (report.created, report.unchanged) == (1, 0)


def test_a_roster_that_is_over_is_still_said(manned: City) -> None:
    roster_of(manned, *NIGHTS)
    late = manned.as_(manned.uow.person)
    late.now = NOW.replace(year=2028)
    post = manned.post("BY-M")
    posts.change_post(late, post.id, version=post.version, title="市政", phone=None)
    (event,) = late.published
    assert [turn.subject for turn in PostChangedV1.model_validate_json(event.body or "").on_duty] == ["li"]


def test_who_holds_no_post_any_more_acts_in_none_by_a_roster_either(manned: City) -> None:
    begun = f"{NOW.astimezone(ZONE):%Y-%m-%d %H:%M}"
    roster_of(manned, f"BY-M,wang,{begun},2026-12-31")
    manned.uow.flush()

    def acts_in(now: datetime) -> set[str]:
        found = find_person(seats.HELD_POSTS, manned.uow.connection, Claims("wang"), now)
        return {post.title for post in found.posts}

    window, tomorrow = manned.post("BY-W1"), NOW + DAY
    assert acts_in(tomorrow) == {manned.post("BY-M").title, window.title}
    posts.end_holding(manned.uow, window.id, window.holdings[0].id, version=window.version, until=tomorrow)
    assert acts_in(tomorrow) == set()


def test_who_is_forgotten_is_on_duty_no_more(manned: City) -> None:
    roster_of(manned, *NIGHTS)
    posts.erase_holder(manned.uow, "li")
    assert turns_of(manned) == [("wang", "12-01 17:00")]
