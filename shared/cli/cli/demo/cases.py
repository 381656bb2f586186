"""Files the demonstration's appeals and carries their cases on, each step by who holds it, through the public APIs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import typer

from cli.client import client_of, expect, items_of
from cli.demo.stories import STORIES, Story
from cli.settings import Settings

SOURCE = "demonstration"
CITY = "HL"

THEIR_LIMIT = timedelta(days=10)

#: Who calls residents that no message reaches: the community's dispatcher, who handles none of these.
CALLER = "chen.jing"
_SOLVED = ("callbacks", {"outcome": "reached", "solved": True, "rating": 5, "words": "居民表示满意。"})

_PATIENCE = 90.0
_ORDER = ("received", "accepted", "assigned", "in_progress", "answered", "closed")


class People:
    """HTTP in the name of each person, signed in once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clients: dict[str, httpx.Client] = {}

    def __getitem__(self, subject: str) -> httpx.Client:
        if subject not in self._clients:
            self._clients[subject] = client_of(subject, self._settings)
        return self._clients[subject]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


def live(settings: Settings) -> None:
    """File what is not filed yet, and bring each case of these to where its story ends; what is there already stays."""
    people = People(settings)
    try:
        receipts = {story.key: _file(people, story) for story in STORIES}
        _withdraw(people, receipts)
        left = _carry(people, {receipts[story.key]["appeal_id"]: story for story in STORIES if not story.withdrawn})
    finally:
        people.close()
    new = sum(not receipt["repeated"] for receipt in receipts.values())
    typer.echo(f"{len(receipts)} appeals of the demonstration, {new} of them new.")
    if left:
        typer.echo(f"Not brought to their end yet: {', '.join(left)}; run it again.", err=True)


def _file(people: People, story: Story) -> dict[str, Any]:
    who = {
        "kind": "outsider",
        "name": f"演示居民{story.key}",
        "means": story.means,
        "address": f"demo-{story.key}",
        "language": story.language,
    }
    body = {
        "channel": story.channel,
        "words": story.words,
        "who": who,
        "place": story.place,
        "category": story.category,
        "language": story.language,
        **_origin(story),
        "urgent": story.urgent,
        "done_on_the_spot": story.on_the_spot,
        "answer": story.answer if story.on_the_spot else None,
    }
    given = {name: value for name, value in body.items() if value is not None}
    receipt: dict[str, Any] = expect(people[story.by].post("/intake/v1/appeals", json=given)).json()
    return receipt


def _origin(story: Story) -> dict[str, Any]:
    """By what it is known again: our own key, or the number of whoever assigned it."""
    if story.assigned_by is None:
        return {"source": SOURCE, "external_id": story.key}
    due_at = datetime.now(UTC) + THEIR_LIMIT
    return {"assignment": {"office": story.assigned_by, "number": f"DEMO-{story.key}", "due_at": due_at.isoformat()}}


def _withdraw(people: People, receipts: dict[str, dict[str, Any]]) -> None:
    for story in STORIES:
        if story.withdrawn and not receipts[story.key]["repeated"]:
            client, path = people[story.by], f"/intake/v1/appeals/{receipts[story.key]['appeal_id']}"
            tag = expect(client.get(path)).headers["ETag"]
            expect(client.post(f"{path}/withdrawals", json={"reason": "unwanted"}, headers={"If-Match": tag}))


def _carry(people: People, stories: dict[str, Story]) -> list[str]:
    """Step by step, since each step's event has to arrive; gives the stories that did not come to their end."""
    place = expect(people["auditor"].get(f"/grid/v1/places/{CITY}")).json()["id"]
    until, quiet = time.monotonic() + _PATIENCE, 0
    seen: set[str] = set()
    waiting = dict(stories)
    while waiting and time.monotonic() < until and quiet < 10:
        found = dict(_cases_of(people, place, waiting))
        seen |= found.keys()
        for appeal_id, case in found.items():
            if _has_come(case, waiting[appeal_id]):
                del waiting[appeal_id]
            else:
                _step(people, case, waiting[appeal_id])
        for appeal_id in [each for each in waiting if each in seen and each not in found]:
            del waiting[appeal_id]  # closed: it is on no list of what is open
        quiet = 0 if found else quiet + 1
        time.sleep(0.5)
    return [story.key for appeal_id, story in waiting.items() if appeal_id in seen]


def _cases_of(people: People, place: str, stories: dict[str, Story]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The open cases of these appeals, each with its holder."""
    auditor = people["auditor"]
    for line in items_of(auditor, "/routing/v1/cases", place=place, limit="200"):
        case = auditor.get(f"/routing/v1/cases/{line['case_id']}")
        if case.is_success:
            yield from ((a["appeal_id"], case.json()) for a in case.json()["appeals"] if a["appeal_id"] in stories)


def _has_come(case: dict[str, Any], story: Story) -> bool:
    return _ORDER.index(case["state"]) >= _ORDER.index(story.until)


def _step(people: People, case: dict[str, Any], story: Story) -> None:
    """The next step, by who holds the case now; one that came in between is met again on the next round."""
    holder = case["holder"] and case["holder"]["subject"]
    if not holder:
        return
    by, (path, body) = (CALLER, _SOLVED) if case["calls_owed"] else (holder, _next_step(case, story))
    people[by].post(
        f"/routing/v1/cases/{case['case_id']}/{path}", json=body, headers={"If-Match": f'"{case["version"]}"'}
    )


def _next_step(case: dict[str, Any], story: Story) -> tuple[str, Any]:
    if case["state"] == "received":
        return "acceptances", {"category": story.accept_as or story.category, "place_id": case["place_id"]}
    if case["state"] == "assigned":
        return "starts", None
    if case["state"] == "in_progress":
        basis = {"basis": story.basis} if story.outcome == "explained" else {}
        return "answers", {"outcome": story.outcome, "answer": story.answer, **basis}
    if story.handover and not case["handover"]:
        return "handovers", {"means": story.handover}
    return "closings", None
