"""Placing on the city's own appeals, of which 600 were read and labelled: two random samples of 300, by two readers,
not tuned on; the second reader saw neither the rules nor what they claimed.

A claim is right when the labelled place is the claimed one or lies below it. The city itself is no claim.
"""

import csv
import gzip
import json
import os
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from intake.domain.placing import PlaceNames, is_root, place_words

DATA = Path(os.environ.get("BAIYANG_DATA", Path(__file__).parents[3] / "shared" / "data"))
LABELS = Path(__file__).parent / "placing_labels.csv"


class City:
    def __init__(self) -> None:
        self.names = PlaceNames()
        self.parent: dict[str, str] = {}
        self.code: dict[str, str] = {}
        paths: dict[str, str] = {"": "/"}
        with (DATA / "places.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                place_id = uuid5(NAMESPACE_URL, row["code"])
                path = paths[row["parent"]] + place_id.hex + "/"
                paths[row["code"]] = path
                self.code[path] = row["code"]
                self.parent[row["code"]] = row["parent"]
                self.names.put(place_id, path, [row["name"]])

    def line(self, code: str) -> list[str]:
        return [code, *self.line(self.parent[code])] if code else []

    def claim(self, appeal: dict[str, str]) -> str:
        """The code of the place that is claimed; '' for the city or nothing."""
        path = place_words(self.names, title=appeal["title"], text=appeal["text"]).path
        return "" if path == "/" or is_root(path) else self.code[path]


@pytest.fixture(scope="module")
def city() -> City:
    return City()


@pytest.fixture(scope="module")
def judged(city: City) -> list[tuple[str, str]]:
    """(claimed, labelled) for each appeal of the sample."""
    with LABELS.open(encoding="utf-8") as file:
        labels = {int(row["id"]): row["code"] for row in csv.DictReader(file)}
    with gzip.open(DATA / "appeals.jsonl.gz", "rt", encoding="utf-8") as file:
        appeals = {appeal["id"]: appeal for appeal in map(json.loads, file)}
    return [(city.claim(appeals[appeal_id]), label) for appeal_id, label in labels.items()]


def test_600_appeals_are_labelled(judged: list[tuple[str, str]]) -> None:
    assert len(judged) == 600


def test_98_in_100_claims_are_right_at_the_tier_they_claim(city: City, judged: list[tuple[str, str]]) -> None:
    claims = [(claimed, label) for claimed, label in judged if claimed]
    wrong = [(claimed, label) for claimed, label in claims if claimed not in city.line(label)]
    assert 1 - len(wrong) / len(claims) >= 0.98, wrong


def test_most_of_what_can_be_placed_is_placed(
    city: City, judged: list[tuple[str, str]], record_property: pytest.FixtureRequest
) -> None:
    """0.85 over both samples; below three quarters placing is no help."""
    placeable = [(claimed, label) for claimed, label in judged if label not in ("", "A")]
    found = [1 for claimed, label in placeable if claimed and claimed in city.line(label)]
    recall = len(found) / len(placeable)
    record_property("recall", round(recall, 3))  # type: ignore[operator]
    assert recall >= 0.75
