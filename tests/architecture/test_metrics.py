"""The registry of metrics and what processes show are the same; no label has room for a case, a person or a text."""

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path

import grid.app
import intake.app
import notify.app
import pytest
import routing.app
from contracts.metrics import METRICS, PLACE, Kind
from kit import metrics
from notify.domain.sending import Result, State
from prometheus_client import REGISTRY
from routing.domain.case import DeadlineKind
from routing.repository import figures

from tests.architecture.guards import ROOT

APPS = (grid.app, intake.app, notify.app, routing.app)

#: Of a case, an appeal and its code, people, and what they say.
TELLING = (
    "C000-0000-0001",
    "A7F2-9QXM-4T6P",
    "K7F2-9QXM-4T6P-A",
    "0192f3a4-7b1c-7def-8123-456789abcdef",
    "0192f3a47b1c7def8123456789abcdef",
    "/intake/v1/appeals/0192f3a4-7b1c-7def-8123-456789abcdef",
    "13912345678",
    "11010519491231002X",
    "lin.yue",
    "王小敏",
    "sewer overflows",
    "污水外溢",
)


def shown() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """What the four services would show, by name: kind, meaning and labels."""
    assert APPS
    found = {}
    for collector in set(REGISTRY._collector_to_names):
        for family in collector.collect():
            name = family.name if family.name in METRICS else f"{family.name}_total"
            labels = tuple(getattr(collector, "_labelnames", METRICS[name].labels if name in METRICS else ()))
            found[name] = (family.type, family.documentation, labels)
    return found


def test_what_processes_show_is_in_the_registry_and_the_reverse() -> None:
    ours = {name: (m.kind.value, m.meaning, tuple(m.labels)) for name, m in METRICS.items()}
    found = shown()
    assert sorted(found) == sorted(ours)
    of_the_library = ("process_", "python_")
    assert {n: f for n, f in found.items() if not n.startswith(of_the_library)} == {
        n: f for n, f in ours.items() if not n.startswith(of_the_library)
    }


def makers_of_metrics(folder: Path) -> list[str]:
    """Files that import Prometheus's own library."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prometheus_client")
        or (isinstance(node, ast.Import) and any(alias.name.startswith("prometheus_client") for alias in node.names))
    ]


def test_metrics_are_made_in_one_place() -> None:
    assert makers_of_metrics(ROOT / "shared") == ["kit/kit/metrics.py"]
    assert makers_of_metrics(ROOT / "services") == []


def test_another_place_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("from prometheus_client import Counter\n")
    (tmp_path / "two.py").write_text("import prometheus_client.core\n")
    assert makers_of_metrics(tmp_path) == ["one.py", "two.py"]


def test_a_metric_is_made_as_its_kind_alone() -> None:
    with pytest.raises(TypeError, match="baiyang_parked is a gauge"):
        metrics.counter("baiyang_parked")


@pytest.mark.parametrize("name", METRICS)
def test_no_label_has_room_for_a_case_a_person_or_a_text(name: str) -> None:
    for label, pattern in METRICS[name].labels.items():
        if pattern is PLACE:
            continue  # what stands there comes from the register of places alone
        assert [told for told in TELLING if re.fullmatch(pattern, told)] == [], label


@pytest.mark.parametrize(
    "name, label, values",
    [
        ("baiyang_deadline_lateness_seconds", "kind", DeadlineKind),
        ("baiyang_routing_deadlines_explained", "kind", DeadlineKind),
        ("baiyang_figures", "figure", figures.WATCHED),
        ("baiyang_notices", "state", set(State) - {State.SENDING}),
        ("baiyang_notify_calls", "result", Result),
    ],
)
def test_what_services_count_by_fits_its_label(name: str, label: str, values: Iterable[str]) -> None:
    pattern = METRICS[name].labels[label]
    assert [value for value in values if not re.fullmatch(pattern, value)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "openapi").glob("*.json")), ids=lambda path: path.stem)
def test_every_route_fits_its_label(path: Path) -> None:
    pattern = METRICS["http_server_request_duration_seconds"].labels["route"]
    routes = json.loads(path.read_text())["paths"]
    assert routes
    assert [route for route in routes if not re.fullmatch(pattern, route)] == []


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_says_what_it_is(name: str) -> None:
    metric = METRICS[name]
    assert re.fullmatch(r"(baiyang|http_server|process|python)_[a-z_]+", name)
    assert metric.meaning
    assert (metric.kind is Kind.HISTOGRAM) == bool(metric.buckets)
    assert sorted(metric.buckets) == list(metric.buckets)
    for unit in ("seconds", "bytes"):
        assert name.endswith(f"_{unit}") == (metric.unit == unit)
