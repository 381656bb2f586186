"""What is watched: the page of metrics from their registry, dashboards as Grafana reads them from
deploy/watch/dashboards.yaml, rules as a cluster reads them. ``python -m tests.architecture.watching check|write``.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from contracts.metrics import METRICS, Kind, Metric

from tests.architecture.guards import ROOT

PAGE = ROOT / "docs" / "metrics.md"
SOURCE = ROOT / "deploy" / "watch" / "dashboards.yaml"
DASHBOARDS = ROOT / "deploy" / "watch" / "dashboards"
RULES = ROOT / "deploy" / "watch" / "rules.yaml"

_HEAD = """# Metrics

From the registry in `shared/contracts/contracts/metrics.py`, which the tests hold processes, rules and dashboards to.
`python -m tests.architecture.watching write` makes this page. Every process shows those of what it does on `/metrics`;
Prometheus adds which one it was. A counter's name ends in `_total`, a histogram has `_count`, `_sum` and `_bucket`.

No label holds a case, a person or a text: each has few values that the code or the registry of topics knows.

| metric | kind | unit | by | what it says |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    return _HEAD + "".join(_row(metric) for metric in METRICS.values())


def _row(metric: Metric) -> str:
    name = f"{metric.name.removesuffix('_total')}_total" if metric.kind is Kind.COUNTER else metric.name
    by = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{name}` | {metric.kind} | {metric.unit} | {by} | {metric.meaning} |\n"


#: Of the 24 columns of Grafana's grid.
_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 24


def dashboards() -> dict[str, dict[str, Any]]:
    """By file name."""
    return {f"{each['name']}.json": _dashboard(**each) for each in yaml.safe_load(SOURCE.read_text())}


def _dashboard(*, name: str, title: str, about: str, panels: list[dict[str, Any]], choose: str = "") -> dict[str, Any]:
    return {
        "uid": f"baiyang-{name}",
        "title": f"Baiyang: {title}",
        "description": about,
        "tags": ["baiyang"],
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [*_variables(choose)]},
        "panels": [_panel(place, **panel) for place, panel in enumerate(panels)],
    }


def _variables(choose: str) -> Iterator[dict[str, Any]]:
    """Where Prometheus is; and ``label_values(…)`` of what is chosen among."""
    yield {"name": "datasource", "type": "datasource", "query": "prometheus"}
    if choose:
        yield {
            "name": choose.rpartition(",")[2].strip(" )"),
            "type": "query",
            "query": choose,
            "datasource": _SOURCE,
            "includeAll": True,
            "multi": True,
            "allValue": ".+",
            "current": {"text": "All", "value": "$__all"},
            "refresh": 2,
            "sort": 1,
        }


_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def _panel(place: int, *, title: str, exprs: dict[str, str], unit: str = "short", about: str = "") -> dict[str, Any]:
    """``exprs``: by the legend that each line has. Three a row."""
    row, column = divmod(place, _COLUMNS // _WIDTH)
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": title,
        "description": about,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": expr, "legendFormat": legend, "datasource": _SOURCE}
            for number, (legend, expr) in enumerate(exprs.items())
        ],
    }


def wrapped_rules() -> str:
    """As they stand in rules.yaml, remarks and all, within what the Prometheus operator reads."""
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: rules\nspec:\n"
    return head + "".join(f"  {line}" if line.strip() else line for line in RULES.read_text().splitlines(keepends=True))


def generated() -> dict[Path, str]:
    boards = {DASHBOARDS / name: json.dumps(board, indent=2) + "\n" for name, board in dashboards().items()}
    return {PAGE: page(), RULES.with_name("rules.k8s.yaml"): wrapped_rules(), **boards}


def main(arguments: list[str]) -> int:
    expected = generated()
    if arguments == ["write"]:
        DASHBOARDS.mkdir(exist_ok=True)
        for path, text in expected.items():
            path.write_text(text)
        return 0
    differ = [path for path, text in expected.items() if not path.exists() or path.read_text() != text]
    differ += [path for path in DASHBOARDS.glob("*") if path not in expected]
    names = ", ".join(str(path.relative_to(ROOT)) for path in differ)
    print(f"{names}: run python -m tests.architecture.watching write" if differ else "What is watched is as committed.")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
