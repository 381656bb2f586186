"""What may change within a version of an event: only what neither an old reader nor an old message trips over.

Producers and consumers roll out in either order, so both directions count: an old reader meets new messages, and a new
reader meets old ones that are still in the log. That leaves the addition of optional fields with a default. An enum may
grow where the old readers were told to tolerate it (``x-open`` in its schema). Everything else is a new version beside
the old one.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

#: Words for people; a change of them changes nothing for a program.
ANNOTATIONS = frozenset({"$id", "$schema", "$defs", "description", "examples", "title"})

#: Marks that masking and erasure rest on: they may be set, never taken away.
MARKS = frozenset({"x-pii", "x-sealed"})

_STRUCTURE = frozenset({"properties", "required", "items", "anyOf", "additionalProperties", "enum", "x-open"})


def breaks(old: Json, new: Json) -> list[str]:
    """How the new schema of a type breaks with the old one; nothing when both may live side by side."""
    return list(_breaks(resolved(old), resolved(new), ""))


def breaks_of_topics(old: Json, new: Json) -> list[str]:
    """The same for the catalogue's topics: a topic goes on, with its types and its keys where they were."""
    return list(_breaks_of_topics(old["channels"], new["channels"]))


def resolved(schema: Json) -> Json:
    """The schema with every reference replaced by what it refers to."""
    found: Json = _resolve(schema, schema.get("$defs", {}))
    return found


def _resolve(node: Any, definitions: Json) -> Any:
    if isinstance(node, list):
        return [_resolve(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[1]]
        return _resolve({**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    return {key: _resolve(value, definitions) for key, value in node.items() if key != "$defs"}


def _breaks(old: Json, new: Json, where: str) -> Iterator[str]:
    yield from _breaks_of_values(old, new, where or "/")
    yield from _breaks_of_enum(old, new, where or "/")
    yield from _breaks_of_fields(old, new, where)
    for key in ("items", "additionalProperties"):
        yield from _breaks_below(old.get(key), new.get(key), f"{where}/{key}")
    yield from _breaks_of_choices(old.get("anyOf", []), new.get("anyOf", []), where or "/")


def _breaks_below(old: Any, new: Any, where: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _breaks(old, new, where)
    elif old != new:
        yield f"{where}: {old!r} became {new!r}"


def _breaks_of_choices(old: list[Json], new: list[Json], where: str) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{where}: {len(old)} kinds of value became {len(new)}"
        return
    for one, other in zip(old, new, strict=True):
        yield from _breaks(one, other, where)


def _breaks_of_values(old: Json, new: Json, where: str) -> Iterator[str]:
    """Type, format, pattern, limits and defaults stay: a wider one trips old readers, a narrower one new readers."""
    for key in sorted((old.keys() | new.keys()) - ANNOTATIONS - _STRUCTURE):
        if key in MARKS and key not in old:
            continue
        if old.get(key) != new.get(key) or (key in old) != (key in new):
            yield f"{where}: {key} {old.get(key)!r} became {new.get(key)!r}"


def _breaks_of_enum(old: Json, new: Json, where: str) -> Iterator[str]:
    before, after = set(old.get("enum", [])), set(new.get("enum", []))
    if before - after:
        yield f"{where}: {', '.join(sorted(before - after))} left the enum"
    if after - before and not old.get("x-open"):
        yield f"{where}: {', '.join(sorted(after - before))} joined an enum whose old readers know no other"


def _breaks_of_fields(old: Json, new: Json, where: str) -> Iterator[str]:
    fields, now = old.get("properties", {}), new.get("properties", {})
    required, required_now = set(old.get("required", [])), set(new.get("required", []))
    for name in fields.keys() - now.keys():
        yield f"{where}/{name}: removed"
    for name in sorted(required_now - required):
        yield f"{where}/{name}: required now, and old messages lack it"
    for name in sorted((required - required_now) & now.keys()):
        yield f"{where}/{name}: optional now, and old readers require it"
    for name in fields.keys() & now.keys():
        yield from _breaks(fields[name], now[name], f"{where}/{name}")


def _breaks_of_topics(old: Json, new: Json) -> Iterator[str]:
    for name, topic in old.items():
        if name not in new:
            yield f"{name}: the topic is gone"
            continue
        for event_type in topic["messages"].keys() - new[name]["messages"].keys():
            yield f"{name}: {event_type} left the topic"
        before, after = topic["bindings"]["kafka"], new[name]["bindings"]["kafka"]
        if before["partitions"] != after["partitions"]:
            yield f"{name}: {before['partitions']} partitions became {after['partitions']}, and keys would move"
        for what in ("x-key", "x-owner", "x-public"):
            if topic[what] != new[name][what]:
                yield f"{name}: {what[2:]} {topic[what]!r} became {new[name][what]!r}"
