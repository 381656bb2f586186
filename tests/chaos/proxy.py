"""What stands between a city's services and their PostgreSQL and Kafka: it passes bytes on, and on order harms them.

A process of its own (``python -m tests.chaos.proxy PORT``), at the addresses that the services are told (FRONT_PORT).
It knows who speaks from the first packet: PostgreSQL's role (``routing_consumer``) or Kafka's client id
(``routing-relay-3``), so that a rule may strike one of them. Orders come as JSON, a line each, at the port behind.
"""

import asyncio
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from functools import partial
from itertools import count
from random import Random
from typing import Any, Literal

import uvloop
from local import ports
from local.home import Home

from tests.chaos.fault import ChaosCity

Kind = Literal["delay", "cut", "swallow"]
Way = Literal["up", "down"]

#: How far behind the city's own port the front stands: PostgreSQL's, Kafka's, and where orders are taken.
FRONT, TARGETS, ORDERS = 50, ("postgres", "kafka"), 52

#: Who is never told that the other side has closed finds out after that many seconds, as by TCP's own questions.
FORGOTTEN = 60.0


@dataclass(frozen=True)
class Rule:
    """``who`` is a glob over the speakers.

    - ``delay``: each piece waits between ``least`` and ``most`` seconds; none overtakes another.
    - ``cut``: what is open is reset, what opens is reset.
    - ``swallow``: what goes one ``way`` is taken and never arrives, and neither does that the other side has closed.
    """

    target: str
    kind: Kind
    who: str = "*"
    way: Way = "up"
    least: float = 0.05
    most: float = 0.5

    def strikes(self, target: str, who: str) -> bool:
        return self.target == target and fnmatch(who, self.who)


@dataclass
class Link:
    """A client's connection and ours to the server."""

    target: str
    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter] | tuple[asyncio.StreamWriter]
    who: str = ""
    begun: bytes = b""
    lost: set[Way] = field(default_factory=set)

    def reset(self) -> None:
        for writer in self.writers:
            _reset(writer)

    def hear(self, chunk: bytes) -> None:
        """What a client says first tells who it is."""
        if not self.who and self.begun is not None:
            self.begun += chunk
            self.who = (_role_of if self.target == "postgres" else _client_of)(self.begun)
            if self.who or len(self.begun) > 10_000:
                self.who, self.begun = self.who or "unknown", b""


def _role_of(begun: bytes) -> str:
    """PostgreSQL's start-up packet, perhaps behind a question for TLS: length, version, then names and values."""
    if begun[4:8] == struct.pack(">i", 80877103):
        begun = begun[8:]
    if len(begun) < 8 or len(begun) < int.from_bytes(begun[:4], "big"):
        return ""
    words = begun[8:].split(b"\0")
    return next((value.decode() for name, value in zip(words[::2], words[1::2], strict=False) if name == b"user"), "?")


def _client_of(begun: bytes) -> str:
    """A Kafka request: size, key, version, correlation, and the client's id with its length."""
    if len(begun) < 14:
        return ""
    length = struct.unpack(">h", begun[12:14])[0]
    return begun[14 : 14 + length].decode(errors="replace") if length > 0 else "?"


@dataclass
class Proxy:
    upstream: dict[str, int]
    rules: dict[int, Rule] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    harmed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("delay", "cut", "swallow"), 0))
    _numbers: Iterator[int] = field(default_factory=count)
    _chance: Random = field(default_factory=Random)

    def rule_for(self, link: Link, kind: Kind, way: Way | None = None) -> Rule | None:
        """Who has not said who they are is struck by rules for everybody only."""
        for rule in self.rules.values():
            if rule.kind == kind and way in (None, rule.way) and rule.strikes(link.target, link.who):
                return rule
        return None

    async def serve(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link, number = Link(target, (writer,)), next(self._numbers)
        try:
            if self._is_cut(link):
                return
            try:
                up_reader, up_writer = await asyncio.open_connection(ports.HOST, self.upstream[target])
            except OSError:
                link.reset()
                return
            link.writers = (writer, up_writer)
            self.links[number] = link
            pumps = [self._pump(link, "up", reader, up_writer), self._pump(link, "down", up_reader, writer)]
            await asyncio.gather(*pumps)
        finally:
            self.links.pop(number, None)
            for one in link.writers:
                one.close()

    async def _pump(self, link: Link, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, RuntimeError):  # uvloop's word for a writer that is closed
            while chunk := await reader.read(1 << 16):
                if way == "up":
                    link.hear(chunk)
                    if self._is_cut(link):
                        return
                if self._is_lost(link, way):
                    continue
                if rule := self.rule_for(link, "delay"):
                    self.harmed["delay"] += 1
                    await asyncio.sleep(self._chance.uniform(rule.least, rule.most))
                writer.write(chunk)
                await writer.drain()
        if self._is_lost(link, way):
            asyncio.get_running_loop().call_later(FORGOTTEN, link.reset)
        elif not writer.is_closing():
            with suppress(OSError):
                writer.write_eof()

    def _is_cut(self, link: Link) -> bool:
        if not self.rule_for(link, "cut"):
            return False
        self.harmed["cut"] += 1
        link.reset()
        return True

    def _is_lost(self, link: Link, way: Way) -> bool:
        """A stream out of which bytes are missing never goes on: it stays dumb until it is reset or given up."""
        if way not in link.lost and self.rule_for(link, "swallow", way):
            self.harmed["swallow"] += 1
            link.lost.add(way)
        return way in link.lost

    def lay(self, rule: Rule) -> int:
        number = next(self._numbers)
        self.rules[number] = rule
        if rule.kind == "cut":
            for link in list(self.links.values()):
                self._is_cut(link)
        return number

    def lift(self, number: int, *, reset: bool) -> None:
        self.rules.pop(number, None)
        for link in [link for link in self.links.values() if link.lost and reset]:
            link.reset()

    def state(self) -> dict[str, Any]:
        speakers = sorted({(link.target, link.who) for link in self.links.values()})
        lost = sum(bool(link.lost) for link in self.links.values())
        return {"speakers": speakers, "links": len(self.links), "lost": lost, "harmed": self.harmed}

    async def heed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            order = json.loads(line)
            answer: int | None = None
            if order["do"] == "lay":
                answer = self.lay(Rule(**order["rule"]))
            elif order["do"] == "lift":
                self.lift(order["number"], reset=order["reset"])
            writer.write(json.dumps({"number": answer, **self.state()}).encode() + b"\n")
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST, not FIN: nothing that is still on its way arrives."""
    if writer.transport.is_closing():
        return
    with suppress(OSError, ValueError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _run(port: int) -> None:
    proxy = Proxy(Home(path=Home.of_environment().path, port=port).behind_front)
    for offset, target in enumerate(TARGETS):
        await asyncio.start_server(partial(proxy.serve, target), ports.HOST, port + FRONT + offset)
    orders = await asyncio.start_server(proxy.heed, ports.HOST, port + ORDERS)
    await orders.serve_forever()


def _order(city: ChaosCity, **order: object) -> dict[str, Any]:
    with socket.create_connection((ports.HOST, city.port + ORDERS), timeout=10) as wire:
        wire.sendall(json.dumps(order).encode() + b"\n")
        with wire.makefile() as answers:
            found: dict[str, Any] = json.loads(answers.readline())
            return found


def state(city: ChaosCity) -> dict[str, Any]:
    """Who speaks through it now, and how much has been harmed so far."""
    return _order(city, do="state")


@contextmanager
def harm(city: ChaosCity, rule: Rule, *, reset: bool = True) -> Iterator[None]:
    """The rule stands for as long as the block lasts. Not ``reset``: who was half open is never told that it is."""
    number = _order(city, do="lay", rule=asdict(rule))["number"]
    try:
        yield
    finally:
        _order(city, do="lift", number=number, reset=reset)


@contextmanager
def proxies(city: ChaosCity) -> Iterator[None]:
    """Entered before the city comes up: its services go through the proxy, and everything else past it."""
    city.extra["FRONT_PORT"] = str(city.port + FRONT)
    process = subprocess.Popen([sys.executable, "-m", "tests.chaos.proxy", str(city.port)], start_new_session=True)
    try:
        _await_orders(city, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _await_orders(city: ChaosCity, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while not ports.answers(city.port + ORDERS):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the proxy did not come up")
        time.sleep(0.05)


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1])))
