"""``make run``: brings every part up, shows how, starts again what dies, and stops all of it in order."""

import resource
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from local import home as homes
from local import processes
from local.greeting import greeting
from local.home import SERVICES, Home
from local.parts import Part, Platform, ports_taken
from local.processes import NotStarted

_LOOK_EVERY = 0.25
_STEADY_AFTER = 60.0
_LONGEST_PAUSE = 30.0
_STOP_PATIENCE = 25.0


class Stopped(Exception):
    """Ctrl-C, or a signal to stop."""


class Supervisor:
    def __init__(self, home: Home, say: Callable[[str], None]) -> None:
        self._home = home
        self._say = say
        self._began = time.monotonic()
        self._signals = 0
        self._pool = ThreadPoolExecutor(max_workers=16)

    def run(self) -> int:
        """Until it is told to stop. 0: stopped as asked; 1: something could not be brought up, and it is said what."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold residents' words
        with self._home.held(), self._listening():
            self._home.ready_file.unlink(missing_ok=True)
            if left := processes.take_down_leftovers(self._home.path):
                self._say(f"An earlier run was killed and left {len(left)} processes behind: taken down.")
            if faults := ports_taken(self._home):
                self._say("\n".join(faults))
                return 1
            return self._run()

    def _run(self) -> int:
        platform: Platform | None = None
        try:
            known = self._home.secrets()
            homes.lay_passwords(self._home, known)
            homes.lay_environment(self._home, known)
            platform = Platform(self._home, known)
            parts = platform.parts()
            self._bring_up(platform, parts)
            said = greeting(self._home, platform.postgres)
            self._say(said)
            processes.write(self._home.ready_file, said)
            self._watch(platform, parts)
        except Stopped:
            return 0
        except NotStarted as error:
            self._say(f"{error}\nIf it stays so, `make reset` forgets this city and begins anew.")
            return 1
        finally:
            self._home.ready_file.unlink(missing_ok=True)
            if platform is not None:
                self._stop(platform)

    def _bring_up(self, platform: Platform, parts: dict[str, Part]) -> None:
        """What waits for nothing at once; the services as soon as their tables are laid."""
        self._say("Bringing the platform up …")

        def submit(what: str, *works: Callable[[], None]) -> "Future[None]":
            return self._pool.submit(self._step, what, works)

        begun = [
            submit("Kafka with its topics", parts["kafka"].bring_up),
            submit("identity provider", parts["identity"].bring_up),
            submit("gateway", parts["gateway"].bring_up),
        ]
        database = submit("PostgreSQL with the services' tables", parts["postgres"].bring_up, platform.migrate)
        self._await(database, among=[*begun, database])
        begun += [submit(name, parts[name].bring_up) for name in SERVICES]
        self._await(*begun, among=begun)
        if not self._home.has_city.exists():
            self._say("Making the demonstration city …")
            city = submit("demonstration city", platform.make_city)
            self._await(city, among=[city])

    def _step(self, what: str, works: Sequence[Callable[[], None]]) -> None:
        try:
            for work in works:
                work()
        except (NotStarted, processes.Closing):
            raise
        except Exception as error:
            log = self._home.path / "log" / "supervisor.trace"
            log.write_text(traceback.format_exc())
            raise NotStarted(f"{what} did not come up: {error} (traced in {log})") from error
        self._say(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def _await(self, *wanted: "Future[None]", among: Sequence["Future[None]"]) -> None:
        """Until the wanted are done; the first failure of any, or a signal, ends it."""
        while True:
            done, _ = wait(among, timeout=_LOOK_EVERY, return_when=FIRST_EXCEPTION)
            self._heed()
            for future in done:
                future.result()
            if done.issuperset(wanted):
                return

    def _watch(self, platform: Platform, parts: dict[str, Part]) -> NoReturn:
        """Start again what has ended, after a pause that grows while it goes on ending."""
        restarts: dict[str, Future[None]] = {}
        for part in parts.values():
            part.since = time.monotonic()
        while True:
            self._heed()
            for name, part in parts.items():
                if (restart := restarts.get(name)) and restart.done():
                    restarts.pop(name)
                    self._settle(part, restart)
                if name not in restarts and (ended := platform.children.ended(name)):
                    pause = self._pause_of(part)
                    self._say(f"{name} ended ({ended.popen.returncode}): starting it again in {pause:.0f} s.")
                    platform.children.forget(name)
                    restarts[name] = self._pool.submit(self._again, part, pause)
            time.sleep(_LOOK_EVERY)

    def _settle(self, part: Part, restart: "Future[None]") -> None:
        if error := restart.exception():
            self._say(f"{part.name} did not come up: {error}")
        else:
            part.since = time.monotonic()
            self._say(f"{part.name} is up again.")

    def _pause_of(self, part: Part) -> float:
        steady = time.monotonic() - part.since > _STEADY_AFTER
        part.failures = 0 if steady else part.failures + 1
        return min(_LONGEST_PAUSE, float(2**part.failures - 1))

    def _again(self, part: Part, pause: float) -> None:
        until = time.monotonic() + pause
        while (time.monotonic() < until or self._home.is_held(part.name)) and not self._signals:
            time.sleep(_LOOK_EVERY)
        part.bring_up()

    def _stop(self, platform: Platform) -> None:
        self._say("Stopping (once more Ctrl-C: at once) …")
        stopping = threading.Thread(target=platform.children.stop_all, kwargs={"patience": _STOP_PATIENCE})
        stopping.start()
        asked = self._signals
        while stopping.is_alive():
            if self._signals > max(asked, 1):
                platform.children.kill_all()
            stopping.join(_LOOK_EVERY)
        self._pool.shutdown(cancel_futures=True)
        self._say("Stopped; the data are kept.")

    def _heed(self) -> None:
        if self._signals:
            raise Stopped

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def hear(number: int, frame: FrameType | None) -> None:
            del number, frame
            self._signals += 1

        heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, hear) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def follow(home: Home, supervisor: "subprocess.Popen[bytes]", say: Callable[[str], None]) -> int:
    """``make up``: show what the supervisor in the background says, until it is ready or gives up."""
    log = home.path / "log" / "supervisor.log"
    shown = 0
    while True:
        ready, ended = home.ready_file.exists(), supervisor.poll()
        text = log.read_text() if log.exists() else ""
        if new := text[shown:].rstrip("\n"):
            say(new)
            shown = len(text)
        if ready or ended is not None:
            return 0 if ready else ended or 1
        time.sleep(_LOOK_EVERY)
