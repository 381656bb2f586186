"""The drive: residents and clerks file, amend and ask again; staff carry cases on. All at once."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random

import httpx

from tests.chaos.client import TIMEOUT, Answer, Client, Pace
from tests.chaos.desk import Desk
from tests.chaos.draw import CATEGORIES, PLACES, Body, Draw, real_now
from tests.chaos.homes import NUMBERS
from tests.chaos.people import OPERATOR, RESIDENT, People
from tests.chaos.record import Record
from tests.chaos.staff import Staff

_WORDS = ("楼道的灯坏了半个月，晚上老人上下楼很危险。", "想请社区帮忙协调一件事，见面再细说。", "请问要带哪些材料？")
_CHANNELS = ("window", "hotline", "letterbox", "visit")

#: Who assigns from above.
OFFICE = "海澜市12345热线"

#: How many of each are at it at once.
_RESIDENTS, _CLERKS, _HANDLERS, _DISPATCHERS, _READERS, _DESKS = 2, 3, 16, 5, 12, 3


class Drive:
    """Runs in a thread of its own from ``start`` to ``stop``; what is under way then is asked for until answered."""

    def __init__(
        self,
        address: str,
        people: People,
        record: Record,
        *,
        seed: int,
        rate: float,
        now: Callable[[], datetime] = real_now,
        after: int = 0,
    ) -> None:
        self._address = address
        self._people = people
        self._record = record
        self._draw = Draw(Random(f"drive {seed}"), now=now, after=after)
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
        self._staff = Staff(people, record, self._draw)
        self._desk = Desk(people, self._staff, self._draw)

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
            pace = Pace(self._rate, self._draw.random)
            client = Client(http, self._people, self._record, self._draw.random, pace)
            works = [self._reside] * _RESIDENTS + [self._take_in] * _CLERKS
            works += [self._staff.carry_on] * _HANDLERS + [self._staff.dispatch] * _DISPATCHERS + [self._lay]
            works += [self._desk.look_in] * _READERS + [self._desk.put_many] * _DESKS
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
        await asyncio.sleep(self._draw.random.uniform(0.5, 3))
        count = self._draw.count()
        building = {"code": f"HZ-BY-6-X{count}", "name": f"新楼{count}号", "tier": "building"}
        await client.write("lay", OPERATOR, "/grid/v1/places", building | {"parent": "HZ-BY-6"})

    # Residents and clerks ---------------------------------------------------------------------------------------

    async def _reside(self, client: Client) -> None:
        if self._codes and self._draw.chance(0.5):
            await self._look_up(client)
            return
        await self._file(client, RESIDENT, self._submission(channel="web"))

    async def _take_in(self, client: Client) -> None:
        by = self._draw.one(self._people.clerks)
        if self._filed and self._draw.chance(0.45):
            await self._amend(client)
            return
        asked = self._taken_down()
        answer = await self._file(client, by, asked)
        if answer.is_ok:
            self._filed.append((by, answer.body["appeal_id"]))
            if _is_numbered(asked) and self._draw.chance(0.2):
                await self._file(client, by, asked)

    def _taken_down(self) -> Body:
        asked = self._submission(channel=self._draw.one(_CHANNELS))
        asked |= {"urgent": self._draw.chance(0.1)}
        if self._draw.chance(0.05):
            asked["complained_of"] = [self._draw.one(self._people.handlers)]
        if self._draw.chance(0.15):
            number = f"GD{self._seed}-{self._draw.count()}"
            order = {"office": OFFICE, "number": number, "due_at": self._draw.soon(20)}
            return asked | {"channel": "assigned", "assignment": order | {"report_owed": self._draw.chance(0.8)}}
        if not (_is_sealed(asked) or "repeat_of" in asked):
            asked |= self._settled() if self._draw.chance(0.06) else {"done_on_the_spot": False}
        if self._draw.chance(0.3):
            asked |= {"source": "chaos", "external_id": f"{self._seed}-{self._draw.count()}"}
        return asked

    def _settled(self) -> Body:
        return {"done_on_the_spot": True, "answer": self._draw.words("当场办结")}

    async def _file(self, client: Client, by: str, asked: Body) -> Answer:
        is_keyed = _is_numbered(asked) or not self._draw.chance(0.05)
        answer = await client.write("file", by, "/intake/v1/appeals", asked, is_keyed=is_keyed)
        if answer.is_ok and answer.body["query_code"]:
            self._codes.append((answer.body["query_code"], answer.body["appeal_id"]))
        return answer

    def _submission(self, channel: str) -> Body:
        """Of some who ask again, by the code that they were told; of some who live where incidents are."""
        count = self._draw.count()
        who: Body = {"kind": "anonymous"}
        if not self._draw.chance(0.15):
            who = {"kind": "outsider", "name": f"演示居民{count}", "means": "none"}
            if self._draw.chance(0.8):
                number = self._draw.one(NUMBERS) if self._draw.chance(0.12) else f"chaos-{self._seed}-{count}"
                who |= {"means": "sandbox", "address": number}
        named = {"place": self._draw.one(PLACES), "category": self._draw.one(CATEGORIES)}
        if self._codes and self._draw.chance(0.12):
            named["repeat_of"] = self._draw.one(self._codes[-40:])[0]
        words = f"{self._draw.one(_WORDS)}（第{count}件）"
        return {"channel": channel, "words": words, "who": who} | {k: v for k, v in named.items() if v}

    async def _amend(self, client: Client) -> None:
        by, appeal = self._draw.one(self._filed[-60:])
        path = f"/intake/v1/appeals/{appeal}"
        found = await client.read(by, path)
        if not found.is_ok or found.body["withdrawn_at"]:
            return
        about = {"appeal_id": appeal}
        if self._draw.chance(0.3):
            body: Body = {"reason": "unwanted"}
            await client.write("withdraw", by, f"{path}/withdrawals", body, version=found.version, about=about)
            return
        body = {"words": self._draw.words("补充说明")}
        if self._draw.chance(0.5):
            body["category"] = self._draw.category()
        if self._draw.chance(0.3):
            body["place"] = self._draw.one([p for p in PLACES if p])
        await client.write("correct", by, f"{path}/corrections", body, version=found.version, about=about)

    async def _look_up(self, client: Client) -> None:
        code, appeal = self._draw.one(self._codes[-80:])
        found = await client.read("", f"/intake/v1/progress/{code}")
        if found.is_ok:
            self._record.note("progress", appeal_id=appeal, standing=found.body["standing"])
            if found.body["rate"] and self._draw.chance(0.5):
                await self._rate_answer(client, found.body["rate"], appeal)

    async def _rate_answer(self, client: Client, path: str, appeal: str) -> None:
        """What is not solved is done again."""
        said = {"solved": self._draw.chance(0.75), "rating": self._draw.random.randint(1, 5)}
        await client.write("rate", "", f"/intake/v1{path}", said, about={"appeal_id": appeal})


def _is_sealed(asked: Body) -> bool:
    """It is seen by few, and settled by nobody at once."""
    return "complained_of" in asked or asked.get("category") == "stability.discipline"


def _is_numbered(asked: Body) -> bool:
    """The same pair of source and number is the same appeal, with a key or without."""
    return "source" in asked or "assignment" in asked
