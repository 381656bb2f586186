"""A classification from a file, bound to kinds of matter and remits: by a binding, or by what a branch is called."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from contracts.routing import Kind, Remit

from routing.domain.rules import Category
from routing.errors import UnboundBranches, UnfitTree, UnknownBranch

#: A code of the tree's own: from the names, so that a file loaded again finds its branches.
PREFIX = "taxonomy."

#: Names that gather what is left over; they suggest nothing.
LEFT_OVER = frozenset({"其他", "其它"})

#: Between names on a branch's path, in bindings and messages.
SEPARATOR = "/"


class Bound(NamedTuple):
    kind: Kind
    remit: Remit
    sealed: bool = False


@dataclass(frozen=True)
class Row:
    """A line of the file: the names from the first level to the last."""

    line: int
    names: tuple[str, ...]


#: What a name speaks of, the first that fits; asked of the narrowest level first.
NAME_RULES: Sequence[tuple[tuple[str, ...], Bound]] = (
    (("信访", "群体性事件", "维稳"), Bound(Kind.STABILITY, Remit.DISTRICT)),
    (
        ("纪检", "监察", "廉政", "贪污", "渎职", "干部作风", "滥用职权"),
        Bound(Kind.STABILITY, Remit.DISTRICT, sealed=True),
    ),
    (("家暴", "家庭暴力"), Bound(Kind.LEGAL, Remit.DISTRICT, sealed=True)),
    (("户籍", "户口", "身份证"), Bound(Kind.ADMINISTRATIVE, Remit.COMMUNITY)),
    (("交通管理",), Bound(Kind.MUNICIPAL, Remit.CITY)),
    (("物业", "小区管理"), Bound(Kind.MUNICIPAL, Remit.COMMUNITY)),
    (("居民服务", "便民", "志愿", "养老服务", "家政"), Bound(Kind.PUBLIC_SERVICE, Remit.COMMUNITY)),
    (
        ("诉讼", "仲裁", "法律", "司法", "行政复议", "治安", "刑案", "刑罚", "警务", "政法", "公安"),
        Bound(Kind.LEGAL, Remit.DISTRICT),
    ),
    (("征收", "拆迁", "住房保障", "房地产"), Bound(Kind.ADMINISTRATIVE, Remit.DISTRICT)),
    (("环境", "环保", "污染"), Bound(Kind.MUNICIPAL, Remit.DISTRICT)),
    (("城乡建设", "城市建设", "市政", "交通运输", "供水", "供电", "燃气", "道路"), Bound(Kind.MUNICIPAL, Remit.CITY)),
    (
        ("民政", "劳动", "社会保障", "卫生", "计生", "教育", "文体", "农村", "农业", "国土", "商贸", "旅游"),
        Bound(Kind.ADMINISTRATIVE, Remit.DISTRICT),
    ),
    (("党务", "政务", "科技", "信息产业", "经济管理", "金融"), Bound(Kind.ADMINISTRATIVE, Remit.CITY)),
)


def plan(
    rows: Sequence[Row],
    bindings: Mapping[str, Bound],
    current: Mapping[str, Category],
    *,
    now: datetime,
    replaces: bool,
) -> list[Category]:
    """The new versions that make the tree what the file says; nothing for what stays as it is.

    ``replaces``: whatever the file does not name is retired, the default tree too. Raises what is wrong, by line.
    """
    branches = _branches(rows)
    if strange := sorted(bindings.keys() - {SEPARATOR.join(names) for names in branches}):
        raise UnknownBranch(strange[0])
    unbound = [(line, SEPARATOR.join(names)) for names, line in branches.items() if bind(names, bindings) is None]
    if unbound:
        raise UnboundBranches(unbound)
    wanted = [_category(names, bind(names, bindings), now) for names in branches]
    changed = [_next(item, current.get(item.code)) for item in wanted]
    left_out = current.keys() - {item.code for item in wanted}
    retired = [_retire(current[code], now) for code in sorted(left_out) if replaces and not current[code].retired]
    return [item for item in changed if item is not None] + retired


def bind(names: tuple[str, ...], bindings: Mapping[str, Bound]) -> Bound | None:
    """By the narrowest binding of the branch or of one above it; else by the first name that a rule knows."""
    for depth in range(len(names), 0, -1):
        if bound := bindings.get(SEPARATOR.join(names[:depth])):
            return bound
    for name in reversed(names):
        for words, bound in NAME_RULES:
            if any(word in name for word in words):
                return bound
    return None


def code_of(names: tuple[str, ...]) -> str:
    return PREFIX + hashlib.sha256(SEPARATOR.join(names).encode()).hexdigest()[:12]


def _branches(rows: Sequence[Row]) -> dict[tuple[str, ...], int]:
    """Each branch and leaf with the first line that names it, parents before children."""
    found: dict[tuple[str, ...], int] = {}
    lines: dict[tuple[str, ...], int] = {}
    for row in rows:
        names = _names(row)
        if names in lines:
            raise UnfitTree(row.line, f"repeats line {lines[names]}")
        lines[names] = row.line
        for depth in range(1, len(names) + 1):
            found.setdefault(names[:depth], row.line)
    return found


def _names(row: Row) -> tuple[str, ...]:
    names = tuple(name.strip() for name in row.names)
    while names and not names[-1]:
        names = names[:-1]
    if not names or not all(names):
        raise UnfitTree(row.line, "a level is empty above one that is not")
    if any(SEPARATOR in name for name in names):
        raise UnfitTree(row.line, f"a name holds {SEPARATOR}")
    return names


def _category(names: tuple[str, ...], bound: Bound | None, now: datetime) -> Category:
    assert bound is not None
    line = tuple(code_of(names[:depth]) for depth in range(1, len(names) + 1))
    return Category(
        code=line[-1],
        version=1,
        parent=line[-2] if len(line) > 1 else None,
        name_zh=names[-1],
        name_en=names[-1],
        kind=bound.kind,
        remit=bound.remit,
        sealed=bound.sealed,
        words=_words(names[-1]),
        line=line,
        retired=False,
        effective_from=now,
    )


def _words(name: str) -> tuple[str, ...]:
    return () if name in LEFT_OVER or len(name) < 2 else (name,)


def _next(wanted: Category, before: Category | None) -> Category | None:
    if before is None:
        return wanted
    same = replace(wanted, version=before.version, effective_from=before.effective_from)
    return None if same == before else replace(wanted, version=before.version + 1)


def _retire(category: Category, now: datetime) -> Category:
    return replace(category, version=category.version + 1, retired=True, effective_from=now)
