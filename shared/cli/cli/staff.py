"""Invented people for the posts of an imported tree: the same for the same place, whatever else is imported."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

_SURNAMES = """
王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 赵:zhao 黄:huang 周:zhou 吴:wu 徐:xu 孙:sun 胡:hu
朱:zhu 高:gao 林:lin 何:he 郭:guo 马:ma 罗:luo 梁:liang 宋:song 郑:zheng 谢:xie 韩:han 唐:tang
冯:feng 董:dong 程:cheng 曹:cao 袁:yuan 邓:deng 许:xu
"""
_GIVEN = """
静:jing 敏:min 丽:li 强:qiang 磊:lei 洋:yang 艳:yan 勇:yong 杰:jie 娟:juan 涛:tao 明:ming 霞:xia
平:ping 刚:gang 月:yue 鹏:peng 岚:lan 宁:ning 锐:rui 薇:wei 晨:chen 倩:qian 昊:hao 颖:ying 楠:nan
凯:kai 斌:bin 俊:jun 慧:hui 文博:wenbo 志远:zhiyuan
"""

#: Duty and title by tier; the number says which of the place's people holds it, so that some hold several.
_CITY = (
    ("dispatcher", "派单员", 0),
    ("supervisor", "督办", 1),
    ("window_clerk", "市民热线受理员", 2),
    ("follow_up", "跟踪协调专员", 3),
)
_DISTRICT = (("dispatcher", "派单员", 0), ("supervisor", "督办", 1))
_STATION = (
    ("dispatcher", "派单员", 0),
    ("supervisor", "站长", 1),
    ("window_clerk", "服务窗口", 2),
    ("agency", "代办专员", 2),
    ("follow_up", "跟踪协调专员", 3),
    ("municipal", "市政设施专员", 4),
    ("public_service", "公共服务专员", 4),
    ("legal", "法律援助联络员", 3),
    ("petition", "综治信访维稳专员", 1),
)
_POSTS = {
    "city": _CITY,
    "district": _DISTRICT,
    "street": _STATION,
    "township": _STATION,
    "community": _STATION,
    "area": (("area_chief", "片长", 0),),
    "village": (("area_chief", "片长", 0),),
    "building": (("building_chief", "楼长", 0),),
}
#: Departments of a district, with the matters that they answer for.
_DEPARTMENTS = (("LEGAL", "法律援助中心", "legal"), ("PETITION", "综治信访维稳中心", "stability"))


@dataclass(frozen=True)
class Place:
    code: str
    name: str
    tier: str


@dataclass(frozen=True)
class Files:
    """What to import, in this order."""

    offices: str
    posts: str
    holders: str


def staff_of(places: Sequence[Place]) -> Files:
    offices, posts, holders = [], [], []
    for place in places:
        people = _people(place)
        for duty, title, number in _POSTS.get(place.tier, ()):
            code = f"{place.code}/{duty}"
            posts.append((code, f"{place.name}{title}", duty, place.code, ""))
            holders.append((code, *people[number], "inbox"))
        if place.tier == "district":
            for number, (key, name, matter) in enumerate(_DEPARTMENTS, start=2):
                office, code = f"{place.code}-{key}", f"{place.code}-{key}/officer"
                offices.append((office, f"{place.name}{name}", "department", place.code, matter))
                posts.append((code, f"{place.name}{name}联络员", "department", place.code, office))
                holders.append((code, *people[number], "inbox"))
    return Files(
        offices=_csv(("code", "name", "kind", "place", "matters"), offices),
        posts=_csv(("code", "title", "duty", "place", "office"), posts),
        holders=_csv(("post", "subject", "name", "means"), holders),
    )


def _people(place: Place) -> list[tuple[str, str]]:
    """Five, as (sign-in name, name): ``wang-min-a3-7``."""
    random = Random(f"staff of {place.code}")  # noqa: S311 - invented people, not secrets
    return list(_distinct(random, place.code.lower(), 5))


def _distinct(random: Random, suffix: str, count: int) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    while len(seen) < count:
        surname, family = random.choice(_pairs(_SURNAMES))
        given, own = random.choice(_pairs(_GIVEN))
        subject = f"{family}-{own}-{suffix}"
        if subject not in seen:
            seen.add(subject)
            yield subject, surname + given


def _pairs(words: str) -> list[tuple[str, str]]:
    return [(name, sound) for name, _, sound in (word.partition(":") for word in words.split())]


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
