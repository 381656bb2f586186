"""PostgreSQL's disk full: its data lie on a small file system of their own, in which a balloon leaves no room."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.chaos.fault import MISSED, ChaosCity

SIZE = 3 * 1024**3
_BALLOON = "balloon"


@contextmanager
def small_disk(city: ChaosCity) -> Iterator[None]:
    """Laid under the data of a city that is down. Where mounting is not permitted it is said, and written down."""
    data, image = city.home / "postgres", city.home / "disk.img"
    why = _mount(image, data) if data.is_dir() else "there are no data to move yet"
    if why:
        print(f"PostgreSQL's disk will not be filled here: {why}", flush=True)
        city.note("not_run", fault=FullDisk.name, why=why)
    try:
        yield
    finally:
        if data.is_mount():
            subprocess.run(["umount", "--lazy", str(data)], check=True, timeout=60)
        image.unlink(missing_ok=True)


def _mount(image: Path, data: Path) -> str:
    """The data move onto the image, which is mounted in their place; or why that cannot be."""
    before = data.with_name("postgres.before")
    try:
        with image.open("wb") as file:
            file.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        data.rename(before)
        data.mkdir()
        _run("mount", "-o", "loop", str(image), str(data))
    except (OSError, subprocess.SubprocessError) as error:
        if before.exists():
            data.rmdir()
            before.rename(data)
        return str(error)
    (data / "lost+found").rmdir()
    _run("cp", "-a", f"{before}/.", str(data))
    shutil.rmtree(before)
    return ""


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")


@dataclass(frozen=True)
class FullDisk:
    """No room for some seconds: statements fail, or the server ends for want of a place for its log."""

    name: str = "fill PostgreSQL's disk"
    weight: int = 1
    is_kill: bool = False

    def strike(self, city: ChaosCity, random: Random) -> str:
        data = city.home / "postgres"
        if not data.is_mount():
            return f"{MISSED}PostgreSQL's data have no disk of their own"
        seconds = random.uniform(8, 15)
        refused = _refused(city)
        balloon = data / _BALLOON
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                _blow_up(balloon)
                time.sleep(0.1)
        finally:
            balloon.unlink(missing_ok=True)
        count = _refused(city) - refused
        if not count:
            return f"{MISSED}nobody wrote while PostgreSQL's disk was full"
        return f"postgres: its disk full for {seconds:.0f} s, {count} times no space left"


def _blow_up(balloon: Path) -> None:
    """All the room there is, also what has been freed since."""
    with balloon.open("ab") as file:
        room = os.fstatvfs(file.fileno())
        free = room.f_bavail * room.f_frsize
        if free > 0:
            size = os.fstat(file.fileno()).st_size
            try:
                os.posix_fallocate(file.fileno(), size, free)
            except OSError:
                return


def _refused(city: ChaosCity) -> int:
    log = city.home / "log" / "postgres.log"
    return log.read_text(errors="replace").count("No space left on device")
