"""A rule document as a file: YAML (JSON is YAML too), read with the line of each rule, and written."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

HEAD = ("place", "note", "begins", "settings", "rules")
RULE = (
    *("kind", "remit", "category", "urgent", "handler", "promise", "runs_from", "needs"),
    *("superior", "again", "contact", "statutory", "statute", "climbs_to"),
)
TRUTHS = {"true": True, "false": False}


class BadForm(Exception):
    """With the line and what it should be."""


def read(text: str) -> dict[str, Any]:
    """As the platform takes it. What is wrong with its form is said by line; the rest is for the platform to say."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, MappingNode):
        raise BadForm(f"line 1: a rule document has the fields {', '.join(HEAD)}")
    fields = dict(_fields(root, HEAD))
    if "rules" not in fields:
        raise BadForm("line 1: the field rules is missing")
    said = {name: _text(fields[name], name) for name in ("place", "note", "begins") if name in fields}
    settings = _settings(fields["settings"]) if "settings" in fields else ()
    rules = [_rule(node) for node in _items(fields["rules"], "rules")]
    return {name: value for name, value in said.items() if value} | {"rules": rules, "settings": list(settings)}


def write(seen: Mapping[str, Any]) -> str:
    """A version that the platform shows, as ``read`` reads it: a line a rule."""
    head = {name: seen[name] for name in ("place", "note", "begins") if seen[name]}
    said = [_dumped(head)] if head else []
    if seen["settings"]:
        said.append(_dumped({"settings": seen["settings"]}))
    rules = [{name: rule[name] for name in RULE if _is_said(seen, rule, name)} for rule in seen["rules"]]
    said.append("rules:\n" + "".join(f"  - {_flow(rule)}\n" for rule in rules) if rules else "rules: []\n")
    return "".join(said)


def _is_said(seen: Mapping[str, Any], rule: Mapping[str, Any], name: str) -> bool:
    """A place's document names no handler."""
    return bool(rule[name]) and not (name == "handler" and seen["place"])


def _dumped(said: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(said), allow_unicode=True, sort_keys=False, width=1000))


def _flow(rule: Mapping[str, Any]) -> str:
    said = yaml.safe_dump(dict(rule), allow_unicode=True, sort_keys=False, width=1000, default_flow_style=True)
    return str(said).strip()


def _rule(node: Node) -> dict[str, Any]:
    rule: dict[str, Any] = {"line": _line(node)}
    for name, value in _fields(node, RULE):
        match name:
            case "urgent":
                said = _text(value, name)
                if said not in TRUTHS:
                    raise BadForm(f"line {_line(value)}: urgent is true, false or left out")
                rule[name] = TRUTHS[said]
            case "needs" | "climbs_to":
                rule[name] = [_text(each, name) for each in _items(value, name)]
            case _:
                rule[name] = _text(value, name)
    if missing := [name for name in ("kind", "remit") if name not in rule]:
        raise BadForm(f"line {rule['line']}: the field {missing[0]} is missing")
    return rule


def _settings(node: Node) -> Iterator[dict[str, Any]]:
    for name, value in _fields(node, None):
        many = isinstance(value, SequenceNode)
        said = ", ".join(_text(each, name) for each in _items(value, name)) if many else _text(value, name)
        yield {"line": _line(value), "name": name, "value": said}


def _fields(node: Node, known: tuple[str, ...] | None) -> Iterator[tuple[str, Node]]:
    if not isinstance(node, MappingNode):
        raise BadForm(f"line {_line(node)}: here go fields, each with its value: {', '.join(known or ('rating: 5',))}")
    seen: set[str] = set()
    for key, value in node.value:
        name = _text(key, "a field's name")
        if known is not None and name not in known:
            raise BadForm(f"line {_line(key)}: there is no field {name}; there are {', '.join(known)}")
        if name in seen:
            raise BadForm(f"line {_line(key)}: {name} is there twice")
        seen.add(name)
        yield name, value


def _items(node: Node, name: str) -> list[Node]:
    if not isinstance(node, SequenceNode):
        raise BadForm(f"line {_line(node)}: {name} is a list, each with a dash before it")
    return list(node.value)


def _text(node: Node, name: str) -> str:
    if not isinstance(node, ScalarNode):
        raise BadForm(f"line {_line(node)}: {name} is one word or phrase")
    return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
