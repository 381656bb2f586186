"""The drive: residents and clerks file, amend and ask; holders and dispatchers carry cases on. All at once."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx

from tests.chaos.client import TIMEOUT, Answer, Client, Pace
from tests.chaos.people import OPERATOR, RESIDENT, People
from tests.chaos.record import Record

#: What is asked for, so that every kind, remit and duty, urgency and queue comes up. None: nobody sorts it.
_CATEGORIES = (
    *("administrative.hukou", "administrative.social_insurance", "administrative.university"),
    *("municipal.street_lights", "municipal.property", "municipal.water", "municipal.emergency"),
    *("public_service.repair", "public_service.repair", "public_service.care", "legal.aid", "stability.petition"),
    # What is sealed is seen by few: the drive goes on with whoever holds it.
    "stability.discipline",
    None,
)
_PLACES = ("HZ-BY", "HZ-BY-1-05", "HZ-BY-2", "HZ-BY-3-02", "HZ-BY-6", "HZ-LH-SQ", "HZ-LH-SQ-1", None)
_WORDS = ("楼道的灯坏了半个月，晚上老人上下楼很危险。", "想请社区帮忙协调一件事，见面再细说。", "请问要带哪些材料？")
_CHANNELS = ("window", "hotline", "letterbox", "visit")

_STEPS = {
    "accept": "acceptances",
    "start": "starts",
    "answer": "answers",
    "hand_over": "handovers",
    "close": "closings",
    "re_sort": "resorts",
    "re_dispatch": "dispatches",
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

_WORK = ("call", "site_visit", "interim_word")

#: How many of each are at it at once.
_RESIDENTS, _CLERKS, _HANDLERS, _DISPATCHERS = 3, 4, 12, 3


class Drive:
    """Runs in a thread of its own from ``start`` to ``stop``; what is under way then is asked for until answered."""

    def __init__(self, address: str, people: People, record: Record, *, seed: int, rate: float) -> None:
        self._address = address
        self._people = people
        self._record = record
        self._random = Random(f"drive {seed}")
        self._rate = rate
        self._seed = seed
        self._closing = threading.Event()
        self._patience = 0.0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._drive()), name="drive")
        self._failed: BaseException | None = None
        self._filed: list[tuple[str, str]] = []
        """Appeals that were acknowledged to clerks: whose, which."""
        self._codes: list[tuple[str, str]] = []
        """Query codes that were told, with their appeals."""
        self._posts: set[str] = set()
        """Posts that cases have been seen to lie with."""
        self._busy: set[str] = set()
        self._idle: set[str] = set()
        self._count = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, patience: float) -> None:
        """Ask for nothing new; what is under way has ``patience`` seconds for its answer."""
        self._patience = patience
        self._closing.set()
        self._thread.join()
        if self._failed is not None:
            raise RuntimeError("the drive ended by itself") from self._failed

    async def _drive(self) -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
        async with httpx.AsyncClient(base_url=self._address, timeout=TIMEOUT, limits=limits) as http:
            pace = Pace(self._rate, self._random)
            client = Client(http, self._people, self._record, self._random, pace)
            works = [self._reside] * _RESIDENTS + [self._take_in] * _CLERKS
            works += [self._carry_on] * _HANDLERS + [self._dispatch] * _DISPATCHERS + [self._lay]
            tasks = [asyncio.create_task(self._again_and_again(work, client)) for work in works]
            while not self._closing.is_set():
                await asyncio.sleep(0.1)
                if ended := next((task for task in tasks if task.done()), None):
                    self._failed = ended.exception()
                    break
            client.until = time.monotonic() + self._patience
            await asyncio.wait(tasks, timeout=self._patience + 10)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, work: Callable[[Client], Awaitable[None]], client: Client) -> None:
        while not self._closing.is_set():
            await work(client)

    async def _lay(self, client: Client) -> None:
        """A new building now and then, so that grid too has something to lose."""
        await asyncio.sleep(self._random.uniform(0.5, 3))
        self._count += 1
        building = {"code": f"HZ-BY-6-X{self._count}", "name": f"新楼{self._count}号", "tier": "building"}
        await client.write("lay", OPERATOR, "/grid/v1/places", building | {"parent": "HZ-BY-6"})

    # Residents and clerks ---------------------------------------------------------------------------------------

    async def _reside(self, client: Client) -> None:
        if self._codes and self._chance(0.5):
            await self._look_up(client)
            return
        await self._file(client, RESIDENT, self._submission(channel="web"))

    async def _take_in(self, client: Client) -> None:
        by = self._random.choice(self._people.clerks)
        if self._filed and self._chance(0.45):
            await self._amend(client)
            return
        asked = self._submission(channel=self._random.choice(_CHANNELS))
        asked |= {"urgent": self._chance(0.1), "done_on_the_spot": self._chance(0.06)}
        if self._chance(0.05):
            asked["complained_of"] = [self._random.choice(self._people.handlers)]
        if self._chance(0.3):
            asked |= {"source": "chaos", "external_id": f"{self._seed}-{self._count}"}
        answer = await self._file(client, by, asked)
        if answer.is_ok:
            self._filed.append((by, answer.body["appeal_id"]))
            if "source" in asked and self._chance(0.2):
                await self._file(client, by, asked)

    async def _file(self, client: Client, by: str, asked: dict[str, Any]) -> Answer:
        answer = await client.write(
            "file", by, "/intake/v1/appeals", asked, is_keyed="source" in asked or not self._chance(0.05)
        )
        if answer.is_ok and answer.body["query_code"]:
            self._codes.append((answer.body["query_code"], answer.body["appeal_id"]))
        return answer

    def _submission(self, channel: str) -> dict[str, Any]:
        self._count += 1
        who: dict[str, Any] = {"kind": "anonymous"}
        if not self._chance(0.15):
            who = {"kind": "outsider", "name": f"演示居民{self._count}", "means": "none"}
            if self._chance(0.8):
                who |= {"means": "sandbox", "address": f"chaos-{self._seed}-{self._count}"}
        place, category = self._random.choice(_PLACES), self._random.choice(_CATEGORIES)
        named = {"place": place, "category": category}
        words = f"{self._random.choice(_WORDS)}（第{self._count}件）"
        return {"channel": channel, "words": words, "who": who} | {k: v for k, v in named.items() if v}

    async def _amend(self, client: Client) -> None:
        by, appeal = self._random.choice(self._filed[-60:])
        path = f"/intake/v1/appeals/{appeal}"
        found = await client.read(by, path)
        if not found.is_ok or found.body["withdrawn_at"]:
            return
        about = {"appeal_id": appeal}
        if self._chance(0.3):
            body: dict[str, Any] = {"reason": "unwanted"}
            await client.write("withdraw", by, f"{path}/withdrawals", body, version=found.version, about=about)
            return
        self._count += 1
        body = {"words": f"补充说明{self._count}。"}
        if self._chance(0.5):
            body["category"] = self._random.choice([c for c in _CATEGORIES if c])
        if self._chance(0.3):
            body["place"] = self._random.choice([p for p in _PLACES if p])
        await client.write("correct", by, f"{path}/corrections", body, version=found.version, about=about)

    async def _look_up(self, client: Client) -> None:
        code, appeal = self._random.choice(self._codes[-80:])
        found = await client.read("", f"/intake/v1/progress/{code}")
        if found.is_ok:
            self._record.note("progress", appeal_id=appeal, standing=found.body["standing"])
            if found.body["rate"] and self._chance(0.5):
                await self._rate_answer(client, found.body["rate"], appeal)

    async def _rate_answer(self, client: Client, path: str, appeal: str) -> None:
        """Satisfied: what is not solved is done again, which the harness does not drive yet."""
        said = {"solved": True, "rating": self._random.randint(1, 5)}
        await client.write("rate", "", f"/intake/v1{path}", said, about={"appeal_id": appeal})

    # Staff ------------------------------------------------------------------------------------------------------

    async def _carry_on(self, client: Client) -> None:
        """The next step of one of the cases that lie with somebody; each person does one thing at a time."""
        free = [name for name in self._people.handlers if name not in self._busy]
        likely = [name for name in free if name not in self._idle]
        by = self._random.choice(likely if likely and self._chance(0.8) else free)
        self._busy.add(by)
        try:
            if self._chance(0.1):
                await self._help(client, by)
                return
            path, stage = self._random.choice(_LISTS)
            found = await client.read(by, f"/routing/v1/{path}", **stage, limit="20")
            if items := _items(found):
                self._idle.discard(by)
                await self._step(client, by, self._random.choice(items))
            elif found.is_ok and path == "worklist":
                self._idle.add(by)
        finally:
            self._busy.discard(by)

    async def _help(self, client: Client, by: str) -> None:
        """One of the parts that somebody was called in for is done."""
        if not (parts := _items(await client.read(by, "/routing/v1/parts", limit="20"))):
            return
        part = self._random.choice(parts)
        self._count += 1
        path = f"helpers/{part['helper_id']}/reports"
        await self._write_step(client, "report_part", by, part, {"words": f"协办{self._count}。"}, path=path)

    async def _dispatch(self, client: Client) -> None:
        """What waits is placed and sorted, what is asked is ruled; now and then a dispatcher puts right what is sorted
        or given wrongly, answers, or closes over the holder's head.
        """
        code, by = self._random.choice(sorted(self._people.dispatchers.items()))
        place = self._people.places.get(code)
        if self._chance(0.25) and place:
            found = await client.read(by, "/routing/v1/cases", place=place, limit="50")
            mine = [case for case in _items(found) if case["state"] in ("assigned", "in_progress", "answered")]
            self._posts |= {case["holder_post_id"] for case in mine if case["holder_post_id"]}
            if mine:
                await self._put_right(client, by, self._random.choice(mine))
            return
        if self._chance(0.3):
            await self._call_back(client, by)
            return
        waiting = _items(await client.read(by, "/routing/v1/queue", limit="20"))
        if waiting:
            case = self._random.choice(waiting)
            if case["ask"]:
                await self._rule(client, by, case)
                return
            if case["state"] != "received":
                await self._put_right(client, by, case)
                return
            body = {"category": case["category"] or self._random.choice([c for c in _CATEGORIES if c])}
            body["place_id"] = case["place_id"] or self._place_below(code)
            await self._write_step(client, "accept", by, case, body)

    async def _call_back(self, client: Client, by: str) -> None:
        """Whoever reads no messages is asked whether it is solved."""
        waiting = _items(await client.read(by, "/routing/v1/callbacks", limit="20"))
        if not waiting:
            return
        self._count += 1
        body: dict[str, Any] = {"outcome": "not_reached", "words": f"回访{self._count}。"}
        if self._chance(0.6):
            body |= {"outcome": "reached", "solved": True, "rating": 4}
        await self._write_step(client, "call_back", by, self._random.choice(waiting), body)

    async def _put_right(self, client: Client, by: str, case: dict[str, Any]) -> None:
        if case["state"] == "answered" and "verification" in case["demands"] and not case["verified"]:
            self._count += 1
            body = {"passed": True, "words": f"核查{self._count}。"}
            await self._write_step(client, "verify", by, case, body)
            return
        if case["state"] == "answered" or case["ask"] or self._chance(0.3):
            if case["state"] != "assigned":
                await self._step(client, by, case)
            return
        self._count += 1
        body = {"words": f"改正{self._count}。"}
        if not case["at_hotline"] and self._chance(0.15):
            await self._write_step(client, "hand_to_hotline", by, case, body)
            return
        if self._posts and self._chance(0.3):
            body["post_id"] = self._random.choice(sorted(self._posts))
            due_at = datetime.now(UTC) + timedelta(seconds=self._random.uniform(5, 60))
            await self._write_step(client, "call_in", by, case, body | {"due_at": due_at.isoformat()})
        elif self._posts and self._chance(0.5):
            body["post_id"] = self._random.choice(sorted(self._posts))
            await self._write_step(client, "re_dispatch", by, case, body)
        else:
            body["category"] = self._random.choice([c for c in _CATEGORIES if c])
            await self._write_step(client, "re_sort", by, case, body)

    async def _rule(self, client: Client, by: str, case: dict[str, Any]) -> None:
        self._count += 1
        body: dict[str, Any] = {"granted": self._chance(0.5), "words": f"裁定{self._count}。"}
        if body["granted"] and case["ask"] == "return":
            body["post_id"] = self._random.choice(sorted(self._posts) or [case["holder_post_id"]])
        await self._write_step(client, "rule", by, case, body)

    def _place_below(self, code: str) -> str:
        return self._people.places[self._random.choice([p for p in _PLACES if p and p.startswith(code)] or [code])]

    async def _step(self, client: Client, by: str, case: dict[str, Any]) -> None:
        state = case["state"]
        if state != "accepted" and self._chance(0.08):
            await self._record_work(client, by, case)
        elif state in ("assigned", "in_progress"):
            await self._work_on(client, by, case)
        elif state == "answered" and not case["handover"] and self._chance(0.25):
            body = {"means": self._random.choice(["collected", "brought_home"])}
            await self._write_step(client, "hand_over", by, case, body)
        elif state == "answered":
            await self._write_step(client, "close", by, case, None)

    async def _work_on(self, client: Client, by: str, case: dict[str, Any]) -> None:
        self._count += 1
        if self._chance(0.02):
            await self._write_step(client, "recuse", by, case, {"words": f"应回避{self._count}。"})
        elif case["followed_since"]:
            reported = {"words": f"中心反馈{self._count}。", "final": self._chance(0.6)}
            await self._write_step(client, "centre_report", by, case, reported)
        elif not case["ask"] and self._chance(0.08):
            await self._ask(client, by, case)
        elif case["kind"] in _FOR_CENTRES and self._chance(0.6):
            body = {"centre": "区法律援助中心", "with_whom": "社区干部", "words": f"移交{self._count}。"}
            await self._write_step(client, "accompany", by, case, body)
        elif not case["ask"] and self._chance(0.08):
            await self._pause(client, by, case)
        elif case["state"] == "assigned" and self._chance(0.8):
            await self._write_step(client, "start", by, case, None)
        else:
            body = {"outcome": self._random.choice(["solved", "explained"]), "answer": f"已经办结{self._count}。"}
            body |= {"evidence": f"照片{self._count}"} | ({"basis": "规定"} if body["outcome"] == "explained" else {})
            await self._write_step(client, "answer", by, case, body)

    async def _ask(self, client: Client, by: str, case: dict[str, Any]) -> None:
        kind = self._random.choice(sorted(_REASONS))
        self._count += 1
        body: dict[str, Any] = {"reason": self._random.choice(_REASONS[kind]), "words": f"申请{self._count}。"}
        body |= {"days": self._random.randint(1, 5)} if kind == "ask_extension" else {}
        body |= {"until": self._day_ahead()} if kind == "ask_suspension" else {}
        await self._write_step(client, kind, by, case, body)

    async def _pause(self, client: Client, by: str, case: dict[str, Any]) -> None:
        """It goes on, or waits for a day, or is passed on to somebody else."""
        self._count += 1
        words = f"说明{self._count}。"
        if case["suspended_until"]:
            await self._write_step(client, "resume", by, case, {"words": words})
        elif self._posts and self._chance(0.5):
            body = {"post_id": self._random.choice(sorted(self._posts)), "words": words}
            await self._write_step(client, "transfer", by, case, body)
        elif not case["planned_for"]:
            await self._write_step(client, "plan", by, case, {"day": self._day_ahead(), "answer": words})

    def _day_ahead(self) -> str:
        return (datetime.now(UTC) + timedelta(days=self._random.randint(2, 30))).date().isoformat()

    async def _record_work(self, client: Client, by: str, case: dict[str, Any]) -> None:
        """Under no version: nothing but its key keeps it from being entered twice."""
        self._count += 1
        body = {"kind": self._random.choice(_WORK), "words": f"记录{self._count}。"}
        path = f"/routing/v1/cases/{case['case_id']}/records"
        self._see(await client.write("record", by, path, body, about={"case_id": case["case_id"]}))

    async def _write_step(
        self,
        client: Client,
        kind: str,
        by: str,
        case: dict[str, Any],
        body: dict[str, Any] | None,
        *,
        path: str | None = None,
    ) -> None:
        """Under the version that was read; whoever is told that it is old reads the case again, as a person would."""
        whole = f"/routing/v1/cases/{case['case_id']}"
        about = {"case_id": case["case_id"]}
        answer = await client.write(
            kind,
            by,
            f"{whole}/{path or _STEPS[kind]}",
            body,
            version=case["version"],
            is_keyed=not self._chance(0.15),
            about=about,
        )
        if answer.is_ok:
            self._see(answer)
        else:
            self._see(await client.read(by, whole))

    def _see(self, found: Answer) -> None:
        if found.is_ok:
            body = found.body
            self._record.note("seen", case_id=body["case_id"], version=body["version"], state=body["state"])

    def _chance(self, share: float) -> bool:
        return self._random.random() < share


def _items(found: Answer) -> Sequence[dict[str, Any]]:
    return found.body["items"] if found.is_ok else []
