"""Dashboards ask for what processes show, and are those that deploy/watch/dashboards.yaml describes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.architecture.watching import dashboards
from tests.deploy.test_rules import rules, strangers

WANTED = {"city", "service", "flow", "clocks", "database", "community"}


def expressions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Dashboard, panel and line."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield name, panel["title"], target


@pytest.mark.parametrize("name", sorted(WANTED))
def test_each_way_of_looking_has_its_dashboard(name: str) -> None:
    assert dashboards()[f"{name}.json"]["panels"]


def test_dashboards_ask_for_what_processes_show() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    found = {
        (name, title): strange
        for name, title, target in expressions()
        if (strange := [*strangers(target["expr"]), *set(re.findall(r"baiyang:[\w:]+", target["expr"])) - recorded])
    }
    assert found == {}


def test_the_legend_of_a_line_has_labels_that_its_expression_keeps() -> None:
    for name, title, target in expressions():
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
        of_prometheus = {"job", "instance", "slo"} if "by (" not in target["expr"] else set()
        assert wanted <= kept | of_prometheus, (name, title)


def test_no_two_panels_lie_on_one_another() -> None:
    for board in dashboards().values():
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)
        assert len({panel["id"] for panel in board["panels"]}) == len(places)
