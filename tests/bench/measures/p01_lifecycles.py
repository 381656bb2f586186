"""P1: the highest rate of whole lifecycles that is held."""

from statistics import quantiles

from tests.bench import bearing
from tests.bench.bearing import Trial
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.system.city import City

TITLE = "lifecycles a second, held, and what each step takes"
AIM = ">= 30/s with p95 < 300 ms, no error, no growing backlog"

#: A rate that short trials bear and a long one does not is lowered so, and held again.
LOWER = 0.88
HOLDS = 4


def run(bench: Bench) -> list[Figure]:
    city = bench.city
    trial = _hold(bench, city)
    bench.found["rate"] = trial.rate
    detail = {
        "asked_rate": trial.rate,
        "held_seconds": trial.seconds,
        "steps_ms": trial.load.percentiles(50, 95, 99, since=bearing.WARM_UP),
        "in_work_list_after_s": _visible(trial),
        "backlog_most": trial.watch.most(),
        "cases_before": bench.found.get("cases"),
        **trial.load.told_of_itself(),
    }
    rate = Figure("P1", "lifecycles a second, held", round(trial.achieved, 2), "/s", aim=">= 30", spread=_spread(trial))
    rate.detail = detail
    if not trial.is_borne:
        rate.name, rate.met = f"lifecycles a second, not held ({', '.join(trial.faults)})", False
    worst = round(trial.load.worst(95, since=bearing.WARM_UP), 1)
    return [
        rate,
        Figure("P1", "p95 of the slowest step", worst, "ms", aim="< 300"),
        Figure("P1", "errors", len(trial.load.errors), "", aim="= 0", detail=trial.load.errors_told()),
        *_steps(trial),
        Figure("P1", "cores of the load generator itself", trial.load.told_of_itself()["generator_cores"], ""),
    ]


def _hold(bench: Bench, city: City) -> Trial:
    rate = bench.settings.rate or bearing.find_rate(bench, city)
    for _ in range(HOLDS):
        trial = bearing.attempt(bench, city, rate, bench.settings.hold)
        if trial.is_borne or bench.settings.rate:
            return trial
        rate *= LOWER
    raise RuntimeError(f"not even {rate / LOWER:.1f}/s was held for {bench.settings.hold:.0f} s: {trial.faults}")


def _spread(trial: Trial) -> tuple[float, float] | None:
    """Finished in the slowest and in the fastest of ten parts of the hold."""
    part = trial.load.seconds / 10
    counts = [sum(n * part <= at < (n + 1) * part for at in trial.load.finished) / part for n in range(2, 10)]
    return round(min(counts), 2), round(max(counts), 2)


def _steps(trial: Trial) -> list[Figure]:
    return [
        Figure(
            "P1",
            f"{step}: p{percent}",
            told[f"p{percent}"],
            "ms",
            aim="< 300" if percent == 95 else "",
            spread=trial.load.spread(step, percent, since=bearing.WARM_UP),
        )
        for step, told in trial.load.percentiles(50, 95, 99, since=bearing.WARM_UP).items()
        for percent in (50, 95, 99)
    ]


def _visible(trial: Trial) -> dict[str, float]:
    """From the receipt until the holder had it in the work list, with the pause before the first look."""
    seen = [each.seconds for each in trial.load.visible]
    cut = quantiles(seen, n=20) if len(seen) > 1 else [0.0] * 19
    return {"p50": round(cut[9], 2), "p95": round(cut[18], 2)}
