"""``baiyang rules`` against a platform that answers, and the form of its file."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from cli import rules
from cli.rule_files import HEAD, RULE, BadForm, read, write
from routing.schemas.rule_sets import RuleLineBody, RuleSetDocument

from tests import commands

RULE_SEEN = {
    "line": 4,
    "kind": "municipal",
    "remit": "district",
    "category": None,
    "urgent": False,
    "handler": "municipal",
    "promise": "3 working days",
    "runs_from": "accepted",
    "needs": ["review"],
    "superior": None,
    "again": None,
    "contact": None,
    "statutory": None,
    "statute": None,
    "climbs_to": [],
}
SEEN = {
    "version": 4,
    "place": "HZ",
    "note": "六月起",
    "begins": "2026-06-01",
    "effective_from": None,
    "rules": [RULE_SEEN],
    "settings": {"rating": "7"},
    "changes": [{"line": 4, "text": {"zh": "第4行，市政设施：改。", "en": "Line 4, municipal facilities: changed."}}],
    "looked_at": 900,
    "numbers": {"cases": 40, "earlier": 38, "later": 0, "newly_late": 5, "newly_kept": 0, "other_handler": 0},
}
FILE = """\
# What Haizhou tightens.
place: HZ
note: 六月起
begins: 2026-06-01
settings:
  rating: 7
rules:
  - kind: municipal
    remit: district
    promise: 3 working days
    urgent: false
    needs: [review]
"""
GAPS = [
    {"name": "白杨", "gaps": []},
    {
        "name": "江家湾",
        "gaps": [
            {
                "line": 9,
                "kind": "legal",
                "remit": "city",
                "category": None,
                "handler": "legal",
                "instead": "dispatcher",
            },
            {
                "line": 4,
                "kind": "municipal",
                "remit": "city",
                "category": "m.x",
                "handler": "municipal",
                "instead": None,
            },
        ],
    },
]
VERSIONS = [
    {"version": 5, "place": None, "note": "draft", "effective_from": None},
    {"version": 4, "place": "HZ", "note": "六月起", "effective_from": "2026-06-01T00:00:00Z"},
    {"version": 3, "place": None, "note": "the city's", "effective_from": "2014-01-01T00:00:00Z"},
    {"version": 2, "place": None, "note": "before", "effective_from": "2014-01-01T00:00:00Z"},
]


class Platform:
    """What the command sent in whose name, and what it is answered; lists come a page at a time."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, Any]] = []
        self.refusal: tuple[int, dict[str, Any]] | None = None

    def as_(self, name: str) -> Callable[[httpx.Request], httpx.Response]:
        def answer(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content) if request.content else None
            self.sent.append((name, request.method, request.url.path, body))
            if self.refusal:
                return httpx.Response(self.refusal[0], json=self.refusal[1])
            lists = {"/routing/v1/rule-sets": VERSIONS, "/routing/v1/rule-sets/4/gaps": GAPS}
            items = lists.get(request.url.path)
            if request.method == "GET" and items is not None:
                return commands.page_of(items, request)
            in_force = {"effective_from": "2026-06-01T00:00:00Z"} if "activations" in request.url.path else {}
            return httpx.Response(200, json={**SEEN, **in_force})

        return answer


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    commands.reach(monkeypatch, rules, platform.as_)
    return platform


def run(*arguments: str | Path) -> tuple[int, str]:
    return commands.run("rules", *arguments)


def document(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_document_is_sent_with_its_lines_and_what_it_changes_is_shown(tmp_path: Path, platform: Platform) -> None:
    code, output = run("draft", document(tmp_path, FILE))
    assert code == 0, output
    name, method, path, body = platform.sent[0]
    assert (name, method, path) == ("operator", "POST", "/routing/v1/rule-sets")
    assert body == {
        "place": "HZ",
        "note": "六月起",
        "begins": "2026-06-01",
        "settings": [{"line": 6, "name": "rating", "value": "7"}],
        "rules": [
            {
                "line": 8,
                "kind": "municipal",
                "remit": "district",
                "promise": "3 working days",
                "urgent": False,
                "needs": ["review"],
            }
        ],
    }
    RuleSetDocument.model_validate(body)
    assert "version 4: HZ, draft" in output
    assert "第4行，市政设施：改。\n    Line 4, municipal facilities: changed." in output
    assert "of 900 cases of last month, 40 fall under what changes: 38 promised sooner, 0 later, 5 answered" in output


def test_what_the_platform_refuses_is_told_line_by_line(tmp_path: Path, platform: Platform) -> None:
    platform.refusal = (422, {"detail": "Nothing was changed. Put right: line 8: this; line 9: that."})
    code, output = run("draft", document(tmp_path, FILE))
    assert code == 1
    assert output == "Nothing was changed. Put right: line 8: this\nline 9: that.\n"


@pytest.mark.parametrize(
    "text, why",
    [
        ("rules: [", "line 1: "),
        ("place: HZ\nrules:\n  - kind: x\n   remit: y\n", "line 4: "),
        ("- 1\n", "line 1: a rule document has the fields place, note, begins, settings, rules"),
        ("place: HZ\n", "line 1: the field rules is missing"),
        ("places: HZ\nrules: []\n", "line 1: there is no field places; there are place"),
        ("rules: 3\n", "line 1: rules is a list, each with a dash before it"),
        ("rules:\n  - 3\n", "line 2: here go fields"),
        ("rules:\n  - kind: legal\n    dutty: x\n", "line 3: there is no field dutty; there are kind, remit"),
        ("rules:\n  - kind: legal\n", "line 2: the field remit is missing"),
        ("rules:\n  - kind: legal\n    kind: legal\n    remit: city\n", "line 3: kind is there twice"),
        ("rules:\n  - kind: [legal]\n    remit: city\n", "line 2: kind is one word or phrase"),
        ("rules:\n  - kind: legal\n    remit: city\n    urgent: maybe\n", "line 4: urgent is true, false or left out"),
        ("settings: [5]\nrules: []\n", "line 1: here go fields, each with its value: rating: 5"),
    ],
)
def test_a_file_of_another_form_is_refused_by_line_and_not_sent(
    tmp_path: Path, platform: Platform, text: str, why: str
) -> None:
    code, output = run("draft", document(tmp_path, text))
    assert code == 1
    assert why in output
    assert platform.sent == []


def test_json_is_read_as_yaml_is() -> None:
    assert read(json.dumps({"rules": [{"kind": "legal", "remit": "city", "promise": "same day"}]})) == {
        "rules": [{"line": 1, "kind": "legal", "remit": "city", "promise": "same day"}],
        "settings": [],
    }


def test_nothing_but_plain_values_is_taken_from_a_file() -> None:
    with pytest.raises(BadForm, match="line 1: note is one word or phrase"):
        read("note: !!python/object/apply:os.system [ls]\nrules: []\n")


def test_a_version_is_exported_as_it_is_drafted(platform: Platform) -> None:
    code, output = run("export", "4")
    assert code == 0
    assert output == (
        "place: HZ\nnote: 六月起\nbegins: '2026-06-01'\nsettings:\n  rating: '7'\nrules:\n"
        "  - {kind: municipal, remit: district, promise: 3 working days, runs_from: accepted, needs: [review]}\n"
    )
    assert read(output)["rules"][0]["line"] == 7
    assert "handler: municipal" in write({**SEEN, "place": None}), "the city's names its handlers"


def test_the_one_in_force_is_exported_of_the_city_or_of_a_place(platform: Platform) -> None:
    assert run("export")[0] == 0
    assert platform.sent[-1][2] == "/routing/v1/rule-sets/3"
    assert run("export", "--place", "HZ")[0] == 0
    assert platform.sent[-1][2] == "/routing/v1/rule-sets/4"
    assert run("export", "--place", "none") == (1, "No rules of none have been put into force.\n")


def test_versions_are_listed_and_one_is_shown(platform: Platform) -> None:
    assert run("list")[1].splitlines()[1] == "version 4: HZ, in force from 2026-06-01T00:00:00Z; 六月起"
    assert "version 4: HZ, draft" in run("show", "4")[1]


def test_the_list_says_which_version_gave_way_to_which(platform: Platform) -> None:
    listed = run("list")[1].splitlines()
    assert listed[0] == "version 5: the city, draft; draft", "a draft replaces nothing"
    began = "in force from 2014-01-01T00:00:00Z"
    assert listed[2] == f"version 3: the city, {began}; the city's"
    assert listed[3] == f"version 2: the city, {began}, replaced by version 3 from 2014-01-01T00:00:00Z; before"


def test_gaps_are_named_by_community(platform: Platform) -> None:
    code, output = run("check", "4")
    assert code == 1
    assert output == (
        "江家湾: line 9, legal, city: no legal; dispatcher takes it\n"
        "江家湾: line 4, m.x: no municipal; nobody takes it\n2 gaps.\n"
    )


def test_it_is_activated_in_the_name_of_who_says_so(platform: Platform) -> None:
    code, output = run("activate", "4", "--as", "operator_two")
    assert (code, output) == (0, "version 4 holds from 2026-06-01T00:00:00Z, for what begins from then on.\n")
    assert platform.sent == [("operator_two", "POST", "/routing/v1/rule-sets/4/activations", None)]


def test_the_schema_of_the_file_takes_the_fields_that_the_platform_takes() -> None:
    schema = json.loads(resources.files("cli").joinpath("rules.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(HEAD) == set(RuleSetDocument.model_fields)
    assert set(schema["$defs"]["rule"]["properties"]) == set(RULE) == set(RuleLineBody.model_fields) - {"line"}
    jsonschema.validate(yaml.load(FILE, Loader=yaml.BaseLoader) | {"rules": []}, schema)  # plain text


def test_the_example_in_the_documents_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[2].joinpath("docs", "rules.md").read_text(encoding="utf-8")
    examples = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    assert examples
    schema = json.loads(resources.files("cli").joinpath("rules.schema.json").read_text(encoding="utf-8"))
    for example in examples:
        RuleSetDocument.model_validate(read(example))
        jsonschema.validate(json.loads(json.dumps(yaml.safe_load(example), default=str)), schema)
