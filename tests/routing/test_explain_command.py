"""``baiyang explain`` against a platform that answers."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from cli import explain

from tests import commands

NUMBER = "C7K2-9QXM-4T6P"
SAID = {"zh": ["这是对居民承诺的期限。"], "en": ["This is what the resident was promised."]}


class Platform:
    """The case's deadlines, a page each, and what is said of every one."""

    def __init__(self) -> None:
        self.agrees = [True, True]
        self.ids = [str(uuid4()) for _ in self.agrees]
        self.asked: list[str] = []
        self.refusal: httpx.Response | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        if self.refusal is not None:
            return self.refusal
        if request.url.path.endswith("/deadlines"):
            return httpx.Response(200, json=self._page(int(request.url.params.get("cursor", 0))))
        place = self.ids.index(request.url.path.split("/")[-2])
        return httpx.Response(200, json=self._explained(place))

    def _page(self, place: int) -> dict[str, Any]:
        more = place + 1 < len(self.ids)
        return {"items": [self._deadline(place)], "next": str(place + 1) if more else None}

    def _explained(self, place: int) -> dict[str, Any]:
        return {"deadline": self._deadline(place), "agrees": self.agrees[place], "sentences": SAID}

    def _deadline(self, place: int) -> dict[str, Any]:
        when = {"due_at": "2026-11-30T09:00:00Z", "zone": "Asia/Shanghai"}
        return {"deadline_id": self.ids[place], "kind": "promise", "state": ("replaced", "open")[place], **when}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    commands.reach(monkeypatch, explain, commands.only("lin.yue", platform.answer))
    return platform


def run(*arguments: str) -> tuple[int, list[str]]:
    code, output = commands.run("explain", *arguments, "--as", "lin.yue")
    return code, output.splitlines()


def test_every_deadline_is_explained_in_both_languages_what_runs_first_and_by_the_citys_clock(
    platform: Platform,
) -> None:
    code, output = run(NUMBER)
    assert (code, output) == (
        0,
        [
            "promise (open), due 2026-11-30 17:00",
            *("  这是对居民承诺的期限。", "  This is what the resident was promised."),
            "promise (replaced), due 2026-11-30 17:00",
            *("  这是对居民承诺的期限。", "  This is what the resident was promised."),
        ],
    )
    path = f"/routing/v1/cases/{NUMBER}/deadlines"
    assert platform.asked == [
        path,
        f"{path}?cursor=1",
        f"{path}/{platform.ids[1]}/explanation",
        f"{path}/{platform.ids[0]}/explanation",
    ]


def test_one_language_may_be_asked_for(platform: Platform) -> None:
    _, output = run(NUMBER, "--language", "zh")
    assert output[1::2] == ["  这是对居民承诺的期限。"] * len(platform.ids)


def test_what_does_not_agree_is_exit_1(platform: Platform) -> None:
    platform.agrees[1] = False
    code, output = run(NUMBER)
    assert code == 1
    assert output[-1] == "1 of its deadlines do not agree with what is stored: see docs/clocks.md."


def test_a_case_that_is_not_there_ends_it_in_the_platforms_own_words(platform: Platform) -> None:
    platform.refusal = httpx.Response(
        404, json={"detail": "There is no case."}, headers={"Content-Type": "application/problem+json"}
    )
    code, output = run("C7K2/9QXM")
    assert code == 1
    assert output == ["GET /routing/v1/cases/C7K2/9QXM/deadlines: 404 There is no case."]
    assert platform.asked == ["/routing/v1/cases/C7K2%2F9QXM/deadlines"]
