"""Whole files: what is taken, what is refused and by which words, and what a second run changes."""

import io
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from contracts.grid import Duty
from grid import spreadsheets
from grid.api import HOLDERS, OFFICES, PLACES, POSTS
from grid.domain.imports import Report
from grid.errors import FileRefused, RowsRefused
from grid.repository import places as tree
from grid.service import imports
from grid.service.imports import How
from openpyxl import Workbook

from .conftest import City, holds, person_of

DATA = Path(os.environ.get("BAIYANG_DATA", Path(__file__).parents[3] / "shared" / "data"))
ZONE = ZoneInfo("Asia/Shanghai")
HEAD = "code,name,tier,parent\n"


def rows_of(text: str | bytes, layout: spreadsheets.Layout = PLACES) -> Sequence[spreadsheets.Row]:
    return spreadsheets.read(text.encode() if isinstance(text, str) else text, layout)


def places_of(city: City, text: str, **how: bool) -> Report:
    return imports.import_places(city.uow, rows_of(HEAD + text), how=How(**how))


def holders_of(city: City, text: str, **how: bool) -> Report:
    return imports.import_holders(city.uow, rows_of(text, HOLDERS), how=How(**how), keys=city.keys, zone=ZONE)


def xlsx(rows: Sequence[Sequence[object]], *, merged: str = "") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_cell_that_hides_what_it_says_is_named(city: City) -> None:
    with pytest.raises(RowsRefused) as refused:
        places_of(city, "HL,海\u202e澜市,city,\nHM,\u200b,city,\n")
    assert [(line, column, code) for line, column, code, _ in refused.value.problems] == [
        (2, "name", "hidden_text"),
        (3, "name", "hidden_text"),
    ]


def test_the_citys_own_file_is_taken_whole(city: City) -> None:
    rows = rows_of((DATA / "places.csv").read_bytes())
    report = imports.import_places(city.uow, rows, how=How())
    assert (report.created, report.refused) == (89, 0)
    town, street = city.place("A2-8"), city.place("A2-7")
    assert (town.name, street.name) == ("暮云镇", "暮云街道")
    assert town.path.startswith(city.place("A2").path)
    city.uow.flush()
    again = imports.import_places(city.uow, rows, how=How())
    assert (again.created, again.changed, again.unchanged) == (0, 0, 89)
    assert city.uow.published == []


def test_the_order_of_the_rows_does_not_matter(city: City) -> None:
    report = places_of(city, "Z1-1,z,area,Z1\nZ1,z,community,Z\nZ,z,district,C\n")
    assert report.created == 3
    assert city.place("Z1-1").path.startswith(city.place("Z1").path)


def test_a_second_import_changes_only_what_differs(city: City) -> None:
    places_of(city, "Z,甲区,district,C\nZ1,甲街道,street,Z\nZ2,乙街道,street,Z\n")
    city.uow.flush()
    report = places_of(city, "Z,甲区,district,C\nZ1,丙街道,street,Z\nZ2,乙街道,street,Z\nZ3,丁街道,street,Z\n")
    assert (report.created, report.changed, report.unchanged) == (1, 1, 2)
    assert city.place("Z1").aliases == ("甲街道",)
    assert {event.key for event in city.uow.published} == {str(city.place(code).id) for code in ("Z1", "Z3")}


def test_a_row_under_another_parent_moves_the_place_and_all_below_it(city: City) -> None:
    report = places_of(city, "M1,白杨第一片,area,N\n")
    assert report.changed == 1
    assert city.place("M1-1").path.startswith(city.place("N").path)
    versions = [(event.key, event.version) for event in city.uow.published]
    assert sorted(versions) == sorted((str(city.place(code).id), 2) for code in ("M1", "M1-1", "M1-2"))


def test_what_moves_within_what_moves_ends_where_the_file_says(city: City) -> None:
    places_of(city, "E,东区,district,C\nM,白杨社区,community,E\nM1,白杨第一片,area,N\nN9,新片,area,M\n")
    assert city.place("M").path.startswith(city.place("E").path)
    assert city.place("M1-2").path.startswith(city.place("N").path)
    assert city.place("N9").path == f"{city.place('M').path}{city.place('N9').id.hex}/"


BAD_ROWS = {
    "no code": (",无名,street,D", 2, "code", "missing"),
    "no name": ("Z,,street,D", 2, "name", "missing"),
    "an unknown tier": ("Z,甲,galaxy,D", 2, "tier", "tier_unknown"),
    "an unknown parent": ("Z,甲,street,nowhere", 2, "parent", "parent_unknown"),
    "a parent too narrow": ("Z,甲,district,M", 2, "tier", "tier_too_wide"),
    "a code twice": ("Z,甲,street,D\nZ,乙,street,D", 3, "code", "repeated"),
    "a refused parent": ("Z,甲,galaxy,D\nZ1,乙,community,Z", 3, "parent", "parent_unknown"),
    "a refused parent of a refused parent": (
        "Z,甲,street,nowhere\nZ1,乙,community,Z\nZ2,丙,area,Z1",
        4,
        "parent",
        "parent_refused",
    ),
    "a long code": ("Z" * 65 + ",甲,street,D", 2, "code", "too_long"),
    "a tier wider than what lies below": ("M1,白杨第一片,building,M", 2, "tier", "tier_too_narrow"),
    "a circle": ("X1,x,street,X2\nX2,y,street,X1", 2, "tier", "tier_too_wide"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_named_by_line_column_and_reason_and_nothing_is_taken(city: City, case: str) -> None:
    text, line, column, code = BAD_ROWS[case]
    with pytest.raises(RowsRefused) as refused:
        places_of(city, f"{text}\nGOOD,好,street,D\n".replace("\n\n", "\n"))
    assert (line, column, code) in [problem[:3] for problem in refused.value.problems]
    assert tree.find_by_code(city.uow, "GOOD") is None
    assert city.uow.published == []


def test_with_partial_the_good_rows_are_taken(city: City) -> None:
    report = places_of(city, "Z,甲,galaxy,D\nGOOD,好,street,D\n", partial=True)
    assert (report.created, report.refused) == (1, 1)
    assert city.place("GOOD").name == "好"


def test_a_dry_run_says_the_same_and_changes_nothing(city: City) -> None:
    report = places_of(city, "Z,甲,galaxy,D\nGOOD,好,street,D\nN,新石桥,community,D\n", dry_run=True)
    assert (report.created, report.changed, report.refused) == (1, 1, 1)
    assert tree.find_by_code(city.uow, "GOOD") is None
    assert city.uow.published == []


def test_a_retired_places_code_is_not_used_again(city: City) -> None:
    from grid.service import places

    place = city.place("M1-2")
    places.retire_place(city.uow, place.id, version=place.version)
    with pytest.raises(RowsRefused) as refused:
        places_of(city, "M1-2,二号楼,building,M1\nK,户,building,M1\n")
    assert refused.value.problems[0][2] == "place_closed"


def _with_sheet(sheet: bytes) -> bytes:
    """A workbook whose sheet reads so."""
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx([["code"]]))) as old,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, sheet if name.startswith("xl/worksheets/") else old.read(name))
    return whole.getvalue()


def _broken() -> bytes:
    """A workbook in which a compressed part has been overwritten."""
    data = bytearray(_with_sheet(b"<worksheet>" + bytes(range(256)) * 40))
    begin = data.index(b"xl/worksheets/sheet1.xml") + len("xl/worksheets/sheet1.xml")
    data[begin : begin + 60] = b"\xff" * 60
    return bytes(data)


BAD_FILES: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "empty_file", "empty"),
    "blank": (b"\xef\xbb\xbf \r\n", "empty_file", "empty"),
    "a header only": (HEAD.encode(), "empty_file", "no rows"),
    "GBK": ("code,name,tier,parent\nZ,暮云镇,street,D\n".encode("gbk"), "not_utf8", "GBK.*CSV UTF-8"),
    "UTF-16": ("code,name,tier,parent\nZ,甲,street,D\n".encode("utf-16"), "not_utf8", "UTF-16.*CSV UTF-8"),
    "neither": (b"code,name,tier,parent\n\xff\xff\xff,x,y,z\n", "not_utf8", "unknown encoding"),
    "no such column": (b"code,name,tier\nZ,x,street\n", "missing_column", "parent"),
    "a column too many": (b"code,name,tier,parent,mayor\nZ,x,street,D,y\n", "unknown_column", "mayor"),
    "a column twice": (b"code,name,tier,parent,name\nZ,x,street,D,y\n", "repeated_column", "name"),
    "a cell too many": (b"code,name,tier,parent\nZ,x,street,D,extra\n", "too_many_cells", "Line 2"),
    "an open quote": (b'code,name,tier,parent\nZ,"x,street,D\n', "malformed_csv", "Line 2"),
    "binary": (b"code,name,tier,parent\n\x00\x00,x,street,D\n", "not_a_table", "CSV nor XLSX"),
    "a ZIP that is no XLSX": (b"PK\x03\x04garbage", "not_a_table", "XLSX"),
    "an XLSX whose sheet is no XML": (_with_sheet(b"<worksheet><sheetData><row"), "not_a_table", "XLSX"),
    "an XLSX with a broken part": (_broken(), "not_a_table", "XLSX"),
    "merged cells": (
        xlsx(
            [["code", "name", "tier", "parent"], ["Z", "甲", "street", "D"], ["Y", "乙", "street", "D"]], merged="D2:D3"
        ),
        "merged_cells",
        "D2:D3.*[Uu]nmerge",
    ),
    "a long cell": (HEAD.encode() + b"Z," + b"x" * 2001 + b",street,D\n", "cell_too_long", "Line 2"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_cannot_be_read_is_refused_with_the_remedy(case: str) -> None:
    data, code, said = BAD_FILES[case]
    with pytest.raises(FileRefused, match=said) as refused:
        rows_of(data)
    assert (refused.value.code, refused.value.field) == (code, "/file")


GOOD_FILES: dict[str, bytes] = {
    "plain": b"code,name,tier,parent\nZ,x,street,D\n",
    "with a BOM": b"\xef\xbb\xbfcode,name,tier,parent\r\nZ,x,street,D\r\n",
    "with semicolons": b"code;name;tier;parent\nZ;x;street;D\n",
    "with capitals and spaces": b"Code , Name,TIER,parent\n Z , x ,street,D\n",
    "with blank lines": b"\n\ncode,name,tier,parent\n\nZ,x,street,D\n,,,\n",
    "without an end": b"code,name,tier,parent\nZ,x,street,D",
    "XLSX": xlsx([["code", "name", "tier", "parent"], ["Z", "x", "street", "D"]]),
}


@pytest.mark.parametrize("case", GOOD_FILES)
def test_the_same_table_is_read_from_every_form(case: str) -> None:
    (row,) = rows_of(GOOD_FILES[case])
    assert [row[column] for column in PLACES.required] == ["Z", "x", "street", "D"]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    rows = rows_of('code,name,tier,parent\nA,"two\nlines",street,D\n\nB,x,street,D\n')
    assert [row.line for row in rows] == [2, 5]


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 2)
    with pytest.raises(FileRefused, match="split"):
        rows_of(HEAD + "A,a,street,D\n" * 3)


def test_ten_thousand_rows_cost_hardly_more_statements_than_ten(city: City) -> None:
    from sqlalchemy import event

    def cost(rows: int, prefix: str) -> int:
        asked: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            asked.append(statement)

        text = "".join(f"{prefix}{number},第{number}号楼,building,M1\n" for number in range(rows))
        engine = city.uow.connection.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            assert places_of(city, text).created == rows
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    few, many = cost(10, "a"), cost(10_000, "b")
    assert many - few <= 10


def test_a_file_of_a_hundred_thousand_rows_is_read_and_judged_row_by_row(city: City) -> None:
    good = "".join(f"b{number},第{number}号楼,building,M1\n" for number in range(99_999))
    report = places_of(city, f"{good}bad,无,galaxy,M1\n", dry_run=True)
    assert (report.created, report.refused) == (99_999, 1)
    assert (report.problems[0].line, report.problems[0].column) == (100_001, "tier")


OFFICE = "code,name,kind,place,matters\nC-GAS,燃气处,bureau,C,municipal.gas_heating;municipal.emergency\n"
POST = "code,title,duty,place,office\nC-GAS/liaison,联络员,bureau,C,C-GAS\nM/legal,法律,legal,M,\n"


def test_offices_posts_and_holders_come_by_file_and_twice_is_as_once(city: City) -> None:
    holders = "post,subject,name,means\nC-GAS/liaison,he.rui,何锐,inbox\nM/legal,he.rui,何锐,inbox\n"

    def run() -> list[tuple[int, int, int]]:
        reports = [
            imports.import_offices(city.uow, rows_of(OFFICE, OFFICES), how=How()),
            imports.import_posts(city.uow, rows_of(POST, POSTS), how=How()),
            holders_of(city, holders),
        ]
        city.uow.flush()
        return [(report.created, report.changed, report.unchanged) for report in reports]

    assert run() == [(1, 0, 0), (2, 0, 0), (2, 0, 0)]
    assert city.post("C-GAS/liaison").matters == ("municipal.gas_heating", "municipal.emergency")
    assert run() == [(0, 0, 1), (0, 0, 2), (0, 0, 2)]


def test_another_name_in_the_sheet_relieves_who_holds_the_post(city: City) -> None:
    from datetime import timedelta

    city.add_post("M/legal", "M", Duty.LEGAL)
    city.assign("M/legal", "old", since=city.uow.now - timedelta(days=1))
    report = holders_of(city, "post,subject,name\nM/legal,new,新人\n")
    assert (report.created, report.changed) == (0, 1)
    held = city.post("M/legal").held_by(city.uow.now)
    assert held is not None
    assert held.subject == "new"


BAD_HOLDERS = {
    "an unknown post": ("nowhere,x,甲,,,,,", "post", "post_unknown"),
    "no subject": ("M/legal,,甲,,,,,", "subject", "missing"),
    "no date": ("M/legal,x,甲,soon,,,,", "since", "not_a_date"),
    "a term backwards": ("M/legal,x,甲,2026-09-02,2026-09-01,,,", "until", "term_backwards"),
    "a date before the calendar": ("M/legal,x,甲,0001-01-01,,,,", "since", "not_a_date"),
    "no yes or no": ("M/legal,x,甲,,,maybe,,", "stand_in", "not_yes_or_no"),
    "no such means": ("M/legal,x,甲,,,,pigeon,", "means", "not_one_of"),
    "no address": ("M/legal,x,甲,,,,sms,", "address", "missing"),
    "the post twice": ("M/legal,x,甲,,,,,\nM/legal,y,乙,,,,,", "post", "repeated"),
    "two names of one person": ("M/legal,x,甲,,,,,\nM/petition,x,乙,,,,,", "name", "other_name"),
}


@pytest.mark.parametrize("case", BAD_HOLDERS)
def test_a_bad_holder_is_named(city: City, case: str) -> None:
    city.add_post("M/legal", "M", Duty.LEGAL)
    city.add_post("M/petition", "M", Duty.PETITION)
    text, column, code = BAD_HOLDERS[case]
    with pytest.raises(RowsRefused) as refused:
        holders_of(city, f"post,subject,name,since,until,stand_in,means,address\n{text}\n")
    assert (column, code) in [(problem[1], problem[2]) for problem in refused.value.problems]
    assert city.post("M/legal").holdings == ()


BAD_POSTS = {
    "no such duty": ("X,甲,juggler,M,", "duty", "not_one_of"),
    "no such place": ("X,甲,legal,nowhere,", "place", "place_unknown"),
    "no such office": ("X,甲,legal,M,nowhere", "office", "office_unknown"),
    "a code twice": ("X,甲,legal,M,\nX,甲,legal,M,", "code", "repeated"),
}


@pytest.mark.parametrize("case", BAD_POSTS)
def test_a_bad_post_is_named(city: City, case: str) -> None:
    text, column, code = BAD_POSTS[case]
    with pytest.raises(RowsRefused) as refused:
        imports.import_posts(city.uow, rows_of(f"code,title,duty,place,office\n{text}\n", POSTS), how=How())
    assert (column, code) in [(problem[1], problem[2]) for problem in refused.value.problems]


def test_a_supervisor_imports_the_posts_of_their_own_place_only(city: City, uow_of: Callable[..., object]) -> None:
    own = city.as_(person_of("x", holds(city.place("M"), Duty.SUPERVISOR)))
    text = "code,title,duty,place\nM/a,甲,legal,M1\nN/a,乙,legal,N\n"
    report = imports.import_posts(own, rows_of(text, POSTS), how=How(partial=True))
    assert [(problem.line, problem.code) for problem in report.problems] == [(3, "not_yours")]
    assert report.created == 1


def test_a_supervisor_imports_neither_posts_of_a_citys_bureau_nor_the_reach_of_others_holders(city: City) -> None:
    imports.import_offices(city.uow, rows_of(OFFICE, OFFICES), how=How())
    imports.import_posts(city.uow, rows_of(POST, POSTS), how=How())
    city.add_post("N/supervisor", "N", Duty.SUPERVISOR)
    city.assign("N/supervisor", "li.na")
    own = city.as_(person_of("x", holds(city.place("M"), Duty.SUPERVISOR)))
    text = "code,title,duty,place,office\nM/w,联络员,bureau,M,C-GAS\n"
    report = imports.import_posts(own, rows_of(text, POSTS), how=How(partial=True))
    assert [(problem.column, problem.code) for problem in report.problems] == [("office", "not_yours")]
    text = "post,subject,name,means,address\nM/legal,li.na,Li.Na,sms,19900002222\n"
    holders = rows_of(text, HOLDERS)
    report = imports.import_holders(own, holders, how=How(partial=True), keys=city.keys, zone=ZONE)
    assert [(problem.column, problem.code) for problem in report.problems] == [("subject", "not_yours")]
