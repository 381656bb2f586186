"""``make restore``: a backup into a home that has no databases yet; its Kafka may be gone, or have survived."""

from collections.abc import Callable

from local import home as homes
from local import processes
from local.home import Home
from local.parts import Platform, ports_taken
from local.processes import NotStarted


def restore(home: Home, place: str, say: Callable[[str], None]) -> int:
    """0: restored, and nothing runs; `make up` starts the city."""
    with home.held():
        processes.take_down_leftovers(home.path)
        if not (home.path / "secrets.json").exists():
            raise NotStarted(
                f"{home.path / 'secrets.json'} is missing: a backup holds no keys; put there that of the city that was "
                f"backed up"
            )
        if faults := ports_taken(home):
            raise NotStarted("\n".join(faults))
        known = home.secrets()
        homes.lay_passwords(home, known)
        homes.lay_environment(home, known)
        platform = Platform(home, known)
        try:
            platform.bring_up_postgres()
            platform.kafka.start()
            code, said = platform.restore(place)
        finally:
            platform.children.stop_all(patience=60)
    say(said)
    if code == 0:
        home.has_city.touch()
    return code
