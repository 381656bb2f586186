"""Rule documents as tests write them: drafted by one operator, put into force by another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from kit.auth import OPERATOR, Person
from kit.db import UnitOfWork
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.rule_document import RuleDocument, SettingLine, written_rules, written_settings
from routing.repository import policy
from routing.service import rule_sets

ONE, OTHER = (Person(subject, frozenset({OPERATOR})) for subject in ("operator.one", "operator.other"))

At = Callable[..., RolledBackUnitOfWork]


def as_document(uow: UnitOfWork, *, settings: dict[str, str] | None = None, **changed: Any) -> RuleDocument:
    """The city's as it is in force, with ``changed`` on the line of the district's municipal matters."""
    rules = policy.get_policy(uow, [], [])[0]
    said = written_settings(rules) | (settings or {})
    held = [SettingLine(n, *each) for n, each in enumerate(said.items(), start=1)]
    lines = [
        replace(line, **changed) if (line.kind, line.remit, line.category, line.urgent) == OF_LIGHTS else line
        for line in written_rules(rules)
    ]
    return RuleDocument(lines, held)


OF_LIGHTS = ("municipal", "district", "", False)


def put_into_force(at: At, document: RuleDocument, *, now: datetime = NOW) -> int:
    version = rule_sets.draft_rule_set(at(ONE, now=now), document).version.version
    rule_sets.activate_rule_set(at(OTHER, now=now), version)
    return version
