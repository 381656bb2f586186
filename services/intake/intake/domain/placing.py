"""Which place do words speak of? By names alone, without guessing: what is claimed must be so.

The index answers in the time that the text is long, however many places there are.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.intake import Placing

from intake.domain.lexicon import Lexicon

NOWHERE_KNOWN = "/"

#: A name that more places bear than this says nothing by itself ("1栋", "幸福楼").
TOO_COMMON = 20

#: Candidates that a person can still choose among.
SHOWN = 8

#: What ends the name of a street, a town, a community: without it, the name is still heard.
_TIER_WORD = re.compile(r"(?:街道|镇|乡|社区|村)$")

#: Shorter names without their tier word are everyday words too (朝阳, 路口, 学士).
_DISTINCT = 3

#: A name that goes on like this names a road, a hill, a bridge, which may be anywhere (芙蓉区 is no 芙蓉路).
_GOES_ON = re.compile(
    r"[东南西北中]{0,2}(?:大道|大街|路(?![灯面况])|街(?!道)|巷|大桥|桥|山|河|湖|亭|阁|立交|隧道|坡(?![子头])|岭|公园|广场|站|线)"
)

#: Where somebody comes from, or what they compare with, is not where the matter is.
_FROM = re.compile(
    r"(?:老家|来自|籍贯|户籍|祖籍|原籍|户口|毕业于|出生于|嫁到|开往|前往|通往|去往|直达|像|比|参照|不如|相比|原)[是在为于地:：]?$"
)
_OF_PEOPLE = re.compile(r"(?:人[，,。、的在也]|籍)")

#: Words before a name that say: it is here. The wider places of an address may stand between (位于A市A3区).
_HERE = re.compile(
    r"(?:位于|地处|坐落|座落|地址|地点|地块|家住|住在|家在|居住|我是|我们是|本人是|系|属于|关于|反映|投诉|举报)[于在：:是]{0,2}$"
)
_OFFICE = re.compile(r"[^，。,；;！!？?、]{0,8}?(?:局|委|办公室|政府|法院|检察院|信访|大队|派出所)")

#: Who asks for advice or proposes speaks of the city's rules; where they live is an example.
_ASKS = re.compile(r"咨询|请问|建议|政策|是否可以|能否|什么时候")

#: Without a word for it, a text that comes back to one place so often is about that place.
_INSISTS = 3


#: Areas, buildings and their entrances are numbered in either script.
_NUMBERED = re.compile(
    r"(?<![一二三四五六七八九十])([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)(?=片|号楼|栋|单元)"
)
_NUMERALS = "零一二三四五六七八九"

#: What is narrower than all that was found, where nothing is called so.
_NARROWER = re.compile(r"[0-9]+(?:片|号楼|栋)")


@dataclass(frozen=True)
class Mention:
    """A stretch of text and the paths of the places that it may name, in order."""

    start: int
    end: int
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """``path`` is what is certain; ``candidates`` are the paths among which it stays open."""

    placing: Placing
    path: str = NOWHERE_KNOWN
    candidates: tuple[str, ...] = ()


class PlaceNames:
    """Names and aliases of the open places, kept in memory and changed place by place."""

    def __init__(self) -> None:
        self._names = Lexicon()
        self._paths: dict[str, list[str]] = {}
        self._of_place: dict[UUID, tuple[str, frozenset[str]]] = {}

    def __len__(self) -> int:
        return len(self._of_place)

    def put(self, place_id: UUID, path: str, names: Iterable[str]) -> None:
        """The place is called so now; what it was called in the index before is forgotten."""
        self.remove(place_id)
        full = frozenset(name for name in names if len(name) > 1)
        self._of_place[place_id] = (path, full)
        for name, meant in _heard(path, full):
            self._names.add(name)
            insort(self._paths.setdefault(name, []), meant)

    def remove(self, place_id: UUID) -> None:
        path, full = self._of_place.pop(place_id, (NOWHERE_KNOWN, frozenset()))
        for name, meant in _heard(path, full):
            paths = self._paths[name]
            del paths[bisect_left(paths, meant)]
            if not paths:
                del self._paths[name]
                self._names.discard(name)

    def mentions(self, text: str, *, within: str = NOWHERE_KNOWN) -> Iterator[Mention]:
        """Names of places at or below ``within``; others are as if nobody had said them."""
        for at, name in self._names.find(text):
            if paths := _inside(dict.fromkeys(self._paths[name]), within):
                yield Mention(at, at + len(name), paths)


def _heard(path: str, full: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name with the path that it proves: a distinct name without its tier word proves the parent only."""
    for name in sorted({*full, *map(in_digits, full)}):
        yield name, path
        bare = _TIER_WORD.sub("", name)
        if bare != name and len(bare) >= _DISTINCT:
            yield bare, parent_of(path)


def in_digits(text: str) -> str:
    """一片十二号楼 is 1片12号楼."""
    return _NUMBERED.sub(_digits, text)


def _digits(numeral: re.Match[str]) -> str:
    tens, ten, ones = numeral.groups()
    if not ten:
        return numeral[0] if tens and ones else str(_NUMERALS.index(tens or ones)) if tens or ones else ""
    return str(10 * (_NUMERALS.index(tens) if tens else 1) + (_NUMERALS.index(ones) if ones else 0))


def parent_of(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1] or NOWHERE_KNOWN


def place_address(names: PlaceNames, address: str, *, near: str = NOWHERE_KNOWN, within: str = NOWHERE_KNOWN) -> Placed:
    """Of an address every name counts. What is not plain by itself is read as somebody at ``near`` would mean it. What
    names something narrower than is known is not claimed to be exact.
    """
    address = in_digits(address)
    mentions = list(names.mentions(address, within=within))
    placed = _settle(mentions)
    if placed.placing is not Placing.EXACT and near != NOWHERE_KNOWN:
        nearby = _settle([Mention(m.start, m.end, inside) for m in mentions if (inside := _inside(m.paths, near))])
        placed = nearby if nearby.placing is Placing.EXACT else placed
    if placed.placing is Placing.EXACT and _NARROWER.search(address, mentions[-1].end):
        return _open_between([placed.path])
    return placed


def place_words(names: PlaceNames, *, title: str, text: str, within: str = NOWHERE_KNOWN) -> Placed:
    """The title says where; the text may narrow it. Where the title does not, the text must be plain about it."""
    in_title = _meant(names, title, within)
    told = _settle(in_title)
    body = _meant(names, text, within)
    if told.placing is Placing.CANDIDATES:
        return told
    if told.placing is Placing.EXACT and not is_root(told.path):
        return _narrowed(told, body)
    heard = _settle([*in_title, *body])
    narrow = heard.placing is Placing.EXACT and not is_root(heard.path)
    if narrow and (_ASKS.search(title) or not _is_plain(text, body, heard.path)):
        return _only_root(heard.path)
    return heard


def _is_plain(text: str, body: Sequence[Mention], path: str) -> bool:
    """The text says that it is there, gives it as an address, or insists; an office written to is no address."""
    wider = {m.end for m in body if any(path.startswith(p) for p in m.paths)}
    there = [
        m
        for m in body
        if any(path.startswith(p) and not is_root(p) for p in m.paths) and not _OFFICE.match(text, m.end)
    ]
    return len(there) >= _INSISTS or any(
        m.start in wider or _HERE.search(text, max(0, m.start - 8), m.start) for m in there
    )


def _only_root(path: str) -> Placed:
    return Placed(Placing.EXACT, path[: path.index("/", 1) + 1])


def is_root(path: str) -> bool:
    return path.count("/") <= 2


def _meant(names: PlaceNames, text: str, within: str) -> list[Mention]:
    found = list(names.mentions(text, within=within))
    begins = {mention.start for mention in found}
    return [mention for mention in found if _speaks_of_the_place(text, mention, begins)]


def _speaks_of_the_place(text: str, mention: Mention, begins: set[int]) -> bool:
    if mention.end not in begins and _GOES_ON.match(text, mention.end):
        return False
    if _OF_PEOPLE.match(text, mention.end):
        return False
    return not _FROM.search(text, max(0, mention.start - 6), mention.start)


def _narrowed(told: Placed, body: Sequence[Mention]) -> Placed:
    below = [Mention(m.start, m.end, inside) for m in body if (inside := _inside(m.paths, told.path))]
    narrower = _settle(below)
    return narrower if narrower.placing is Placing.EXACT else told


def _inside(paths: Iterable[str], base: str) -> tuple[str, ...]:
    return tuple(path for path in paths if path.startswith(base))


def _settle(mentions: Sequence[Mention]) -> Placed:
    """First what is named beyond doubt; then, within it, what several places are called."""
    heard = {mention.paths for mention in mentions}
    certain = _narrowest({paths[0] for paths in heard if len(paths) == 1})
    if len(certain) > 1:
        return _open_between(certain)
    base = certain[0] if certain else NOWHERE_KNOWN
    doubtful = {_inside(paths, base) or paths for paths in heard if len(paths) > 1}
    for paths in sorted(doubtful, key=lambda paths: (len(paths), paths)):
        inside = _inside(paths, base)
        if len(inside) == 1:
            base = inside[0]
        elif not any(base.startswith(path) for path in paths) and len(paths) <= TOO_COMMON:
            return _open_between(sorted({*(inside or paths), *([] if inside or base == NOWHERE_KNOWN else [base])}))
    return Placed(Placing.EXACT, base) if base != NOWHERE_KNOWN else Placed(Placing.NONE)


def _narrowest(paths: set[str]) -> list[str]:
    """The paths that no other path lies under."""
    return sorted(path for path in paths if not any(other != path and other.startswith(path) for other in paths))


def _open_between(paths: Sequence[str]) -> Placed:
    return Placed(Placing.CANDIDATES, common_of(paths), tuple(paths[:SHOWN]))


def common_of(paths: Sequence[str]) -> str:
    """The narrowest path that all of them lie under."""
    lines = [path.strip("/").split("/") for path in paths]
    shared = []
    for steps in zip(*lines, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return "/" + "".join(f"{step}/" for step in shared if step)
