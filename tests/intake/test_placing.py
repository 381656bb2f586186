"""Names in words: what is claimed is so, and what may be several places is left open."""

import string
from uuid import UUID, uuid4

import pytest
from contracts.intake import Placing
from hypothesis import given
from hypothesis import strategies as st
from intake.domain.placing import Placed, PlaceNames, common_of, in_digits, place_address, place_words

from tests.intake.factories import PLACES, id_of, path_of


def make_names() -> PlaceNames:
    names = PlaceNames()
    for code, name, _, _, aliases in PLACES:
        names.put(id_of(code), path_of(code), (name, *aliases))
    return names


def exactly(code: str) -> Placed:
    return Placed(Placing.EXACT, path_of(code))


@pytest.mark.parametrize(
    "address,code",
    [
        ("海城市海州区柳林街道", "HZ1-2"),
        ("海州柳林镇三组", "HZ1-2"),
        ("白杨社区12栋3单元401", "HZ1-1-1-1"),
        ("石桥街道12栋", "HZ2-1-1"),
        ("白杨社区十二栋3单元401", "HZ1-1-1-1"),
        ("白杨社区1片", "HZ1-1-1"),
        ("海城市某处", "HZ"),
        ("望江亭附近", "HZ2"),
    ],
)
def test_an_address_is_placed_by_its_narrowest_name(address: str, code: str) -> None:
    assert place_address(make_names(), address) == exactly(code)


@pytest.mark.parametrize("address", ["白杨社区一片5号楼302", "白杨社区1片五号楼302"])
def test_an_address_that_names_more_than_is_known_is_not_exact(address: str) -> None:
    placed = place_address(make_names(), address)
    assert placed == Placed(Placing.CANDIDATES, path_of("HZ1-1-1"), (path_of("HZ1-1-1"),))


@pytest.mark.parametrize(
    "text, digits",
    [
        ("一片十号楼", "1片10号楼"),
        ("十二栋三单元", "12栋3单元"),
        ("二十一号楼", "21号楼"),
        ("唐家岭子一片林", "唐家岭子1片林"),
        ("三里屯", "三里屯"),
    ],
)
def test_numerals_of_areas_and_buildings_are_read_as_digits(text: str, digits: str) -> None:
    assert in_digits(text) == digits


def test_a_building_of_many_communities_is_left_open_and_the_common_place_is_certain() -> None:
    placed = place_address(make_names(), "12栋楼下")
    assert placed == Placed(
        Placing.CANDIDATES, path_of("HZ"), tuple(sorted([path_of("HZ1-1-1-1"), path_of("HZ2-1-1")]))
    )


def test_a_clerk_means_the_building_of_their_own_community() -> None:
    assert place_address(make_names(), "12栋楼下", near=path_of("HZ1-1")) == exactly("HZ1-1-1-1")


def test_two_places_side_by_side_leave_it_open() -> None:
    assert place_address(make_names(), "柳林街道和白杨社区之间") == Placed(
        Placing.CANDIDATES, path_of("HZ1"), tuple(sorted([path_of("HZ1-1"), path_of("HZ1-2")]))
    )


def test_an_address_that_contradicts_itself_is_left_open() -> None:
    assert place_address(make_names(), "海州区石桥街道").placing is Placing.CANDIDATES


@pytest.mark.parametrize("title", ["海州区路上有坑", "海州区大道堵车", "海州区北路施工", "海州区山上起火"])
def test_a_road_or_a_hill_of_the_same_name_is_not_the_place(title: str) -> None:
    assert place_words(make_names(), title=title, text="").placing is Placing.NONE


def test_street_lamps_of_a_district_are_the_districts() -> None:
    assert place_words(make_names(), title="海州区路灯不亮", text="") == exactly("HZ1")


def test_where_somebody_comes_from_is_not_where_it_is() -> None:
    assert place_words(make_names(), title="", text="我老家在青山区，石桥街道人，现在城里打工").placing is Placing.NONE


def test_the_title_goes_before_the_text_and_the_text_narrows_it() -> None:
    placed = place_words(make_names(), title="海州区停水", text="我住在柳林街道，去年从石桥街道搬来")
    assert placed == exactly("HZ1-2")


def test_an_office_that_is_written_to_is_no_address() -> None:
    placed = place_words(make_names(), title="投诉海城市某公司", text="我去海州区教育局问过")
    assert placed == exactly("HZ")


def test_a_question_of_the_citys_rules_is_not_placed_where_its_asker_lives() -> None:
    assert place_words(make_names(), title="咨询海城市购房政策", text="我住在海州区") == exactly("HZ")


def test_a_place_that_is_renamed_is_no_longer_found_by_what_it_never_was() -> None:
    names = make_names()
    names.put(id_of("HZ1-2"), path_of("HZ1-2"), ("杨柳街道",))
    assert place_address(names, "柳林街道").placing is Placing.NONE
    assert place_address(names, "杨柳街道") == exactly("HZ1-2")


def test_a_place_that_is_removed_is_forgotten() -> None:
    names = make_names()
    names.remove(id_of("HZ1-2"))
    assert place_address(names, "柳林街道").placing is Placing.NONE


def test_the_common_place_of_places_is_the_narrowest_above_all() -> None:
    assert common_of([path_of("HZ1-1"), path_of("HZ1-2")]) == path_of("HZ1")
    assert common_of([path_of("HZ1"), path_of("HZ1-2")]) == path_of("HZ1")
    assert common_of(["/" + uuid4().hex + "/", path_of("HZ")]) == "/"


_NAMES = st.lists(
    st.tuples(st.uuids(), st.text(alphabet="甲乙丙丁", min_size=2, max_size=5)), max_size=12, unique_by=lambda p: p[0]
)


@given(_NAMES, st.text(alphabet="甲乙丙丁" + string.digits, max_size=40))
def test_mentions_are_those_of_the_slow_search(places: list[tuple[UUID, str]], text: str) -> None:
    """The oracle tries every name at every character."""
    names = PlaceNames()
    paths: dict[str, set[str]] = {}
    for place_id, name in places:
        names.put(place_id, f"/{place_id.hex}/", [name])
        paths.setdefault(name, set()).add(f"/{place_id.hex}/")
    expected, at = [], 0
    while at < len(text):
        here = [name for name in paths if text.startswith(name, at)]
        if here:
            longest = max(here, key=len)
            expected.append((at, at + len(longest), tuple(sorted(paths[longest]))))
        at += len(max(here, key=len)) if here else 1
    assert [(m.start, m.end, m.paths) for m in names.mentions(text)] == expected


@given(_NAMES, st.text(alphabet="甲乙丙丁", max_size=40))
def test_what_is_forgotten_leaves_nothing_behind(places: list[tuple[UUID, str]], text: str) -> None:
    names = PlaceNames()
    for place_id, name in places:
        names.put(place_id, f"/{place_id.hex}/", [name])
    for place_id, _ in places:
        names.remove(place_id)
    assert len(names) == 0
    assert list(names.mentions(text)) == []
