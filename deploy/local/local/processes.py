"""Children that outlive nobody: started in sessions of their own, known by pid and start time, taken down by order."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

POLL = 0.05

#: Added to the nice value of what goes before others (setpriority(2), sched(7)): ten times their share of a core.
AHEAD = -10

#: In the environment of every child: whose home it serves. It finds those whose pid was never written down.
MARK = "BAIYANG_CHILD_OF"


class NotStarted(RuntimeError):
    """A child ended, or did not answer, before it was ready; the text names its log and the remedy."""


class Closing(RuntimeError):
    """Nothing is started any more: what runs is being stopped."""


@dataclass(frozen=True)
class Identity:
    """A pid alone may be somebody else's by now; with the start time (clock ticks since boot) it is not."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else cls(pid, int(fields[19]))

    @classmethod
    def read(cls, file: Path) -> "Identity | None":
        try:
            pid, started = file.read_text().split()
            return cls(int(pid), int(started))
        except (OSError, ValueError):
            return None

    def is_running(self) -> bool:
        return Identity.of(self.pid) == self

    def send(self, number: int, *, group: bool = False) -> None:
        """A signal to the process, or to the whole session where it leads one."""
        if not self.is_running():
            return
        try:
            leads = group and os.getpgid(self.pid) == self.pid
            (os.killpg if leads else os.kill)(self.pid, number)
        except ProcessLookupError:
            return


@dataclass
class Child:
    """A running process: ``file`` holds its pid and start time for as long as it may run."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path
    file: Path
    identity: Identity | None

    @property
    def has_ended(self) -> bool:
        return self.popen.poll() is not None

    def stop(self, *, by: int = signal.SIGTERM, patience: float = 20) -> None:
        """Ask it to end; after ``patience`` seconds end its whole session."""
        if not self.has_ended:
            self.popen.send_signal(by)
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
        self.file.unlink(missing_ok=True)

    def kill(self) -> None:
        if self.has_ended:
            return
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    home: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> Child:
    """Start ``command`` with its output in ``home/log/NAME.log``; ``env`` is added to this process's own."""
    log, file = home / "log" / f"{name}.log", home / "run" / f"{name}.pid"
    log.parent.mkdir(parents=True, exist_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {}), MARK: str(home)},
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=_group_of(user),
            extra_groups=[] if user else None,
        )
    identity = Identity.of(popen.pid)
    if identity:
        write(file, f"{identity.pid} {identity.started}\n")
    return Child(name, popen, log, file, identity)


def put_ahead(child: Child) -> None:
    """It goes before others for a core, where we may say so (root, CAP_SYS_NICE); elsewhere it takes its turn.

    Where sessions have shares of their own (autogroups), nice values count within a session alone.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.popen.pid, os.getpriority(os.PRIO_PROCESS, 0) + AHEAD)
        _share(child.popen.pid)


def _share(pid: int) -> None:
    """But for root one session in a tenth of a second is let have it."""
    for _ in range(10):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(f"{AHEAD}")
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return


def _group_of(user: str | None) -> int | None:
    if user is None:
        return None
    return pwd.getpwnam(user).pw_gid


def write(file: Path, content: str, *, mode: int = 0o600) -> None:
    """All of it or nothing, whenever the power goes."""
    beside = file.with_name(f".{file.name}.new")
    beside.touch(mode=mode)
    beside.chmod(mode)
    beside.write_text(content)
    beside.replace(file)


def wait_for(child: Child, is_ready: Callable[[], bool], *, seconds: float = 60) -> None:
    """Until it is ready; ends at once when the child ends."""
    until = time.monotonic() + seconds
    while not is_ready():
        if child.has_ended:
            raise NotStarted(f"{child.name} ended with {child.popen.returncode}: {last_words(child.log)}")
        if time.monotonic() > until:
            raise NotStarted(f"{child.name} is not ready after {seconds:.0f} s: see {child.log}")
        time.sleep(POLL)


def last_words(log: Path, lines: int = 6) -> str:
    try:
        return "\n  ".join(["", *log.read_text(errors="replace").splitlines()[-lines:], f"(all in {log})"])
    except OSError:
        return f"see {log}"


class Starter(Protocol):
    """``start``, or what stands in for it where starting must be able to end (a supervisor that is closing)."""

    def __call__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        home: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> Child: ...


def take_down_leftovers(home: Path, *, patience: float = 15) -> list[str]:
    """End what an earlier supervisor, killed, has left running; the names of what was there, PostgreSQL last."""
    files = {file.stem: file for file in (home / "run").glob("*.pid")}
    known = {name: identity for name, file in files.items() if (identity := Identity.read(file))}
    known |= {f"{identity.pid}": identity for identity in _marked(home) if identity not in known.values()}
    running = {name: identity for name, identity in known.items() if identity.is_running()}
    base = {name: identity for name, identity in running.items() if name == "postgres"}
    for group in ({name: identity for name, identity in running.items() if name not in base}, base):
        for name, identity in group.items():
            identity.send(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        if not _all_gone(group.values(), patience):
            for identity in group.values():
                identity.send(signal.SIGKILL, group=True)
            _all_gone(group.values(), patience)
    for file in files.values():
        file.unlink(missing_ok=True)
    return list(running)


def _all_gone(identities: Iterable[Identity], patience: float) -> bool:
    until = time.monotonic() + patience
    while any(identity.is_running() for identity in identities):
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def _marked(home: Path) -> list[Identity]:
    wanted = f"{MARK}={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        identity = Identity.of(int(folder.name))
        if wanted in environment and identity and identity.pid != os.getpid():
            found.append(identity)
    return found
