"""What the benchmarks load is what the real path leaves: held against cases that went through the APIs."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from cli.demo.cases import People, _carry
from cli.demo.stories import Story
from cli.reconcile import chain
from cli.reconcile.findings import REMEDIES
from cli.settings import Settings
from psycopg.rows import dict_row, namedtuple_row

from tests.bench import leftovers
from tests.bench.state import add_open, load, sample
from tests.system.city import City, wait_until

CASES = 1_500

#: By table: the service, and the query for the rows of these cases or appeals, each with what it is to be compared by.
TABLES: dict[str, tuple[str, LiteralString]] = {
    "cases": (
        "routing",
        "select concat_ws(' ', state, queue, closed_reason) as sort, * from cases where case_id = any(%(cases)s)",
    ),
    "case_appeal": ("routing", "select '' as sort, * from case_appeal where case_id = any(%(cases)s)"),
    "case_entry": ("routing", "select step as sort, * from case_entry where case_id = any(%(cases)s)"),
    "deadline": ("routing", "select state as sort, * from deadline where case_id = any(%(cases)s)"),
    "call_back": ("routing", "select way as sort, * from call_back where case_id = any(%(cases)s)"),
    "case_grant": ("routing", "select '' as sort, * from case_grant where case_id = any(%(cases)s)"),
    "appeal": ("intake", "select '' as sort, * from appeal where id = any(%(appeals)s)"),
    "appeal_entry": ("intake", "select kind as sort, * from appeal_entry where appeal_id = any(%(appeals)s)"),
    "appeal_grant": ("intake", "select '' as sort, * from appeal_grant where appeal_id = any(%(appeals)s)"),
    "progress": ("intake", "select state as sort, * from progress where appeal_id = any(%(appeals)s)"),
    "person": (
        "intake",
        "select means as sort, * from person where id in (select person_id from appeal where id = any(%(appeals)s))",
    ),
    "event_snapshot": (
        "intake",
        """select topic as sort, * from event_snapshot
        where key in (select person_id::text from appeal where id = any(%(appeals)s))""",
    ),
    "contact": ("notify", "select topic as sort, * from contact where contact_id = any(%(persons)s)"),
    "message": ("notify", "select template || ' ' || state as sort, * from message where case_id = any(%(cases)s)"),
    "inbox_item": ("notify", "select template as sort, * from inbox_item where case_id = any(%(cases)s)"),
    "sandbox_message": (
        "notify",
        """select '' as sort, * from sandbox_message
        where message_id in (select message_id from message where case_id = any(%(cases)s))""",
    ),
}

#: What only the demonstration's importer gives, and what only somebody who reads leaves.
APART = {("appeal", "source"), ("appeal", "external_id"), ("inbox_item", "read_at")}

Kind = tuple[str, str]
Journey = tuple[str, ...]


@dataclass
class Filling:
    """Of the rows of one kind: the columns that are filled in all of them, and in any."""

    always: set[str]
    ever: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Shape:
    """How a set of cases looks in all tables: what is filled, and which notices come of which history."""

    filled: Mapping[Kind, Filling]
    told: Mapping[tuple[Journey, bool], set[tuple[str, ...]]]


def shape_of(city: City, cases: Collection[UUID]) -> Shape:
    with city.connect("routing", "postgres") as routing:
        parties = routing.execute(
            "select appeal_id, person_id from case_appeal where case_id = any(%s)", [list(cases)]
        ).fetchall()
    asked = {
        "cases": list(cases),
        "appeals": [appeal for appeal, _ in parties],
        "persons": [person for _, person in parties if person],
    }
    rows = {table: _rows(city, service, query, asked) for table, (service, query) in TABLES.items()}
    return Shape(_filled(rows), _told(rows))


def _rows(city: City, service: str, query: LiteralString, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    with city.connect(service, "postgres") as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, asked).fetchall()


def _filled(rows: Mapping[str, list[dict[str, Any]]]) -> dict[Kind, Filling]:
    found: dict[Kind, Filling] = {}
    for table, those in rows.items():
        for row in those:
            columns = {name for name, value in row.items() if value is not None and (table, name) not in APART}
            columns |= {f"facts.{name}" for name in row.get("facts", ())}
            filling = found.setdefault((table, row["sort"]), Filling(set(columns)))
            filling.always &= columns
            filling.ever |= columns
    return found


def _told(rows: Mapping[str, list[dict[str, Any]]]) -> dict[tuple[Journey, bool], set[tuple[str, ...]]]:
    """By the steps of a case and whether somebody is known: which notices there are, of which step, to whom."""
    known = {row["case_id"]: row["person_id"] is not None for row in rows["case_appeal"]}
    notices: dict[UUID, list[str]] = defaultdict(list)
    for row in rows["message"]:
        notices[row["case_id"]].append(f"{row['case_version']} {row['template']} to {row['audience']}")
    steps: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for row in rows["case_entry"]:
        waited = " and waited" if row["facts"].get("queue") else ""
        steps[row["case_id"]].append((row["seq"], row["step"] + waited))
    told: dict[tuple[Journey, bool], set[tuple[str, ...]]] = defaultdict(set)
    for case_id, taken in steps.items():
        journey = tuple(step for _, step in sorted(taken))
        told[journey, known[case_id]].add(tuple(sorted(notices[case_id])))
    return told


def differences(real: Shape, loaded: Shape) -> list[str]:
    """Of what both have, in words."""
    found = []
    for kind in sorted(real.filled.keys() & loaded.filled.keys()):
        ours, theirs = loaded.filled[kind], real.filled[kind]
        found += [f"{kind}: {name} is filled only for real" for name in sorted(theirs.always - ours.ever)]
        found += [f"{kind}: {name} is filled only by the loader" for name in sorted(ours.always - theirs.ever)]
    for journey in sorted(real.told.keys() & loaded.told.keys()):
        if odd := loaded.told[journey] ^ real.told[journey]:
            found.append(f"{journey}: {sorted(odd)}")
    return found


def cases_of(city: City) -> set[UUID]:
    with city.connect("routing", "postgres") as routing:
        return {row[0] for row in routing.execute("select case_id from cases")}


@pytest.fixture(scope="module")
def people(city: City) -> Iterator[People]:
    people = People(Settings(city.home, city.settings()))
    yield people
    people.close()


@dataclass(frozen=True)
class Both:
    """Cases that went through the APIs: the demonstration's and some more; and cases that were loaded."""

    real: set[UUID]
    loaded: set[UUID]


#: What comes of the few answers that no message can bring: a call by a person. The load has each answer's asking, but
#: lets nobody be called.
NOT_LOADED = {
    ("call_back", "person"),
    ("case_entry", "call_back_owed"),
    ("case_entry", "called_back"),
    ("inbox_item", "call_back_owed"),
    ("message", "call_back_owed sent"),
}


@pytest.fixture(scope="module")
def both(city: City, people: People) -> Both:
    go_through(city, people)
    real = cases_of(city)
    load(city, CASES, seed=7, say=lambda _: None)
    return Both(real, cases_of(city) - real)


def go_through(city: City, people: People) -> None:
    """What the demonstration has none of: who is not known, who wants no word, who files from home."""
    anonymous, wants_none = (
        {"kind": "anonymous"},
        {"kind": "outsider", "name": "演示居民", "means": "none", "address": "demo-none"},
    )
    filed = [
        ("resident", {"channel": "web", "who": anonymous, "address": "3号楼2单元502室"}),
        ("lin.yue", {"channel": "window", "who": anonymous}),
        ("lin.yue", {"channel": "hotline", "who": wants_none, "address": "3号楼2单元502室"}),
    ]
    appeals = [_file(people, by, given) for by, given in filed]
    wait_until(lambda: len(_known(city, appeals)) == len(appeals), seconds=60, what="the appeals' cases")
    until = Story("", "", "", "", "closed")
    assert not _carry(people, dict.fromkeys(appeals, until))


def _file(people: People, by: str, given: Mapping[str, Any]) -> str:
    body = {**given, "place": "HZ-BY-2-03", "category": "municipal.street_lights", "words": "楼道的灯坏了半个月。"}
    answer = people[by].post("/intake/v1/appeals", json=body, headers={"Idempotency-Key": str(uuid4())})
    return str(answer.raise_for_status().json()["appeal_id"])


def _known(city: City, appeals: list[str]) -> list[tuple[UUID]]:
    with city.connect("routing", "postgres") as routing:
        found = routing.execute("select appeal_id from case_appeal where appeal_id = any(%s::uuid[])", [appeals])
        return found.fetchall()


def test_rows_and_notices_are_those_of_the_real_path(city: City, both: Both) -> None:
    real, loaded = shape_of(city, both.real), shape_of(city, both.loaded)
    compared = {journey for journey, _ in real.told.keys() & loaded.told.keys()}
    assert {steps[-1] for steps in compared} >= {"assigned", "started", "answered", "closed"}
    assert len(compared) >= 6
    assert real.filled.keys() - loaded.filled.keys() <= NOT_LOADED
    assert differences(real, loaded) == []


def test_what_is_loaded_opens_with_the_city_s_keys(city: City, both: Both, people: People) -> None:
    for each in sample(city, 20, seed=1):
        code = quote(each.query_code)
        page = people["auditor"].get(f"/intake/v1/progress/{code}").raise_for_status().json()
        case = people[each.holder or "auditor"].get(f"/routing/v1/cases/{each.case_id}").raise_for_status().json()
        assert (case["number"], case["state"]) == (each.number, each.state)
        assert page["standing"] in (each.state, "withdrawn")
        words = people["auditor"].get(f"/intake/v1/appeals/{each.appeal_id}").raise_for_status().json()["words"]
        assert words


def test_every_history_is_whole(city: City, both: Both) -> None:
    those = [list(both.loaded)]
    history: LiteralString = "select * from case_entry where case_id = any(%s) order by seq"
    with city.connect("routing", "postgres") as routing, routing.cursor(row_factory=namedtuple_row) as cursor:
        cases: list[Any] = cursor.execute("select * from cases where case_id = any(%s)", those).fetchall()
        rows: list[Any] = cursor.execute(history, those).fetchall()
    entries: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        entries[row.case_id].append(row)
    faults = [chain.fault_of(entries[case.case_id], head=case.head, length=case.version) for case in cases]
    assert (len(faults), set(faults)) == (CASES, {None})


def test_the_auditor_finds_nothing_amiss(city: City, both: Both) -> None:
    told = city.baiyang("reconcile", "--wait", "60", check=False).stdout
    found = [line for line in told.splitlines() if line.split("  ")[0] in REMEDIES]
    assert found == [], told


def test_figures_are_what_the_histories_come_to(city: City, both: Both) -> None:
    said = city.baiyang("figures", "compare", check=False).stdout.splitlines()
    assert said == [f"{len(cases_of(city))} cases, 0 of them begun before figures were kept: `rebuild` counts those."]


@pytest.fixture
def burst(city: City) -> Iterator[datetime]:
    due_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    before = cases_of(city)
    add_open(city, 50, due_at=due_at)
    yield due_at
    forget(city, cases_of(city) - before)


def test_what_measures_left_open_is_closed_and_nothing_else(city: City, both: Both) -> None:
    before, now = cases_of(city), datetime.now(UTC)
    since = now - timedelta(microseconds=1)
    opened: LiteralString = "select count(*) from cases where state <> 'closed' and opened_at > %s"
    earlier: LiteralString = "select count(*) from cases where state <> 'closed' and opened_at <= %s"
    due: LiteralString = (
        "select count(*) from deadline d join cases c using (case_id) where d.state = 'open' and c.opened_at > %s"
    )
    stood = count(city, "routing", earlier, since)
    add_open(city, 50, due_at=now + timedelta(days=1))
    assert count(city, "routing", opened, since) == 50
    assert (leftovers.close(city, since=since), leftovers.close(city, since=since)) == (50, 0)
    left = [count(city, "routing", query, since) for query in (opened, due, earlier)]
    forget(city, cases_of(city) - before)
    assert left == [0, 0, stood]


def forget(city: City, cases: set[UUID]) -> None:
    """Intake knows nothing of them: an audit would name each, and what they counted."""
    for service, tables in {
        "routing": ("supervision", "case_entry", "deadline", "case_appeal", "cases"),
        "notify": ("inbox_item", "message"),
    }.items():
        with city.connect(service, "postgres") as connection:
            for table in tables:
                connection.execute(f"delete from {table} where case_id = any(%s)", [list(cases)])
    city.baiyang("figures", "rebuild")


def test_a_burst_falls_due_at_its_instant_and_is_told(city: City, burst: datetime) -> None:
    assert count(city, "routing", "select count(*) from deadline where due_at = %s", burst) == 50
    told: LiteralString = "select count(*) from message where template = 'deadline_missed' and created_at >= %s"
    wait_until(lambda: count(city, "notify", told, burst) == 50, seconds=90, what="what the breaches owe")
    breached: LiteralString = "select count(*) from deadline where state = 'breached' and due_at = %s"
    assert count(city, "routing", breached, burst) == 50


def count(city: City, service: str, query: LiteralString, moment: datetime) -> int:
    with city.connect(service, "postgres") as connection:
        row = connection.execute(query, [moment]).fetchone()
    assert row is not None
    return int(row[0])
