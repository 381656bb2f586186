"""The gist: one line, nobody in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.domain.gist import LIMIT, gist_of, masked


@pytest.mark.parametrize(
    "words,hidden",
    [
        ("请打13812345678找我", "13812345678"),
        ("电话138-1234-5678", "1234"),
        ("座机0731-88665544", "88665544"),
        ("身份证43010219900101123X", "43010219900101123X"),
        ("车牌湘A12B34乱停", "A12B34"),
        ("我叫李小华，停水了", "李小华"),
        ("姓名：欧阳明，停水了", "欧阳明"),
        ("本人曲宁长，电话保密", "曲宁长"),
        ("王建国，男，1957年生", "王建国"),
        ("陈大伟师傅不肯修", "陈大伟"),
        ("伍某母亲开麻将馆", "伍某"),
        ("3栋2单元401漏水", "401"),
        ("公园一号31栋103麻将馆", "103"),
        ("黄谷路368号", "368"),
        ("金茂府5-4304一房二卖", "4304"),
        ("加我微信：abc12345", "abc12345"),
        ("写信到 li.hua@example.org 吧", "li.hua"),
    ],
)
def test_what_leads_to_a_person_is_masked(words: str, hidden: str) -> None:
    assert hidden not in masked(words)


@pytest.mark.parametrize(
    "words", ["地铁3号线何时通车", "12345热线没人接", "2019年3月停水3天", "我是小区业主，反映停水"]
)
def test_what_leads_to_nobody_stays(words: str) -> None:
    assert masked(words) == words


def test_without_a_title_the_first_sentence_behind_the_greeting_is_the_gist() -> None:
    assert gist_of(title="", words="尊敬的领导：您好！小区已经停水三天。请解决。") == "小区已经停水三天"


def test_a_long_title_is_cut() -> None:
    gist = gist_of(title="水" * 500, words="")
    assert len(gist) == LIMIT
    assert gist.endswith("…")


@given(
    st.text(alphabet="的了在是，。号栋ab", max_size=90),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.text(alphabet="的了在是，。", max_size=90),
)
def test_no_part_of_a_telephone_number_survives_the_cut(before: str, number: str, after: str) -> None:
    assert number[:4] not in gist_of(title=f"{before}，{number}{after}", words="")
