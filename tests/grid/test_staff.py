"""Invented staff for an imported tree: what the files say, without a platform."""

import csv
import io

from cli.staff import Place, staff_of
from contracts.grid import Duty
from grid import spreadsheets
from grid.api import HOLDERS, OFFICES, POSTS

TREE = [Place("A", "A市", "city"), Place("A3", "A3区", "district"), Place("A3-7", "银盆街道", "street")]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_post_has_a_holder_and_every_duty_is_one() -> None:
    files = staff_of(TREE)
    posts, holders = table(files.posts), table(files.holders)
    assert [post["code"] for post in posts] == [holder["post"] for holder in holders]
    assert {post["duty"] for post in posts} <= {duty.value for duty in Duty}
    duties = {post["duty"] for post in posts if post["place"] == "A3-7"}
    assert duties >= {"dispatcher", "window_clerk", "agency", "follow_up", "municipal", "public_service", "legal"}


def test_who_holds_a_post_depends_on_its_place_alone() -> None:
    whole, part = table(staff_of(TREE).holders), table(staff_of(TREE[2:]).holders)
    assert part == [row for row in whole if row["post"].startswith("A3-7/")]
    assert all(row["subject"].endswith("-a3-7") for row in part)


def test_one_sign_in_name_is_one_person() -> None:
    people = {(row["subject"], row["name"]) for row in table(staff_of(TREE).holders)}
    assert len(people) == len({subject for subject, _ in people})


def test_the_files_are_such_as_grid_reads() -> None:
    files = staff_of(TREE)
    for text, layout in ((files.offices, OFFICES), (files.posts, POSTS), (files.holders, HOLDERS)):
        assert spreadsheets.read(text.encode(), layout)
