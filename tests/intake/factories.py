"""Whatever intake's tests need: a small city, people with posts, submissions."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from contracts.grid import Duty, Holding, PlaceChangedV1, PlaceState, PostChangedV1
from contracts.intake import Channel, Means
from contracts.routing import CategoryChangedV1, Kind, Remit
from intake.domain.appeal import Submission, Who, WhoKind
from intake.repository.sealing import Keys
from intake.service.station import Station
from kit.auth import OPERATOR, RESIDENT, Person, Post
from kit.crypto import KeyRing, new_key
from kit.db import UnitOfWork
from network import consumers

NAMESPACE = UUID("6f0d0a52-6f62-4c5e-9a43-6b1d7f3d6a10")

PLACES = (
    ("HZ", "海城市", "city", "", ()),
    ("HZ1", "海州区", "district", "HZ", ("海州",)),
    ("HZ2", "青山区", "district", "HZ", ()),
    ("HZ1-1", "白杨社区", "community", "HZ1", ()),
    ("HZ1-2", "柳林街道", "street", "HZ1", ("柳林镇",)),
    ("HZ2-1", "石桥街道", "street", "HZ2", ()),
    ("HZ2-2", "望江亭街道", "street", "HZ2", ()),
    ("HZ1-1-1", "一片", "area", "HZ1-1", ()),
    ("HZ1-1-1-1", "12栋", "building", "HZ1-1-1", ()),
    ("HZ2-1-1", "12栋", "building", "HZ2-1", ()),
)


def id_of(code: str) -> UUID:
    return uuid5(NAMESPACE, code)


def path_of(code: str) -> str:
    parent = next(parent for c, _, _, parent, _ in PLACES if c == code)
    return f"{path_of(parent) if parent else '/'}{id_of(code).hex}/"


def make_place(code: str, **overrides: Any) -> PlaceChangedV1:
    _, name, tier, parent, aliases = next(place for place in PLACES if place[0] == code)
    facts = {
        "place_id": id_of(code),
        "code": code,
        "name": name,
        "aliases": list(aliases),
        "tier": tier,
        "parent_id": id_of(parent) if parent else None,
        "path": path_of(code),
        "depth": path_of(code).count("/") - 1,
        "state": PlaceState.ACTIVE,
        "version": 1,
    }
    return PlaceChangedV1.model_validate({**facts, **overrides})


def make_category(code: str = "water", **overrides: Any) -> CategoryChangedV1:
    facts = {
        "code": code,
        "parent": None,
        "name": {"zh": "自来水供应", "en": "Water"},
        "kind": Kind.MUNICIPAL,
        "remit": Remit.COMMUNITY,
        "words": ["停水", "自来水", "水管爆裂"],
        "version": 1,
    }
    return CategoryChangedV1.model_validate({**facts, **overrides})


def copy_place(uow: UnitOfWork, place: PlaceChangedV1) -> None:
    handler = consumers.handlers(moved=lambda *_: None)[0]
    handler(uow, [place], versions=[place.version])


def copy_staff(uow: UnitOfWork, *subjects: str, code: str = "HZ1-1") -> None:
    """Who held the post of a place that ``make_clerk`` speaks of: known, and signed in by no test with it."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    holders = [
        Holding(subject=subject, name=f"某{subject}", contact_id=uuid5(NAMESPACE, subject), since=since, until=since)
        for subject in subjects
    ]
    post = PostChangedV1(
        version=1,
        post_id=uuid5(NAMESPACE, f"post {code}"),
        code=f"{code}-window",
        title="窗口",
        duty=Duty.WINDOW_CLERK,
        place_id=id_of(code),
        path=path_of(code),
        holders=holders,
    )
    consumers.copy_posts(uow, [post], versions=[1])


def make_keys() -> Keys:
    return Keys(KeyRing.parse(new_key("s1")), KeyRing.parse(new_key("t1")))


def make_station(uow: UnitOfWork, keys: Keys | None = None) -> Station:
    """The small city and one category, copied as the consumer would, and taken over."""
    from intake.consumers import copy_category

    for code, *_ in PLACES:
        copy_place(uow, make_place(code))
    copy_category(uow, make_category(), version=1)
    station = Station(keys or make_keys())
    station.refresh(uow)
    return station


def make_clerk(code: str = "HZ1-1", subject: str = "wang.min") -> Person:
    post = Post(uuid5(NAMESPACE, f"post {code}"), "window_clerk", "窗口", id_of(code), path_of(code))
    return Person(subject, frozenset(), (post,))


OPERATOR_PERSON = Person("operator", frozenset({OPERATOR}))
RESIDENT_PERSON = Person("li.hua", frozenset({RESIDENT}))


def make_who(**overrides: Any) -> Who:
    facts = {"kind": WhoKind.OUTSIDER, "name": "李小华", "means": Means.SANDBOX, "address": "li"}
    return Who(**{**facts, **overrides})


def make_submission(**overrides: Any) -> Submission:
    facts = {
        "channel": Channel.WINDOW,
        "title": "白杨社区停水三天",
        "words": "我叫李小华，家住白杨社区12栋3单元，已经停水三天，电话13812345678。",
        "who": make_who(),
    }
    return Submission(**{**facts, **overrides})
