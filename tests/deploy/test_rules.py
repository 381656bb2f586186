"""Each alert fires on the fault it is there for, stays quiet on noise, and has a page that says what to do.

Prometheus's own promtool plays the rules over invented series; a minute is a step.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from contracts.metrics import METRICS
from prometheus_client.utils import floatToGoString

from tests.architecture.guards import ROOT

RULES = ROOT / "deploy" / "watch" / "rules.yaml"
RUNBOOKS = ROOT / "docs" / "runbooks.md"
PROMTOOL = Path(sys.executable).with_name("promtool")

Series = Mapping[str, str]

POSTED = 'http_server_request_duration_seconds_{}{{service="intake",method="POST",route="/intake/v1/appeals"{}}}'
READ = 'http_server_request_duration_seconds_{}{{service="routing",method="GET",route="/routing/v1/cases"{}}}'
TAKEN = 'baiyang_commit_to_commit_seconds_{}{{consumer="notify",topic="routing.case.v1"{}}}'
REBUILT = 'baiyang_commit_to_commit_seconds_{}{{consumer="notify",topic="grid.place.v1"{}}}'
LATE = 'baiyang_deadline_lateness_seconds_{}{{kind="promise"{}}}'
OWED = "baiyang_notice_delay_seconds_{}{}"


def _of(many: str, good: str, *, le: str, all_: str, **labels: str) -> dict[str, str]:
    """A histogram of which ``good`` fell into the bucket ``le``."""
    more = "".join(f',{name}="{value}"' for name, value in labels.items())
    bucket = f'{more},le="{le}"' if "{{" in many else f'{{le="{le}"}}'
    return {many.format("count", more): all_, many.format("bucket", bucket): good}


@dataclass(frozen=True)
class Case:
    """``fault`` fires the alert with these labels by ``at``; ``noise`` does not, and none ``beside`` it."""

    alert: str
    labels: Mapping[str, str]
    fault: Series
    noise: Series
    at: str = "30m"
    beside: str = ""

    @property
    def name(self) -> str:
        return "-".join([self.alert, *self.labels.values()])


def _burns(slo: str, *, fault: Series, noise: Series, slow: Series) -> list[Case]:
    """Fast enough for a page, slowly enough for a ticket alone, and noise that makes neither."""
    return [
        Case("BudgetBurnsFast", {"slo": slo}, fault, slow, at="90m"),
        Case("BudgetBurnsSlowly", {"slo": slo}, slow, noise, at="3h", beside="BudgetBurnsFast"),
    ]


def _answers(status: str, values: str) -> dict[str, str]:
    return {POSTED.format("count", f',status="{status}"'): values}


#: A hundred a minute, for long enough.
_MANY, _LONG = "0+100x150", "0+100x200"

CASES = [
    # A twentieth is refused; one in a thousand and a half; one fault in a quiet night.
    *_burns(
        "appeals_accepted",
        fault={**_answers("201", _MANY), **_answers("500", "0+5x150")},
        slow={**_answers("201", "0+1000x200"), **_answers("503", "0+2x200")},
        noise={**_answers("201", "0x30 0+1x200"), **_answers("500", "0x175 1x200"), **_answers("422", "0+50x200")},
    ),
    *_burns(
        "appeals_quick",
        fault=_of(POSTED, "0+70x150", le="0.5", all_=_MANY, status="201"),
        slow=_of(POSTED, "0+98x200", le="0.5", all_=_LONG, status="201"),
        noise=_of(POSTED, "0+99.5x200", le="0.5", all_=_LONG, status="201"),
    ),
    *_burns(
        "events_taken",
        fault=_of(TAKEN, "0+70x150", le="5.0", all_=_MANY),
        slow=_of(TAKEN, "0+98x200", le="5.0", all_=_LONG),
        noise={**_of(TAKEN, _LONG, le="5.0", all_=_LONG), **_of(REBUILT, "0x200", le="5.0", all_=_LONG)},
    ),
    *_burns(
        "deadlines_on_time",
        fault=_of(LATE, "0+70x150", le="60.0", all_=_MANY),
        slow=_of(LATE, "0+998x200", le="60.0", all_="0+1000x200"),
        noise=_of(LATE, _LONG, le="60.0", all_=_LONG),
    ),
    *_burns(
        "notices_delivered",
        fault={'baiyang_notices_total{state="sent"}': _MANY, 'baiyang_notices_total{state="failed"}': "0+40x150"},
        slow={'baiyang_notices_total{state="sent"}': _LONG, 'baiyang_notices_total{state="unknown"}': "0+2x200"},
        noise={'baiyang_notices_total{state="sent"}': _LONG, 'baiyang_notices_total{state="none_wanted"}': _LONG},
    ),
    *_burns(
        "notices_prompt",
        fault=_of(OWED, "0+70x150", le="300.0", all_=_MANY),
        slow=_of(OWED, "0+98x200", le="300.0", all_=_LONG),
        noise=_of(OWED, _LONG, le="300.0", all_=_LONG),
    ),
    *_burns(
        "desk_reads",
        fault={
            **_of(READ, "0+50x150", le="0.5", all_="0+50x150", status="200"),
            **_of(READ, "0+50x150", le="0.5", all_="0+50x150", status="500"),
        },
        slow=_of(READ, "0+98x200", le="0.5", all_=_LONG, status="200"),
        noise=_of(READ, _LONG, le="0.5", all_=_LONG, status="404"),
    ),
    Case(
        "OutboxWaits",
        {"service": "intake"},
        fault={'baiyang_outbox_oldest_seconds{service="intake"}': "0+60x30"},
        noise={'baiyang_outbox_oldest_seconds{service="intake"}': "0 90 150 30 0 130 0 1x30"},
    ),
    Case(
        "RelayMissing",
        {"service": "routing"},
        fault={f'baiyang_relay_shards{{service="{s}",instance="a"}}': "2x30" for s in ("grid", "intake", "notify")},
        noise={
            **{f'baiyang_relay_shards{{service="{s}",instance="a"}}': "1x30" for s in ("grid", "intake", "notify")},
            **{f'baiyang_relay_shards{{service="{s}",instance="b"}}': "1x30" for s in ("grid", "intake", "notify")},
            'baiyang_relay_shards{service="routing",instance="a"}': "2 2 0 2 2x30",
        },
    ),
    Case(
        "RelayMissing",
        {"service": "routing"},
        fault={
            'baiyang_relay_shards{service="routing"}': "1x30",
            **{f'baiyang_relay_shards{{service="{s}"}}': "2x30" for s in ("grid", "intake", "notify")},
        },
        noise={f'baiyang_relay_shards{{service="{s}"}}': "2x30" for s in ("grid", "intake", "notify", "routing")},
    ),
    Case(
        "ConsumerStands",
        {"consumer": "notify", "topic": "routing.case.v1"},
        fault={
            'baiyang_consumer_lag{consumer="notify",topic="routing.case.v1"}': "40x30",
            'baiyang_consumer_events_total{consumer="notify",topic="routing.case.v1",result="applied"}': "7x30",
        },
        noise={
            'baiyang_consumer_lag{consumer="notify",topic="routing.case.v1"}': "9000x30",
            'baiyang_consumer_events_total{consumer="notify",topic="routing.case.v1",result="applied"}': "0+90x30",
        },
    ),
    Case(
        "ConsumerMissing",
        {"consumer": "routing"},
        fault={f'baiyang_consumer_lag{{consumer="{s}"}}': "0x30" for s in ("intake", "notify")},
        noise={
            **{f'baiyang_consumer_lag{{consumer="{s}"}}': "0x30" for s in ("intake", "notify")},
            'baiyang_consumer_lag{consumer="routing"}': "0 0 _ _ _ 0x30",
        },
    ),
    Case(
        "ClockStands",
        {"loop": "sweep_due"},
        fault={
            'baiyang_loop_last_pass_seconds{loop="sweep_due"}': "60x30",
            'baiyang_loop_last_pass_seconds{loop="send_due"}': "0+60x30",
        },
        noise={
            'baiyang_loop_last_pass_seconds{loop="sweep_due",instance="dead"}': "60x30",
            'baiyang_loop_last_pass_seconds{loop="sweep_due",instance="lives"}': "0+60x30",
            'baiyang_loop_last_pass_seconds{loop="send_due"}': "0+60x30",
        },
    ),
    Case(
        "ClockStands",
        {"loop": "send_due"},
        fault={'baiyang_loop_last_pass_seconds{loop="sweep_due"}': "0+60x30"},
        noise={f'baiyang_loop_last_pass_seconds{{loop="{loop}"}}': "0+60x30" for loop in ("sweep_due", "send_due")},
    ),
    Case(
        "DeadlinesWait",
        {},
        fault={"baiyang_deadlines_oldest_due_seconds": "0+60x30"},
        noise={"baiyang_deadlines_oldest_due_seconds": "2 400 3 1x30"},
    ),
    Case(
        "NoticesWait",
        {},
        fault={"baiyang_notices_oldest_due_seconds": "0+60x30"},
        noise={"baiyang_notices_oldest_due_seconds": "1 700 2 1x30"},
    ),
    Case(
        "NoticesWait",
        {},
        fault={'baiyang_notices_total{state="queued"}': "0+5x30", 'baiyang_notices_total{state="sent"}': "9x30"},
        noise={'baiyang_notices_total{state="queued"}': "0+5x30", 'baiyang_notices_total{state="sent"}': "0+1x30"},
    ),
    Case(
        "TopicPoisoned",
        {"consumer": "routing", "topic": "intake.appeal.v1"},
        fault={'baiyang_consumer_events_total{consumer="routing",topic="intake.appeal.v1",result="dead"}': "0+5x30"},
        noise={'baiyang_consumer_events_total{consumer="routing",topic="intake.appeal.v1",result="dead"}': "0+1x30"},
    ),
    Case(
        "ProcessAway",
        {"job": "baiyang/pods", "instance": "a"},
        fault={'up{job="baiyang/pods",instance="a"}': "0x30"},
        noise={'up{job="baiyang/pods",instance="a"}': "1 0 0 1x30", 'up{job="another",instance="b"}': "0x30"},
    ),
    Case(
        "ProcessRestarts",
        {"instance": "a"},
        fault={'process_start_time_seconds{instance="a"}': "0+100x30"},
        noise={'process_start_time_seconds{instance="a"}': "5 5 9 9 9 12x30"},
    ),
    Case(
        "Defects",
        {"service": "routing", "route": "/routing/v1/cases"},
        fault={'http_server_defects_total{service="routing",route="/routing/v1/cases"}': "0+1x30"},
        noise={'http_server_defects_total{service="routing",route="/routing/v1/cases"}': "0x10 1x10 2x10"},
    ),
    Case(
        "PoolBusy",
        {"role": "routing_api"},
        fault={
            'baiyang_pool_wait_seconds_bucket{role="routing_api",le="1.0"}': "0+80x60",
            'baiyang_pool_wait_seconds_count{role="routing_api"}': "0+100x60",
        },
        noise={
            'baiyang_pool_wait_seconds_bucket{role="routing_api",le="1.0"}': "0+99x60",
            'baiyang_pool_wait_seconds_count{role="routing_api"}': "0+100x60",
        },
    ),
    Case(
        "RelayFails",
        {"service": "intake"},
        fault={'baiyang_relay_failures_total{service="intake",error="KafkaError"}': "0+2x30"},
        noise={'baiyang_relay_failures_total{service="intake",error="KafkaError"}': "0 3 3x30"},
    ),
    Case(
        "EventsRefused",
        {"service": "intake"},
        fault={'baiyang_outbox_refused{service="intake"}': "1x30"},
        noise={'baiyang_outbox_refused{service="intake"}': "0 1 1 0x30"},
    ),
    Case(
        "ConsumerWaits",
        {"consumer": "notify"},
        fault={'baiyang_consumer_retries_total{consumer="notify",topic="routing.case.v1"}': "0+3x30"},
        noise={'baiyang_consumer_retries_total{consumer="notify",topic="routing.case.v1"}': "0 4 5x30"},
    ),
    Case(
        "KeysParked",
        {"consumer": "notify"},
        fault={'baiyang_parked{consumer="notify"}': "3x30"},
        noise={'baiyang_parked{consumer="notify"}': "0 3 4 2 0 0 1 0x30"},
    ),
    Case(
        "DeadLetters",
        {"consumer": "notify"},
        fault={'baiyang_dead_letters_open{consumer="notify"}': "0x20 1x10"},
        noise={'baiyang_dead_letters_open{consumer="notify"}': "0x30"},
    ),
    Case(
        "TopicLaidAnew",
        {"topic": "grid.place.v1"},
        fault={'baiyang_consumer_rewinds_total{consumer="intake",topic="grid.place.v1"}': "0x15 4x15"},
        noise={'baiyang_consumer_rewinds_total{consumer="intake",topic="grid.place.v1"}': "4x30"},
    ),
    Case(
        "TopicLaidAnew",
        {"topic": "intake.appeal.v1"},
        fault={'baiyang_relay_resent_total{topic="intake.appeal.v1"}': "0x15 1x15"},
        noise={'baiyang_relay_resent_total{topic="intake.appeal.v1"}': "0x30"},
    ),
    Case(
        "LoopFails",
        {"loop": "sweep_due"},
        fault={'baiyang_loop_failures_total{loop="sweep_due",error="DBAPIError"}': "0+1x30"},
        noise={'baiyang_loop_failures_total{loop="sweep_due",error="DBAPIError"}': "0 1 2 3x30"},
    ),
    Case(
        "DeadlineDisagrees",
        {"kind": "promise"},
        fault={'baiyang_routing_deadlines_explained_total{kind="promise",agrees="false"}': "0x15 1x15"},
        noise={'baiyang_routing_deadlines_explained_total{kind="promise",agrees="true"}': "0+1x30"},
    ),
]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


@cache
def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


@dataclass
class Play:
    """Cases that share no metric, and no alert with its labels: each play costs its minutes times all rules."""

    at: str
    cases: list[tuple[Case, Series, bool]] = field(default_factory=list)

    def takes(self, case: Case, series: Series) -> bool:
        others = {_metric(name) for _, each, _ in self.cases for name in each}
        is_alike = case.name in {each.name for each, _, _ in self.cases}
        return self.at == case.at and not is_alike and others.isdisjoint(map(_metric, series))

    def as_test(self) -> dict[str, Any]:
        """As promtool reads it."""
        looked_at = {alert for case, _, _ in self.cases for alert in (case.alert, case.beside) if alert}
        fires: dict[str, list[Case]] = {alert: [] for alert in sorted(looked_at)}
        for case, _, does in self.cases:
            fires[case.alert] += [case] if does else []
        return {
            "name": ", ".join(f"{case.name} {'fires' if does else 'is quiet'}" for case, _, does in self.cases),
            "interval": "1m",
            "input_series": [
                {"series": name, "values": values} for _, series, _ in self.cases for name, values in series.items()
            ],
            "alert_rule_test": [
                {"alertname": alert, "eval_time": self.at, "exp_alerts": [_expected(case) for case in firing]}
                for alert, firing in fires.items()
            ],
        }


def _metric(series: str) -> str:
    name = series.split("{", maxsplit=1)[0]
    return re.sub("_(bucket|count)$", "", name)


def _expected(case: Case) -> dict[str, Any]:
    rule, slo = alerts()[case.alert], case.labels.get("slo", "")
    annotations = {name: text.replace("{{ $labels.slo }}", slo) for name, text in rule["annotations"].items()}
    return {"exp_labels": {**rule["labels"], **case.labels}, "exp_annotations": annotations}


def plays_of(cases: Iterable[tuple[Case, Series, bool]]) -> list[Play]:
    plays: list[Play] = []
    for case, series, fires in cases:
        play = next((each for each in plays if each.takes(case, series)), None)
        if play is None:
            plays.append(play := Play(case.at))
        play.cases.append((case, series, fires))
    return plays


def objections(plays: Iterable[Play], folder: Path) -> str:
    file = folder / "rules_test.yaml"
    tests = [play.as_test() for play in plays]
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    return promtool("test", "rules", file)


def promtool(*arguments: str | Path) -> str:
    """What it objects to."""
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False, timeout=120)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_alert_fires_on_its_fault_and_stays_quiet_on_noise(tmp_path: Path) -> None:
    assert {case.alert for case in CASES} == set(alerts())
    budgets = {rule["labels"]["slo"] for rule in rules() if rule.get("record") == "baiyang:slo:budget"}
    assert {case.labels["slo"] for case in CASES if "slo" in case.labels} == budgets
    fires = [(case, case.fault, True) for case in CASES]
    quiet = [(case, case.noise, False) for case in CASES]
    assert objections(plays_of([*fires, *quiet]), tmp_path) == ""


def test_an_alert_that_does_not_fire_is_found(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.alert == "DeadLetters")
    assert "DeadLetters" in objections(plays_of([(case, case.noise, True)]), tmp_path)
    assert "DeadLetters" in objections(plays_of([(case, case.fault, False)]), tmp_path)


METRIC = re.compile(r"\b((?:baiyang|http_server|process|python)_\w+)(?:\{([^}]*)\})?")
SUFFIXES = ("_bucket", "_count", "_sum", "_total")


def strangers(expression: str) -> list[str]:
    """What an expression asks for that no process shows: a metric, a label, a bucket, or a value of a label."""
    found = []
    for name, selectors in METRIC.findall(expression):
        base = next((b for b in (name, *(name.removesuffix(s) for s in SUFFIXES)) if b in METRICS), None)
        if base is None:
            found.append(name)
            continue
        buckets = {floatToGoString(bucket) for bucket in METRICS[base].buckets}  # type: ignore[no-untyped-call]
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', selectors):
            if label == "le":
                fits = value in buckets
            else:
                pattern = METRICS[base].labels.get(label)
                fits = pattern is not None and (operator in ("=~", "!~") or re.fullmatch(pattern, value) is not None)
            found += [] if fits else [f"{name}: {label}{operator}{value}"]
    return found


def test_rules_ask_for_what_processes_show() -> None:
    assert {rule.get("record") or rule["alert"]: s for rule in rules() if (s := strangers(rule["expr"]))} == {}


@pytest.mark.parametrize(
    "expression",
    [
        "rate(baiyang_lost_total[5m])",
        'baiyang_parked{topic="x"}',
        'baiyang_parked{consumer="desk"}',
        'baiyang_notice_delay_seconds_bucket{le="300"}',
    ],
)
def test_what_no_process_shows_is_found(expression: str) -> None:
    assert len(strangers(expression)) == 1


def sections() -> dict[str, str]:
    """The runbook's, by the anchor that a link to it has."""
    parts = re.split(r"^### (.+)$", RUNBOOKS.read_text(), flags=re.MULTILINE)[1:]
    return {title.strip("`").lower(): text for title, text in zip(parts[::2], parts[1::2], strict=True)}


def anchors() -> set[str]:
    """To what the alerts link."""
    slos = {rule["labels"]["slo"] for rule in rules() if rule.get("record") == "baiyang:slo:budget"}
    links = {rule["annotations"]["runbook"] for rule in alerts().values()}
    return {link.replace("{{ $labels.slo }}", slo).removeprefix("docs/runbooks.md#") for link in links for slo in slos}


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert set(sections()) == anchors()


@pytest.mark.parametrize("anchor", sections())
def test_a_page_says_what_it_means_for_residents_what_to_look_at_and_what_to_do(anchor: str) -> None:
    for part in ("**Residents**:", "**Look**:", "**Do**:"):
        assert part in sections()[anchor]
