"""The importer against a platform that goes away, comes back, is busy, and remembers."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from cli.import_.reading import Row, open_table
from cli.import_.record import Record
from cli.import_.rows import Defaults, to_appeal
from cli.import_.sending import Platform as Door
from cli.import_.sending import PlatformAway, Sending, choose_city
from cli.import_.summary import Tally
from cli.settings import Settings
from rich.console import Console


@dataclass
class City:
    """A platform in memory: takes each pair once; answers ``troubles`` first, in their order."""

    appeals: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    troubles: list[int] = field(default_factory=list)
    asked: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: dict[str, Any], key: str | None) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.asked += 1
            if self.troubles and (status := self.troubles.pop(0)):
                return status, {"code": "trouble", "detail": "just now", "status": status}
            if key is not None and self.keys.setdefault(key, body) != body:
                return 422, {"code": "idempotency_key_reused", "detail": "other body"}
            if body["words"] == "bad":
                return 422, {"code": "x", "errors": [{"pointer": "/words", "detail": "is not acceptable"}]}
            repeated = body["external_id"] in self.appeals
            self.appeals.setdefault(body["external_id"], body)
            return 200 if repeated else 201, {
                "appeal_id": str(uuid5(NAMESPACE_URL, body["external_id"])),
                "number": f"A{body['external_id']}",
                "placing": "none",
                "place_id": None,
                "suggested_category": None,
                "repeated": repeated,
            }

    @contextmanager
    def serving(self) -> Iterator["City"]:
        city = self

        class Api(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(*city.take(body, self.headers.get("Idempotency-Key")))

            def do_GET(self) -> None:
                found = {"/intake/v1/copies": {"places": 1, "categories": 1}}
                self._answer(200, found.get(self.path, {"items": []}))

            def _answer(self, status: int, body: Any) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
            self.url = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


@pytest.fixture
def city() -> Iterator[City]:
    with City().serving() as city:
        yield city


def send(city: City, home: Path, rows: list[Row], *, patience: float = 20, again: bool = False) -> Tally:
    settings = Settings(home=home, values={"BAIYANG_URL": city.url, "BAIYANG_TOKEN": "token"})
    tally = Tally()

    async def run() -> None:
        async with Door(settings, "importer", connections=4, patience=patience) as door:
            with Record(home / "imports", "forum") as record:
                sending = Sending(door, record, tally, concurrency=4, again=again)
                ready = [to_appeal(row, Defaults("web", "forum")) for row in rows]
                await sending.send_all(ready, total=len(ready), console=Console(quiet=True))

    asyncio.run(run())
    return tally


def make_rows(number: int, **overrides: str) -> list[Row]:
    return [Row(n + 1, {"external_id": str(n), "words": "停水", **overrides}) for n in range(number)]


def lines_of(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "imports" / "forum.jsonl").read_text().splitlines()]


def test_each_appeal_is_taken_and_written_down(city: City, tmp_path: Path) -> None:
    tally = send(city, tmp_path, make_rows(20))
    assert (tally.taken, len(city.appeals)) == (20, 20)
    assert {line["external_id"] for line in lines_of(tmp_path)} == {str(n) for n in range(20)}


def test_a_second_run_sends_nothing(city: City, tmp_path: Path) -> None:
    send(city, tmp_path, make_rows(5))
    asked = city.asked
    tally = send(city, tmp_path, make_rows(5))
    assert (tally.before, tally.taken, city.asked) == (5, 0, asked)
    assert len(lines_of(tmp_path)) == 5


def test_what_the_record_has_lost_is_asked_for_again_and_taken_once(city: City, tmp_path: Path) -> None:
    send(city, tmp_path, make_rows(5))
    record = tmp_path / "imports" / "forum.jsonl"
    record.write_bytes(b"".join(record.read_bytes().splitlines(keepends=True)[:2]) + b'{"external_id": "half')
    tally = send(city, tmp_path, make_rows(5))
    assert (tally.before, tally.repeated, len(city.appeals)) == (2, 3, 5)
    assert {line["external_id"] for line in lines_of(tmp_path)} == {str(n) for n in range(5)}


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504])
def test_a_passing_trouble_is_waited_out(city: City, tmp_path: Path, status: int) -> None:
    city.troubles = [status] * 3
    tally = send(city, tmp_path, make_rows(6))
    assert (tally.taken, tally.refused) == (6, [])


def test_a_defect_refuses_the_row_and_the_rest_goes_on(city: City, tmp_path: Path) -> None:
    city.troubles = [500] * 5
    tally = send(city, tmp_path, make_rows(1))
    assert [refusal.reason for refusal in tally.refused] == ["500 just now"]


def test_a_refusal_names_line_field_and_reason(city: City, tmp_path: Path) -> None:
    rows = [*make_rows(1), Row(7, {"external_id": "x", "words": "bad"}), Row(8, trouble="not JSON")]
    tally = send(city, tmp_path, rows)
    assert sorted((r.line, r.reason) for r in tally.refused) == [(7, "words: is not acceptable"), (8, "not JSON")]
    assert tally.taken == 1


def test_a_number_that_the_file_holds_twice_is_refused_the_second_time(city: City, tmp_path: Path) -> None:
    tally = send(city, tmp_path, [*make_rows(1), Row(9, {"external_id": "0", "words": "anderes"})])
    assert [(r.line, r.reason) for r in tally.refused] == [(9, "column external_id: 0 is that of line 1 too")]
    assert city.appeals["0"]["words"] == "停水"


def test_the_same_words_are_appeals_of_their_own(city: City, tmp_path: Path) -> None:
    assert send(city, tmp_path, make_rows(3)).taken == 3


def test_a_pair_that_was_sent_with_other_words_is_the_same_appeal(city: City, tmp_path: Path) -> None:
    send(city, tmp_path, make_rows(1))
    tally = send(city, tmp_path, make_rows(1, words="别的话"), again=True)
    assert (tally.repeated, city.appeals["0"]["words"]) == (1, "停水")


def test_a_platform_that_stays_away_ends_the_import_with_the_remedy(tmp_path: Path) -> None:
    away = City(url="http://127.0.0.1:1")
    with pytest.raises(PlatformAway, match="give the same command again"):
        send(away, tmp_path, make_rows(3), patience=0.3)


def test_the_command_says_what_is_wrong_and_ends_with_2(city: City, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("编号,内容\n1,停水\n".encode("gbk"))
    environment = {**os.environ, "BAIYANG_HOME": str(tmp_path), "BAIYANG_URL": city.url, "BAIYANG_TOKEN": "t"}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "import", str(file)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--encoding gb18030" in done.stdout
    assert city.asked == 0


def test_the_command_takes_a_file_and_sums_up(city: City, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"id": 1, "text": "停水"}) + "\n", encoding="utf-8")
    environment = {**os.environ, "BAIYANG_HOME": str(tmp_path), "BAIYANG_URL": city.url, "BAIYANG_TOKEN": "t"}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "import", str(file), "--channel", "web"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "taken now" in done.stdout
    assert (tmp_path / "imports" / "a.jsonl").exists()


def test_the_city_that_the_file_names_most_is_chosen_and_a_doubt_is_left_open(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [{"id": n, "title": "海城市停水" if n else "河城市停电", "text": "请处理"} for n in range(6)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    table = open_table(file)
    assert choose_city({"A": "海城市", "B": "河城市"}, table) == "A"
    assert choose_city({"A": "海城市"}, table) is None, "where there is one city, intake knows it"
    assert choose_city({"B": "河城市", "C": "停水"}, table) == "C"
    assert choose_city({"B": "请处理", "C": "停"}, table) is None
