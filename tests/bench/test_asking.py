"""What is asked for wrongly is named, with what to ask for instead, before anything is made."""

from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import compare
from tests.bench.bench import scale_of


@pytest.mark.parametrize(
    "name, said, told",
    [
        ("SCALE", "abc", "SCALE=abc: give it as in SCALE=100k"),
        ("SCALE", "tenk", "SCALE=tenk: give it as in SCALE=100k"),
        ("PORT", "http", "PORT=http: give it as in PORT=8080"),
        ("RATE", "fast", "RATE=fast: give it as in RATE=0.0"),
        ("SEED", "1.5", "SEED=1.5: give it as in SEED=1"),
        ("ONLY", "P99", "ONLY=P99: known are P1, "),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, said: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(name, said)
    with pytest.raises(SystemExit, match=told):
        bench.main()
    assert not (tmp_path / "home").exists()


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["compare", "nowhere.json", __file__])
    assert compare.main() == 2
    assert capsys.readouterr().out == "there is no file nowhere.json: `make bench OUT=…` writes one\n"


@pytest.mark.parametrize("said, cases", [("10k", 10_000), ("1M", 1_000_000), ("250", 250)])
def test_a_scale_is_a_number_of_cases(said: str, cases: int) -> None:
    assert scale_of(said) == cases
