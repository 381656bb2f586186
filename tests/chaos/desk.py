"""What comes up where many cases are seen at once: a step that one of them offers, two alike, many at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.client import Client
from tests.chaos.draw import Draw
from tests.chaos.homes import BUILDINGS
from tests.chaos.offered import Seen, choose, may_leave, merge
from tests.chaos.people import People
from tests.chaos.staff import Staff, items

#: Where those who hold no dispatcher's post find cases.
_LISTS: tuple[tuple[str, dict[str, str]], ...] = (
    *(("worklist", {}), ("worklist", {"stage": "answered"}), ("worklist", {"stage": "transferred"})),
    *(("pressings", {}), ("pressings", {}), ("custody", {})),
)

_UNDER_WAY = ("assigned", "in_progress")

#: What is asked of many cases in one request, and where.
MANY = {"re_sort_many": "resorts", "re_dispatch_many": "dispatches"}

#: The most that is put right in one request, and how often one of them is named as it was before.
_MOST, _STALE = 5, 0.15


class Desk:
    def __init__(self, people: People, staff: Staff, draw: Draw) -> None:
        self._people = people
        self._staff = staff
        self._draw = draw
        self._codes = {place_id: code for code, place_id in people.places.items()}

    async def look_in(self, client: Client) -> None:
        """Somebody opens one of the cases that they see, and takes one of the steps that it offers them."""
        seen: Sequence[Mapping[str, Any]]
        if self._draw.chance(0.35):
            by = self._draw.one(self._people.handlers)
            path, asked = self._draw.one(_LISTS)
            seen = items(await client.read(by, f"/routing/v1/{path}", **asked, limit="20"))
        else:
            by, seen = await self._read_desk(client)
        wanting = [case for case in seen if _wants_something(case)]
        if wanting and self._draw.chance(0.7):
            await self._look_into(client, by, self._draw.one(wanting)["case_id"], seen)
        elif seen:
            await self._look_into(client, by, self._draw.one(seen)["case_id"], seen)

    async def put_many(self, client: Client) -> None:
        """A dispatcher sorts many cases anew at once, gives many to another post, or looks at what is alike."""
        by, seen = await self._read_desk(client)
        fitting = [case for case in seen if case["state"] in _UNDER_WAY]
        suggested = [case for case in fitting if case["category_suggested"]]
        if suggested and self._draw.chance(0.4):
            await self._sort_many(client, by, suggested, category=self._draw.one(suggested)["category"])
        elif fitting and self._draw.chance(0.45):
            await self._look_beside(client, by, self._draw.one(fitting)["case_id"])
        elif fitting and self._staff.posts and self._draw.chance(0.5):
            body = {"post_id": self._draw.one(sorted(self._staff.posts)), "words": self._draw.words("批量改派")}
            await self._write_many(client, "re_dispatch_many", by, fitting, body)
        elif fitting:
            await self._sort_many(client, by, fitting, category=self._draw.category())

    async def _read_desk(self, client: Client) -> tuple[str, Sequence[Mapping[str, Any]]]:
        code, by = self._draw.one(sorted(self._people.dispatchers.items()))
        place = self._people.places.get(code)
        if place is None:
            return by, []
        asked = {"suggested": "true"} if self._draw.chance(0.15) else {}
        return by, items(await client.read(by, "/routing/v1/cases", place=place, limit="200", **asked))

    async def _look_into(self, client: Client, by: str, case_id: str, others: Sequence[Mapping[str, Any]]) -> None:
        found = await client.read(by, f"/routing/v1/cases/{case_id}")
        self._staff.see(found)
        if not found.is_ok:
            return
        lines = [other for other in others if "state" in other and "ask" in other]
        grants = await self._grants(client, by, found.body)
        chosen = choose(self._draw, Seen(found.body, lines, self._buildings(by, found.body), grants))
        if chosen:
            step, asked = chosen
            where: dict[str, Any] = {"path": asked.path, "about": asked.about}
            await self._staff.write_step(client, step, by, found.body, asked.body, **where)

    async def _grants(self, client: Client, by: str, case: Mapping[str, Any]) -> list[str]:
        if "revoke_grant" not in case["steps"]:
            return []
        granted = items(await client.read(by, f"/routing/v1/cases/{case['case_id']}/grants"))
        return [grant["grant_id"] for grant in granted if not grant["revoked_at"]]

    def _buildings(self, by: str, case: Mapping[str, Any]) -> list[str]:
        """Those below the station of the case that a dispatcher reaches."""
        code = self._codes.get(case["place_id"] or "", "")
        mine = [place for place, name in self._people.dispatchers.items() if name == by and code.startswith(place)]
        stations = [place for place in self._people.dispatchers if code.startswith(place)]
        if not mine:
            return []
        below = f"{max(stations, key=len)}-"
        return [self._people.places[named] for named in BUILDINGS if named.startswith(below)]

    async def _look_beside(self, client: Client, by: str, case_id: str) -> None:
        """What may be the same trouble goes on as one, or is said to be two."""
        path = f"/routing/v1/cases/{case_id}"
        suggested = items(await client.read(by, f"{path}/suggestions"))
        found = await client.read(by, path)
        if not suggested or not found.is_ok:
            return
        other = self._draw.one(suggested)["case_id"]
        if self._draw.chance(0.5):
            about = {"case_id": case_id, "other_id": other}
            await client.write("dismiss", by, f"{path}/suggestions/{other}/dismissals", about=about)
        elif "merge" in found.body["steps"] and may_leave(found.body):
            asked = merge(self._draw, other)
            where: dict[str, Any] = {"path": asked.path, "about": asked.about}
            await self._staff.write_step(client, "merge", by, found.body, asked.body, **where)

    async def _sort_many(self, client: Client, by: str, cases: Sequence[Mapping[str, Any]], *, category: str) -> None:
        body = {"category": category, "words": self._draw.words("批量改类")}
        await self._write_many(client, "re_sort_many", by, cases, body)

    async def _write_many(
        self, client: Client, kind: str, by: str, cases: Sequence[Mapping[str, Any]], body: dict[str, Any]
    ) -> None:
        chosen = self._draw.random.sample(cases, min(len(cases), self._draw.random.randint(2, _MOST)))
        named = [{"case_id": case["case_id"], "version": self._version(case)} for case in chosen]
        told = await client.write(kind, by, f"/routing/v1/{MANY[kind]}", {"cases": named, **body})
        for item in told.body.get("items", []) if told.is_ok else []:
            if item["case"]:
                self._staff.note(item["case"])

    def _version(self, case: Mapping[str, Any]) -> int:
        version = int(case["version"])
        return version - 1 if version > 1 and self._draw.chance(_STALE) else version


def _wants_something(case: Mapping[str, Any]) -> bool:
    """Somebody has begun something on it that another goes on with."""
    names = ("draft", "reports_owed", "report_back", "helper_post_ids", "tellings", "planned_for", "repeats", "linked")
    verifies = case.get("state") == "answered" and "verification" in case["demands"] and not case["verified"]
    return bool(verifies or any(case.get(name) for name in names) or "pressing_id" in case)
