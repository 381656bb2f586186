"""P10: memory of each process at rest and after a long load, and how long a city takes from nothing to an appeal."""

import shutil
import subprocess
import time
from uuid import uuid4

import httpx
from cli.token import sign_in

from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.memory import megabytes
from tests.bench.soak import soak
from tests.bench.spending import PROCESSES
from tests.system.city import ROOT, City

TITLE = "memory at rest and after a long load; `make up` to the first appeal"
AIM = "< 150 MB each, no growth; < 60 s"

#: What a process takes after it has done nothing for so long.
REST = 60.0

#: Megabytes an hour that are no growth: an allocator's play over twenty minutes.
PLAY = 10

#: What a `make bench PORT=…` would impose on the `make` in it.
_OF_OUTER_MAKE = {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS"}


def run(bench: Bench) -> list[Figure]:
    bench.close()
    begun = _first_appeal(bench)
    city = bench.city
    time.sleep(REST)
    rest = megabytes(city)
    soaked = soak(bench)
    memory = soaked.memory
    detail = {
        "seconds": round(soaked.load.seconds),
        "rate": soaked.rate,
        "errors": soaked.load.errors_told(),
        **soaked.load.told_of_itself(),
    }
    figures = [Figure("P10", "`make up` to the first appeal", round(begun, 1), "s", aim="< 60", detail=detail)]
    for name in PROCESSES:
        last, most, growth = memory.last(name), memory.most(name), memory.growth(name)
        figures += [
            Figure("P10", f"{name} at rest", round(rest[name], 1), "MB", aim="< 150"),
            Figure("P10", f"{name} after the load", round(last, 1), "MB", aim="< 150", detail={"most": round(most, 1)}),
            Figure("P10", f"{name}, growth of an hour", round(growth, 1), "MB", aim=f"<= {PLAY}"),
        ]
    return figures


def _first_appeal(bench: Bench) -> float:
    """As who tries it for the first time: a home that is not there yet, the command, a token, an appeal."""
    city = City(home=bench.home / "first", port=bench.port)
    city.local("reset")
    shutil.rmtree(city.home, ignore_errors=True)
    bench.say("from nothing to the first appeal")
    env = {name: value for name, value in city.environment.items() if name not in _OF_OUTER_MAKE}
    begun = time.monotonic()
    try:
        subprocess.run(["make", "up"], cwd=ROOT, env=env, check=True, timeout=300, stdout=subprocess.DEVNULL)
        _file(city)
        return time.monotonic() - begun
    finally:
        city.local("reset")


def _file(city: City) -> None:
    settings = city.settings()
    token = sign_in("resident", issuer=settings["OIDC_ISSUER"], audience=settings["OIDC_AUDIENCE"])
    body = {"channel": "web", "city": "HL", "who": {"kind": "anonymous"}, "words": "楼前的路灯坏了两天。"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    answer = httpx.post(f"{city.address}/intake/v1/appeals", json=body, headers=headers, timeout=30)
    if answer.status_code != 201:
        raise RuntimeError(f"the first appeal was answered {answer.status_code}")
