"""A city to strike: fresh each time, its supervisor kept alive, and some of its promises due at once."""

import hashlib
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.chaos.fault import ChaosCity
from tests.chaos.faults import small_disk
from tests.chaos.proxy import proxies
from tests.system.city import ROOT, City, wait_until

_START_SECONDS = 300

#: Promises of public services are due the moment they are made, and so is what their superiors have to see to: clocks
#: have something to do all the time. What they did is looked at on site, and answers of the offices above are reviewed:
#: neither is rare.
_DUE_AT_ONCE = """
with new as (
    insert into rule_set
    select (jsonb_populate_record(newest, jsonb_build_object(
        'version', version + 1, 'note', 'public services at once', 'effective_from', now()
    ))).*
    from rule_set as newest order by version desc limit 1
    returning version
)
insert into rule
select (jsonb_populate_record(rule, jsonb_build_object(
    'version', new.version,
    'review', review or (kind = 'administrative' and remit <> 'community')
) || case kind when 'public_service' then jsonb_build_object(
    'unit', 'clock_hours', 'count', 0, 'verification', true, 'climb_unit', 'clock_hours', 'climb_count', 0,
    'contact_unit', null, 'contact_count', null
) else '{}' end)).*
from rule, new where rule.version = new.version - 1
"""


@contextmanager
def struck_city(city: ChaosCity, *, template: Path | None = None) -> Iterator[ChaosCity]:
    """Up with all that stands between; ``template`` is where a city that nobody has used yet is kept for the next."""
    shutil.rmtree(city.armed, ignore_errors=True)
    city.armed.mkdir(parents=True)
    _clear(city)
    if template is not None:
        lay_template(city, template)
    with small_disk(city), proxies(city), _kept_up(city):
        if template is None:
            lay_rules(city)
        yield city


def _clear(city: ChaosCity) -> None:
    """What a run that was itself killed has left here."""
    if city.home.exists():
        city.local("down")
    data = city.home / "postgres"
    if data.is_mount():
        subprocess.run(["umount", "--lazy", str(data)], check=True)
    shutil.rmtree(city.home, ignore_errors=True)


def lay_template(city: ChaosCity, template: Path) -> None:
    """Making the demonstration's city takes longer than starting it: it is made once for this code."""
    stamp, wanted = template.with_suffix(".of"), _digest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        shutil.rmtree(template, ignore_errors=True)
        stamp.unlink(missing_ok=True)
        first = City(home=template, port=city.port)
        try:
            first.local("up")
            lay_rules(first)
        finally:
            first.local("down")
        stamp.write_text(wanted)
    subprocess.run(["cp", "-a", str(template), str(city.home)], check=True)


def _digest() -> str:
    """Of all that a city's data come from."""
    digest = hashlib.sha256(_DUE_AT_ONCE.encode())
    for folder in ("services", "shared", "deploy"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".csv", ".xml") and file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()


def lay_rules(city: City) -> None:
    with city.connect("routing", "postgres") as connection:
        connection.execute(_DUE_AT_ONCE)


@contextmanager
def _kept_up(city: ChaosCity) -> Iterator[None]:
    keeper = _Keeper(city)
    try:
        keeper.start()
        wait_until((city.home / "ready").exists, seconds=_START_SECONDS, what="the city comes up")
        yield
    finally:
        keeper.stop()


class _Keeper:
    """Starts the supervisor, and again when it has been killed, as whoever runs it would."""

    def __init__(self, city: ChaosCity) -> None:
        self._city = city
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper")
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self._city.home / "ready").unlink(missing_ok=True)
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        self._thread.join()
        if self._running is not None:
            self._running.send_signal(signal.SIGTERM)
            self._running.wait(120)
        self._city.local("down")

    def _keep(self) -> None:
        while not self._closing.wait(0.3):
            if self._running is None or self._running.poll() is not None:
                self._launch()

    def _launch(self) -> None:
        log = self._city.home / "log" / "supervisor.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.supervise"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self._city.environment,
                cwd=ROOT,
            )


def wait_until_whole(city: ChaosCity, *, seconds: float) -> None:
    """Every process is there and answers: nothing is harmed any longer."""

    def is_whole() -> bool:
        try:
            return httpx.get(f"{city.address}/readyz", timeout=3).is_success
        except httpx.HTTPError:
            return False

    wait_until(is_whole, seconds=seconds, what="every service is ready again")
