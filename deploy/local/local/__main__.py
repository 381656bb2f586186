"""``python -m local run | up | down | reset | status | restore PLACE``; ``identity``, ``migrate`` are its own, and
``serve postgres | kafka | identity`` a container's.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from local import processes
from local.home import Busy, Home
from local.processes import Identity, NotStarted


def say(text: str) -> None:
    print(text, flush=True)


def run(home: Home) -> int:
    from local.supervisor import Supervisor

    try:
        return Supervisor(home, say).run()
    except Busy:
        return busy(home)


def busy(home: Home) -> int:
    running = home.supervisor()
    told = f" (pid {running.pid})" if running else ""
    say(f"It runs already{told} in {home.path}: {home.address}")
    say("`make down` stops it; another BAIYANG_HOME and PORT make another city.")
    return 1


def up(home: Home) -> int:
    from local.supervisor import follow

    if home.supervisor():
        if home.ready_file.exists():
            say(home.ready_file.read_text())
            return 0
        return busy(home)
    log = home.path / "log" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    home.ready_file.unlink(missing_ok=True)
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "local", "run"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "BAIYANG_COMMAND": "up"},
        )
    try:
        return follow(home, child, say)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        return 130


def down(home: Home) -> int:
    if running := home.supervisor():
        say(f"Stopping (pid {running.pid}) …")
        if not end(running):
            say(f"It does not end: see {home.path / 'log' / 'supervisor.log'}")
            return 1
    elif home.path.is_dir():
        processes.take_down_leftovers(home.path)
    say("Nothing runs.")
    return 0


def end(supervisor: Identity, patience: float = 90) -> bool:
    supervisor.send(signal.SIGTERM)
    until = time.monotonic() + patience
    while supervisor.is_running():
        if time.monotonic() > until:
            return False
        time.sleep(processes.POLL)
    return True


def reset(home: Home) -> int:
    if down(home):
        return 1
    try:
        home.forget()
    except PermissionError as error:
        say(f"{error.filename} is another user's: `sudo rm -r {home.path}`")
        return 1
    say(f"{home.path} is forgotten.")
    return 0


def restore(home: Home, place: str) -> int:
    from local.restoring import restore

    try:
        return restore(home, place, say)
    except Busy:
        return busy(home)


def status(home: Home) -> int:
    running = home.supervisor()
    say(f"{home.address}: {'ready' if home.ready_file.exists() else 'not ready'}" if running else "It does not run.")
    for file in sorted((home.path / "run").glob("*.pid")):
        identity = Identity.read(file)
        if identity and identity.is_running():
            say(f"  {file.stem:12} pid {identity.pid:<8} {memory_of(identity.pid):5.0f} MB")
    return 0


def memory_of(pid: int) -> float:
    """Megabytes that are its own share, with its children's (PostgreSQL's sessions)."""
    process = Path("/proc") / str(pid)
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
        children = (process / "task" / str(pid) / "children").read_text().split()
    except OSError:
        return 0
    own = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024
    return own + sum(memory_of(int(child)) for child in children)


def identity(home: Home) -> int:
    from local.identity import serve

    serve(home.host, home.ports["identity"], key_file=home.path / "identity.json")
    return 0


def migrate(services: list[str]) -> int:
    from local import schemas

    return schemas.migrate(services)


def serve(server: str) -> int:
    from local import serving

    return serving.serve(server, Path("/data"), os.environ)


COMMANDS = {"run": run, "up": up, "down": down, "reset": reset, "status": status}
PROCESSES = {"identity": identity}


def main() -> int:
    command, *given = sys.argv[1:] or [""]
    if command == "migrate":
        return migrate(given)
    try:
        match command, given:
            case "serve", [server]:
                return serve(server)
            case "restore", [place]:
                return restore(Home.of_environment(), place)
            case _, [] if begun := (COMMANDS | PROCESSES).get(command):
                return begun(Home.of_environment())
    except NotStarted as error:
        say(str(error))
        return 1
    say(f"python -m local {' | '.join(COMMANDS)} | restore PLACE")
    return 2


if __name__ == "__main__":
    sys.exit(main())
