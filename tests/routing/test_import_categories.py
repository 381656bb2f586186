"""``baiyang import-categories`` against a platform that answers."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli import client, import_categories

from tests import commands


class Platform:
    """What the command sent, and what it is answered."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.status, self.body = 200, {"added": 3, "changed": 0, "retired": 0, "unchanged": 0}

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("PUT", "/routing/v1/categories")
        self.sent.append(json.loads(request.content))
        return httpx.Response(self.status, json=self.body)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    commands.reach(monkeypatch, import_categories, commands.only("operator", platform.answer))
    assert client.client_of is not vars(import_categories)["client_of"]
    return platform


def run(*arguments: str | Path) -> tuple[int, str]:
    return commands.run("import-categories", *arguments)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_sent_with_its_lines_in_whatever_encoding(tmp_path: Path, platform: Platform, encoding: str) -> None:
    file = tmp_path / "taxonomy.csv"
    file.write_text("level1,level2\n城乡建设,安全生产\n\n民政,\n", encoding=encoding)
    code, output = run(file)
    assert (code, output.strip()) == (0, "3 added, 0 changed, 0 retired, 0 unchanged")
    assert platform.sent == [
        {
            "rows": [{"line": 2, "names": ["城乡建设", "安全生产"]}, {"line": 4, "names": ["民政", ""]}],
            "bindings": {},
            "replaces": False,
        }
    ]


def test_bindings_are_sent_with_it(tmp_path: Path, platform: Platform) -> None:
    file, bindings = tmp_path / "taxonomy.csv", tmp_path / "bindings.csv"
    file.write_text("level1\n谜\n")
    bindings.write_text("branch,kind,remit\n谜,legal,district\n")
    assert run(file, "--bindings", bindings, "--replace")[0] == 0
    assert platform.sent[0]["bindings"] == {"谜": {"kind": "legal", "remit": "district"}}
    assert platform.sent[0]["replaces"] is True


def test_a_binding_says_what_is_sealed(tmp_path: Path, platform: Platform) -> None:
    file, bindings = tmp_path / "taxonomy.csv", tmp_path / "bindings.csv"
    file.write_text("level1\n谜\n底\n")
    bindings.write_text("branch,kind,remit,sealed\n谜,legal,district,true\n底,legal,district,\n")
    assert run(file, "--bindings", bindings)[0] == 0
    legal = {"kind": "legal", "remit": "district"}
    assert platform.sent[0]["bindings"] == {"谜": legal | {"sealed": True}, "底": legal}
    bindings.write_text("branch,kind,remit,sealed\n谜,legal,district,maybe\n")
    code, output = run(file, "--bindings", bindings)
    assert (code, "line 2: sealed is true, false or left out" in output) == (1, True)


@pytest.mark.parametrize("line", ["谜,legal", "谜,legal,", ",legal,district"])
def test_a_binding_that_lacks_something_is_named_by_line(tmp_path: Path, platform: Platform, line: str) -> None:
    file, bindings = tmp_path / "taxonomy.csv", tmp_path / "bindings.csv"
    file.write_text("level1\n谜\n")
    bindings.write_text(f"branch,kind,remit\n{line}\n")
    code, output = run(file, "--bindings", bindings)
    assert (code, platform.sent) == (1, [])
    assert "line 2: " in output
    assert output.endswith(" is empty.\n")


def test_what_is_not_bound_is_named_by_line(tmp_path: Path, platform: Platform) -> None:
    file = tmp_path / "taxonomy.csv"
    file.write_text("level1\n谜\n语\n")
    platform.status = 422
    platform.body = {"detail": "Nothing was changed. Bind these branches: line 2: 谜; line 3: 语."}  # type: ignore[dict-item]
    code, output = run(file)
    assert code == 1
    assert output.splitlines() == ["Nothing was changed. Bind these branches: line 2: 谜", "line 3: 语."]


@pytest.mark.parametrize("content", [b"", b"level1\n", b"level1\n\n,\n"])
def test_an_empty_file_changes_nothing(tmp_path: Path, platform: Platform, content: bytes) -> None:
    file = tmp_path / "taxonomy.csv"
    file.write_bytes(content)
    assert run(file)[0] == 1
    assert platform.sent == []


def test_a_file_in_no_known_encoding_is_refused(tmp_path: Path, platform: Platform) -> None:
    file = tmp_path / "taxonomy.csv"
    file.write_bytes(b"level1\n\xff\xff\xff\n")
    code, output = run(file)
    assert (code, "UTF-8" in output, platform.sent) == (1, True, [])


def test_bindings_without_their_columns_are_refused(tmp_path: Path, platform: Platform) -> None:
    file, bindings = tmp_path / "taxonomy.csv", tmp_path / "bindings.csv"
    file.write_text("level1\n谜\n")
    bindings.write_text("branch,kind\n谜,legal\n")
    code, output = run(file, "--bindings", bindings)
    assert (code, "remit" in output, platform.sent) == (1, True, [])
