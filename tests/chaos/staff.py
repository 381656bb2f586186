"""What staff do: whoever holds a case carries it on, dispatchers put right, rule, merge and answer for the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.client import Answer, Client
from tests.chaos.draw import PLACES, Draw
from tests.chaos.offered import answer, work
from tests.chaos.people import People
from tests.chaos.record import Record

#: Where each step is asked for, below its case; the others say so themselves.
_PATHS = {
    "accept": "acceptances",
    "start": "starts",
    "answer": "answers",
    "hand_over": "handovers",
    "close": "closings",
    "re_sort": "resorts",
    "re_dispatch": "dispatches",
    "take_over": "takeovers",
    "ask_return": "returns",
    "ask_decline": "declines",
    "ask_extension": "extensions",
    "ask_suspension": "suspensions",
    "resume": "resumptions",
    "transfer": "transfers",
    "plan": "plans",
    "rule": "rulings",
    "recuse": "recusals",
    "accompany": "accompaniments",
    "centre_report": "centre_reports",
    "call_in": "helpers",
    "call_back": "callbacks",
    "hand_to_hotline": "hotline_handovers",
    "verify": "verifications",
}
#: Taken by what a handler or dispatcher comes by, with or without a form of its own.
STEPS = frozenset({*_PATHS, "report_part", "record"})

_REASONS = {
    "ask_return": ("not_our_remit", "wrong_category"),
    "ask_decline": ("in_court", "no_facts"),
    "ask_extension": ("materials", "weather"),
    "ask_suspension": ("testing", "public_notice"),
}

#: What is handed over to a centre, the resident accompanied.
_FOR_CENTRES = ("legal", "stability")

#: Where a handler looks for the next thing to do.
_LISTS: tuple[tuple[str, dict[str, str]], ...] = (
    *(("worklist", {}), ("worklist", {})),
    ("worklist", {"stage": "answered"}),
    ("planned", {}),
)


class Staff:
    """Whoever holds a post; each person does one thing at a time."""

    def __init__(self, people: People, record: Record, draw: Draw) -> None:
        self._people = people
        self._record = record
        self._draw = draw
        self.posts: set[str] = set()
        """Posts that cases have been seen to lie with."""
        self._busy: set[str] = set()
        self._idle: set[str] = set()

    async def carry_on(self, client: Client) -> None:
        """The next step of one of the cases that lie with somebody."""
        free = [name for name in self._people.handlers if name not in self._busy]
        likely = [name for name in free if name not in self._idle]
        by = self._draw.one(likely if likely and self._draw.chance(0.8) else free)
        self._busy.add(by)
        try:
            if self._draw.chance(0.1):
                await self._help(client, by)
                return
            path, stage = self._draw.one(_LISTS)
            found = await client.read(by, f"/routing/v1/{path}", **stage, limit="20")
            if cases := items(found):
                self._idle.discard(by)
                await self._step(client, by, self._draw.one(cases))
            elif found.is_ok and path == "worklist":
                self._idle.add(by)
        finally:
            self._busy.discard(by)

    async def _help(self, client: Client, by: str) -> None:
        """One of the parts that somebody was called in for is done."""
        if not (parts := items(await client.read(by, "/routing/v1/parts", limit="20"))):
            return
        part = self._draw.one(parts)
        path = f"helpers/{part['helper_id']}/reports"
        await self.write_step(client, "report_part", by, part, {"words": self._draw.words("协办")}, path=path)

    async def dispatch(self, client: Client) -> None:
        """What waits is placed and sorted, what is asked is ruled; now and then a dispatcher puts right what is sorted
        or given wrongly, answers, or closes over the holder's head.
        """
        code, by = self._draw.one(sorted(self._people.dispatchers.items()))
        place = self._people.places.get(code)
        if self._draw.chance(0.25) and place:
            found = await client.read(by, "/routing/v1/cases", place=place, limit="200")
            mine = [case for case in items(found) if case["state"] in ("assigned", "in_progress", "answered")]
            self.posts |= {case["holder_post_id"] for case in mine if case["holder_post_id"]}
            if mine:
                await self._put_right(client, by, self._draw.one(mine))
            return
        if self._draw.chance(0.3):
            await self._call_back(client, by)
            return
        waiting = items(await client.read(by, "/routing/v1/queue", limit="20"))
        if waiting:
            case = self._draw.one(waiting)
            if case["ask"]:
                await self._rule(client, by, case)
                return
            if case["state"] != "received":
                await self._put_right(client, by, case)
                return
            body = {"category": case["category"] or self._draw.category()}
            body["place_id"] = case["place_id"] or self._place_below(code)
            await self.write_step(client, "accept", by, case, body)

    async def _call_back(self, client: Client, by: str) -> None:
        """Whoever reads no messages is asked whether it is solved."""
        waiting = items(await client.read(by, "/routing/v1/callbacks", limit="20"))
        if not waiting:
            return
        body: dict[str, Any] = {"outcome": "not_reached", "words": self._draw.words("回访")}
        if self._draw.chance(0.6):
            solved = self._draw.chance(0.8)
            body |= {"outcome": "reached", "solved": solved, "rating": 4 if solved else 2}
        line = self._draw.one(waiting)
        await self.write_step(client, "call_back", by, line, body | {"appeal_id": line["appeal_id"]})

    async def _put_right(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        if case["state"] == "answered" and "verification" in case["demands"] and not case["verified"]:
            body = {"passed": self._draw.chance(0.8), "words": self._draw.words("核查")}
            await self.write_step(client, "verify", by, case, body)
            return
        if case["state"] == "answered" or case["ask"] or self._draw.chance(0.3):
            if case["state"] != "assigned":
                await self._step(client, by, case)
            return
        if self._draw.chance(0.06):
            await self.write_step(client, "take_over", by, case, {"words": self._draw.words("接办")})
            return
        body = {"words": self._draw.words("改正")}
        if not (case["at_hotline"] or case["seal"]) and self._draw.chance(0.15):
            await self.write_step(client, "hand_to_hotline", by, case, body)
            return
        if self.posts and self._draw.chance(0.3):
            body["post_id"] = self._draw.one(sorted(self.posts))
            await self.write_step(client, "call_in", by, case, body | {"due_at": self._draw.soon()})
        elif self.posts and self._draw.chance(0.5):
            body["post_id"] = self._draw.one(sorted(self.posts))
            await self.write_step(client, "re_dispatch", by, case, body)
        else:
            body["category"] = self._draw.category()
            await self.write_step(client, "re_sort", by, case, body)

    async def _rule(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        body: dict[str, Any] = {"granted": self._draw.chance(0.5), "words": self._draw.words("裁定")}
        if body["granted"] and case["ask"] == "return":
            body["post_id"] = self._draw.one(sorted(self.posts) or [case["holder_post_id"]])
        await self.write_step(client, "rule", by, case, body)

    def _place_below(self, code: str) -> str:
        return self._people.places[self._draw.one([p for p in PLACES if p and p.startswith(code)] or [code])]

    async def _step(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        state = case["state"]
        if state != "accepted" and self._draw.chance(0.12):
            await self._record_work(client, by, case)
        elif state in ("assigned", "in_progress"):
            await self._work_on(client, by, case)
        elif state == "answered" and not case["handover"] and self._draw.chance(0.25):
            body = {"means": self._draw.one(["collected", "brought_home"])}
            await self.write_step(client, "hand_over", by, case, body)
        elif state == "answered":
            await self.write_step(client, "close", by, case, None)

    async def _work_on(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        if self._draw.chance(0.02):
            await self.write_step(client, "recuse", by, case, {"words": self._draw.words("应回避")})
        elif case["followed_since"]:
            reported = {"words": self._draw.words("中心反馈"), "final": self._draw.chance(0.6)}
            await self.write_step(client, "centre_report", by, case, reported)
        elif case["suspended_until"] and self._draw.chance(0.4):
            await self.write_step(client, "resume", by, case, {"words": self._draw.words("恢复")})
        elif not case["ask"] and self._draw.chance(0.12):
            await self._ask(client, by, case)
        elif case["kind"] in _FOR_CENTRES and self._draw.chance(0.6):
            body = {"centre": "区法律援助中心", "with_whom": "社区干部", "words": self._draw.words("移交")}
            await self.write_step(client, "accompany", by, case, body)
        elif not case["ask"] and self._draw.chance(0.12):
            await self._pause(client, by, case)
        elif case["state"] == "assigned" and self._draw.chance(0.8):
            await self.write_step(client, "start", by, case, None)
        else:
            await self.write_step(client, "answer", by, case, answer(self._draw, "已经办结"))

    async def _ask(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        kind = self._draw.one(sorted(_REASONS))
        body: dict[str, Any] = {"reason": self._draw.one(_REASONS[kind]), "words": self._draw.words("申请")}
        body |= {"days": self._draw.random.randint(1, 5)} if kind == "ask_extension" else {}
        body |= {"until": self._draw.day_ahead()} if kind == "ask_suspension" else {}
        await self.write_step(client, kind, by, case, body)

    async def _pause(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        """It waits for a day, or is passed on to somebody else."""
        words = self._draw.words("说明")
        if self.posts and self._draw.chance(0.5):
            body = {"post_id": self._draw.one(sorted(self.posts)), "words": words}
            await self.write_step(client, "transfer", by, case, body)
        elif not (case["planned_for"] or case["suspended_until"]):
            await self.write_step(client, "plan", by, case, {"day": self._draw.day_ahead(), "answer": words})

    async def _record_work(self, client: Client, by: str, case: Mapping[str, Any]) -> None:
        """Under no version: nothing but its key keeps it from being entered twice."""
        path = f"/routing/v1/cases/{case['case_id']}"
        found = await client.read(by, path)
        if found.is_ok:
            self.see(found)
            body = work(self._draw, found.body)
            self.see(await client.write("record", by, f"{path}/records", body, about={"case_id": case["case_id"]}))

    async def write_step(
        self,
        client: Client,
        kind: str,
        by: str,
        case: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        *,
        path: str | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Under the version that was read; whoever is told that it is old reads the case again, as a person would."""
        whole = f"/routing/v1/cases/{case['case_id']}"
        path = path or _PATHS[kind]
        told = await client.write(
            *(kind, by, path if path.startswith("/") else f"{whole}/{path}", body),
            version=case["version"],
            is_keyed=not self._draw.chance(0.15),
            about={"case_id": case["case_id"], **(about or {})},
        )
        if told.is_ok:
            self.see(told)
        else:
            self.see(await client.read(by, whole))

    def see(self, found: Answer) -> None:
        if found.is_ok:
            self.note(found.body)

    def note(self, case: Mapping[str, Any]) -> None:
        self._record.note("seen", case_id=case["case_id"], version=case["version"], state=case.get("state"))


def items(found: Answer) -> Sequence[dict[str, Any]]:
    return found.body["items"] if found.is_ok else []
