"""Use cases of the tree on the real database: what changes, what is published, what is kept."""

from collections import Counter

import pytest
from contracts.grid import Duty, PlaceState
from grid.domain.places import PlaceChange
from grid.errors import (
    ChangedMeanwhile,
    CodeTaken,
    InsideItself,
    NotYours,
    PlaceClosed,
    PlaceInUse,
    PlaceNotFound,
    TierTooWide,
    TierUnknown,
    TooDeep,
)
from grid.repository import places as tree
from grid.service import places
from grid.service.places import Change

from .conftest import City, holds, person_of


def published(city: City) -> Counter[str]:
    return Counter(event.type for event in city.uow.published)


def test_a_new_place_lies_under_its_parent_and_is_published(city: City) -> None:
    place = places.add_place(city.uow, code="M2", name="白杨第二片", tier="area", parent="M")
    assert place.path == f"{city.place('M').path}{place.id.hex}/"
    assert place.depth == 4
    assert [event.key for event in city.uow.published] == [str(place.id)]


def test_a_code_is_never_used_again(city: City) -> None:
    with pytest.raises(CodeTaken):
        places.add_place(city.uow, code="M", name="新社区", tier="community", parent="D")


def test_a_place_lies_within_a_wider_tier_only(city: City) -> None:
    with pytest.raises(TierTooWide):
        places.add_place(city.uow, code="X", name="某区", tier="district", parent="M")
    with pytest.raises(TierUnknown):
        places.add_place(city.uow, code="X", name="某地", tier="galaxy", parent="C")
    with pytest.raises(PlaceNotFound):
        places.add_place(city.uow, code="X", name="某地", tier="area", parent="nowhere")


def test_tiers_are_data(city: City) -> None:
    places.add_tier(city.uow, name="staircase", rank=70, label_zh="单元", label_en="staircase")
    place = places.add_place(city.uow, code="M1-1-A", name="一单元", tier="staircase", parent="M1-1")
    assert place.depth == 6


def test_the_tree_is_as_deep_as_a_path_can_say(city: City) -> None:
    parent = "M1-1"
    for rank in range(61, 75):
        places.add_tier(city.uow, name=f"t{rank}", rank=rank, label_zh="層", label_en="tier")
    for rank in range(61, 76 - 1):
        code = f"deep{rank}"
        places.add_place(city.uow, code=code, name=code, tier=f"t{rank}", parent=parent)
        parent = code
    assert city.place(parent).depth == 19
    places.add_tier(city.uow, name="t75", rank=75, label_zh="層", label_en="tier")
    places.add_tier(city.uow, name="t76", rank=76, label_zh="層", label_en="tier")
    places.add_place(city.uow, code="last", name="last", tier="t75", parent=parent)
    with pytest.raises(TooDeep):
        places.add_place(city.uow, code="beyond", name="beyond", tier="t76", parent="last")


def test_a_former_name_goes_on_being_used(city: City) -> None:
    before = city.place("N")
    after = places.change_place(city.uow, before.id, version=before.version, change=Change(name="石桥新村社区"))
    assert after.aliases == ("石桥社区",)
    assert after.version == before.version + 1
    found = tree.list_places(city.uow, limit=10, name="石桥社区")
    assert [place.code for place in found] == ["N"]


def test_changing_nothing_publishes_nothing(city: City) -> None:
    before = city.place("N")
    assert places.change_place(city.uow, before.id, version=before.version, change=Change(name=before.name)) == before
    assert not city.uow.published


def test_a_change_on_an_old_version_is_refused(city: City) -> None:
    before = city.place("N")
    places.change_place(city.uow, before.id, version=before.version, change=Change(phone="0731-1"))
    with pytest.raises(ChangedMeanwhile, match="version 2"):
        places.change_place(city.uow, before.id, version=before.version, change=Change(phone="0731-2"))


def test_a_tier_changes_only_where_it_fits(city: City) -> None:
    place = city.place("M")
    with pytest.raises(TierTooWide):
        places.change_place(city.uow, place.id, version=place.version, change=Change(tier="district"))
    with pytest.raises(TierTooWide):
        places.change_place(city.uow, place.id, version=place.version, change=Change(tier="building"))
    assert places.change_place(city.uow, place.id, version=1, change=Change(tier="township")).tier == "township"


def test_a_move_takes_all_that_lies_below_along(city: City) -> None:
    city.add_post("M1/chief", "M1", Duty.AREA_CHIEF)
    city.uow.flush()
    area, target = city.place("M1"), city.place("N")
    moved = places.move_place(city.uow, area.id, version=area.version, to="N", why="new boundary")
    assert moved.path == f"{target.path}{area.id.hex}/"
    assert [city.place(code).path for code in ("M1-1", "M1-2")] == [
        f"{moved.path}{city.place(code).id.hex}/" for code in ("M1-1", "M1-2")
    ]
    assert published(city) == {"grid.place.changed.v1": 3, "grid.post.changed.v1": 1}
    assert city.post("M1/chief").path == moved.path
    entry = tree.list_entries(city.uow, area.id, limit=1)[0]
    assert (entry.kind, entry.why, entry.version, entry.by) == (PlaceChange.MOVED, "new boundary", 2, "operator")
    assert tree.list_entries(city.uow, city.place("M1-1").id, limit=1)[0].kind is PlaceChange.MOVED_ALONG


def test_a_place_cannot_move_into_itself(city: City) -> None:
    places.add_tier(city.uow, name="wing", rank=61, label_zh="翼", label_en="wing")
    area = city.place("M1")
    with pytest.raises((InsideItself, TierTooWide)):
        places.move_place(city.uow, area.id, version=area.version, to="M1-1")


def test_a_place_in_use_is_not_retired(city: City) -> None:
    area = city.place("M1")
    with pytest.raises(PlaceInUse, match="active places"):
        places.retire_place(city.uow, area.id, version=area.version)


def test_retiring_a_place_retires_its_posts_and_ends_their_terms(city: City) -> None:
    city.add_post("M1-1/chief", "M1-1", Duty.BUILDING_CHIEF)
    city.assign("M1-1/chief", "wang.min", since=city.uow.now.replace(year=2026, month=1))
    building = city.place("M1-1")
    retired = places.retire_place(city.uow, building.id, version=building.version)
    assert retired.state is PlaceState.RETIRED
    post = city.post("M1-1/chief")
    assert post.retired
    assert post.held_by(city.uow.now) is None
    with pytest.raises(PlaceClosed):
        places.change_place(city.uow, building.id, version=retired.version, change=Change(name="无"))


def test_a_merged_place_lives_on_in_the_names_of_another(city: City) -> None:
    before = city.place("M1-1")
    places.merge_place(city.uow, before.id, version=before.version, into="M1-2")
    gone, target = city.place("M1-1"), city.place("M1-2")
    assert (gone.state, gone.merged_into) == (PlaceState.MERGED, target.id)
    assert target.aliases == ("一号楼",)


def test_what_lay_below_a_merged_place_goes_over(city: City) -> None:
    before = city.place("M")
    places.merge_place(city.uow, before.id, version=before.version, into="N")
    target = city.place("N")
    assert city.place("M1").parent_id == target.id
    assert city.place("M1-2").path.startswith(target.path)
    assert city.place("M1-2").depth == 5


def test_only_an_operator_changes_the_tree(city: City) -> None:
    supervisor = person_of("zhao.jun", holds(city.place("C"), Duty.SUPERVISOR))
    with pytest.raises(NotYours):
        places.add_place(city.as_(supervisor), code="X", name="某地", tier="community", parent="D")


def test_history_is_only_ever_added_to(city: City) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"):
        city.uow.execute(text("update place_entry set why = 'another story'"))


def test_a_list_goes_on_behind_its_last_row(city: City) -> None:
    first = tree.list_places(city.uow, limit=3)
    rest = tree.list_places(city.uow, limit=10, behind=first[-1].code)
    assert [place.code for place in (*first, *rest)] == sorted(city.place(code).code for code in
        ["C", "D", "M", "N", "M1", "M1-1", "M1-2"])  # fmt: skip
    below = tree.list_places(city.uow, limit=10, under=city.place("M1").path)
    assert [place.code for place in below] == ["M1", "M1-1", "M1-2"]
