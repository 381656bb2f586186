"""P8: the work list, the progress page, figures and every other list, quiet and under load."""

from tests.bench.backlog import await_calm
from tests.bench.bench import Bench
from tests.bench.driving import run_load
from tests.bench.figures import Figure
from tests.bench.load.plan import Load, Phase
from tests.bench.looks import AIM_OF_OTHERS, AIMS, looks_of
from tests.bench.soak import soak

TITLE = "the work list, the progress page, figures, each list"
AIM = "p95 < 50, 20 and 100 ms"

RATE = 10.0
EACH = 120


def run(bench: Bench) -> list[Figure]:
    city = bench.city
    looks = looks_of(bench, city)
    await_calm(city)
    kinds = len({look.name for look in looks})
    run_load(bench, city, Phase(RATE, 10), work="looking", looks=looks)
    quiet = run_load(bench, city, Phase(RATE, kinds * EACH / RATE), work="looking", looks=looks)
    if quiet.errors:
        raise RuntimeError(f"{quiet.errors_told()}")
    figures = _figures(quiet, "")
    for load in soak(bench).looked:
        figures += _figures(load, ", under load")
    return figures


def _figures(load: Load, when: str) -> list[Figure]:
    """Aims are of the quiet city; under load the same figures are shown beside them."""
    figures = []
    for name, told in load.percentiles(50, 95, 99).items():
        aim = "" if when else AIMS.get(name, AIM_OF_OTHERS)
        spread = load.spread(name, 95)
        figures.append(Figure("P8", f"{name}{when}: p95", told["p95"], "ms", aim=aim, spread=spread, detail=dict(told)))
    figures[0].detail |= load.told_of_itself() | {"errors": load.errors_told()}
    return figures
