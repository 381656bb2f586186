"""What the services say at the end: by their APIs, in their auditors' eyes, and on the wire. Nothing is judged here."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts.topics import TOPICS
from psycopg.rows import dict_row

from tests.chaos import flow
from tests.chaos.fault import ChaosCity
from tests.chaos.people import AUDITOR, People
from tests.chaos.record import History
from tests.system.city import SERVICES

Row = Mapping[str, Any]

#: The topics whose order is looked at on the wire: each event of a case in one order.
ORDERED = ("routing.case.v1", "city.case.v1", "intake.appeal.v1")

_AT_ONCE = 8


@dataclass
class World:
    """Rows as they were read; ids are text throughout. Each field is keyed as its name says, or a plain list."""

    appeals: dict[str, Row] = field(default_factory=dict)
    """By id, as intake's auditor reads them; with ``words``, ``entries`` and ``taken_by`` as the API tells them."""
    progress: dict[str, Row] = field(default_factory=dict)
    """intake's copy of the case, by appeal."""
    standings: dict[str, str] = field(default_factory=dict)
    """How an appeal stands for who holds its query code, by appeal."""
    cases: dict[str, Row] = field(default_factory=dict)
    parties: list[Row] = field(default_factory=list)
    letters: dict[str, Row] = field(default_factory=dict)
    """By number."""
    papers: dict[str, int] = field(default_factory=dict)
    """How many of a case's originals are in custody, by case."""
    dismissals: list[Row] = field(default_factory=list)
    entries: dict[str, list[Row]] = field(default_factory=dict)
    """By case, oldest first."""
    deadlines: dict[str, list[Row]] = field(default_factory=dict)
    """Promises to residents."""
    limits: dict[str, list[Row]] = field(default_factory=dict)
    """Deadlines beside the promise."""
    duties: list[Row] = field(default_factory=list)
    """Whose it is to see to what is late."""
    figures: list[Row] = field(default_factory=list)
    figures_above: list[Row] = field(default_factory=list)
    """Those alone that are not what they should be."""
    """Sums that are kept, with what steps have counted and nobody has added up: each figure of each cell."""
    rules: list[Row] = field(default_factory=list)
    rule_sets: list[Row] = field(default_factory=list)
    """That are or were in force, of the city and of places."""
    categories: dict[tuple[str, int], Row] = field(default_factory=dict)
    calendars: dict[int, dict[str, Row]] = field(default_factory=dict)
    """Days that differ from their weekday, by version and date."""
    places: list[Row] = field(default_factory=list)
    homes: list[Row] = field(default_factory=list)
    """Households as grid has them, with their codes and where they live."""
    tellings: dict[tuple[str, int], list[Row]] = field(default_factory=dict)
    """By case and number of the telling: each household that it is for, and how that was told."""
    messages: list[Row] = field(default_factory=list)
    inbox_items: list[str] = field(default_factory=list)
    """The message of each item."""
    deliveries: list[str] = field(default_factory=list)
    """The message of each line of the provider's own log."""
    log: dict[str, list[Row]] = field(default_factory=dict)
    """By topic, in the order of the log: event_id, type, key, version, body."""
    wire: dict[str, list[Row]] = field(default_factory=dict)
    """By topic, each partition in its order: event_id, type, key, version, body."""
    untaken: dict[str, list[str]] = field(default_factory=dict)
    """Events that somebody should have taken and has not, by edge."""
    pending: dict[str, int] = field(default_factory=dict)
    parked: list[Row] = field(default_factory=list)
    dead_letters: list[Row] = field(default_factory=list)
    snapshots: dict[str, dict[str, int]] = field(default_factory=dict)
    """The last version of each subject, by compacted topic, as its owner has it."""
    copies: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """The same as a consumer has it, by (consumer, topic)."""


def look(city: ChaosCity, people: People, history: History) -> World:
    world = World()
    _look_at_intake(city, world)
    _look_at_routing(city, world)
    _look_at_notify(city, world)
    world.places = _rows(city, "grid", "select id, code, path from place")
    world.homes = _rows(city, "grid", "select id, code, placed_path from household")
    _look_at_events(city, world)
    _ask(city, people, history, world)
    world.wire = asyncio.run(_listen(city))
    return world


#: Steps that come only with days that pass.
OF_DAYS = ("deadline_approaching", "deadline_breached", "supervision_climbed", "deadline_moved")


def counted(world: World) -> dict[str, int]:
    """How much was looked at: a check of nothing proves nothing."""
    promises = [promise for listed in world.deadlines.values() for promise in listed]
    steps = Counter(entry["step"] for entries in world.entries.values() for entry in entries)
    return {
        "appeals": len(world.appeals),
        "cases": len(world.cases),
        "entries": sum(map(len, world.entries.values())),
        "promises": len(promises),
        "promises by rules of places": sum(bool(promise["rule_layers"]) for promise in promises),
        **{step.replace("_", " "): steps[step] for step in OF_DAYS},
        "duties": len(world.duties),
        "notices": len(world.messages),
        "deliveries": len(world.deliveries),
        "events": sum(map(len, world.log.values())),
        "records on the wire": sum(map(len, world.wire.values())),
        "dead letters": len(world.dead_letters),
    }


def _rows(city: ChaosCity, service: str, query: LiteralString, values: Sequence[Any] = ()) -> list[Row]:
    with flow.auditor(city, service) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return [_plain(row) for row in cursor.execute(query, values)]


def _plain(row: Mapping[str, Any]) -> Row:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}


def _grouped(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[by]].append(row)
    return dict(found)


def _look_at_intake(city: ChaosCity, world: World) -> None:
    appeals = _rows(
        city,
        "intake",
        "select id, number, source, external_id, received_at, person_id, version, withdrawn_at from appeal",
    )
    world.appeals = {row["id"]: row for row in appeals}
    progress = _rows(city, "intake", "select appeal_id, case_id, version, state from progress")
    world.progress = {row["appeal_id"]: row for row in progress}


def _look_at_routing(city: ChaosCity, world: World) -> None:
    world.cases = {row["case_id"]: row for row in _rows(city, "routing", "select * from cases")}
    world.parties = _rows(city, "routing", "select appeal_id, case_id, person_id, withdrawn_at from case_appeal")
    letters = _rows(city, "routing", "select number, case_id, seq, replied_at from letter")
    world.letters = {row["number"]: row for row in letters}
    held = "select case_id, count(*) as held from paper where returned_at is null group by case_id"
    world.papers = {row["case_id"]: row["held"] for row in _rows(city, "routing", held)}
    world.dismissals = _rows(city, "routing", "select case_id, other_id, dismissed_by from dismissal")
    steps = 'select case_id, seq, at, step, "by", post_id, facts, words from case_entry order by case_id, seq'
    world.entries = _grouped(_rows(city, "routing", steps), "case_id")
    deadlines = _rows(city, "routing", "select * from deadline order by deadline_id")
    world.deadlines = _grouped([row for row in deadlines if row["kind"] == "promise"], "case_id")
    world.limits = _grouped([row for row in deadlines if row["kind"] != "promise"], "case_id")
    world.duties = _rows(city, "routing", "select * from supervision order by supervision_id")
    world.figures = _rows(city, "routing", FIGURES)
    world.figures_above = _rows(city, "routing", FIGURES_ABOVE)
    world.rules = _rows(city, "routing", "select * from rule")
    in_force = "select version, path, effective_from from rule_set where effective_from is not null"
    world.rule_sets = _rows(city, "routing", in_force)
    categories = _rows(city, "routing", "select code, version, kind, remit, line from category")
    world.categories = {(row["code"], row["version"]): row for row in categories}
    for row in _rows(city, "routing", "select version, date::text as date, working, stands_for from calendar_day"):
        world.calendars.setdefault(row["version"], {})[row["date"]] = row


FIGURES: LiteralString = """
select figure, place_id, dimension, value, grain, first::text as first, sum(amount)::int as amount from (
    select sums.key as figure, k.place_id, k.dimension, k.value, k.grain, k.first, sums.value::int as amount
    from figure_kept k cross join lateral (
        select key, value from jsonb_each_text(
            to_jsonb(k) - '{place_id,dimension,value,grain,first,path}'::text[]
        )
    ) as sums
    union all
    select figure, place_id, dimension, value, grain, first, amount from figure_increment
    cross join lateral (
        values ('all', ''), ('category', category), ('channel', channel), ('office', office), ('post', post)
    ) as v (dimension, value)
    cross join lateral (values ('day', day), ('month', date_trunc('month', day)::date)) as g (grain, first)
    where value is not null
) as cells
group by figure, place_id, dimension, value, grain, first having sum(amount) <> 0
"""

#: Sums of all that is below a place that are not what the places there have, by their paths.
FIGURES_ABOVE: LiteralString = """
with kept as (
    select k.path, k.dimension, k.value, k.grain, k.first, sums.key as figure, sums.value::int as amount
    from figure_kept k cross join lateral (
        select key, value from jsonb_each_text(to_jsonb(k) - '{place_id,dimension,value,grain,first,path}'::text[])
    ) as sums where sums.value <> '0'
), above as (
    select a.path, a.dimension, a.value, a.grain, a.first, sums.key as figure, sums.value::int as amount
    from figure_above a cross join lateral (
        select key, value from jsonb_each_text(to_jsonb(a) - '{place_id,dimension,value,grain,first,path}'::text[])
    ) as sums where sums.value <> '0'
)
select path, figure, dimension, value, grain, first::text as first, sum(kept)::int as kept, sum(counted)::int as counted
from (
    select path, figure, dimension, value, grain, first, amount as kept, 0 as counted from above
    union all
    select places.path, figure, dimension, value, grain, first, 0, amount
    from (select '/' as path union select path from figure_above) as places
    join kept on starts_with(kept.path, places.path) and kept.path <> places.path
) as both_sides
group by path, figure, dimension, value, grain, first having sum(kept) <> sum(counted)
"""


def _look_at_notify(city: ChaosCity, world: World) -> None:
    world.messages = _rows(
        city,
        "notify",
        "select message_id, case_id, case_version, recipient, template, audience, means, state, appeal_id from message",
    )
    for row in _rows(city, "notify", "select case_id, telling, household_id, way, message_id from telling_household"):
        world.tellings.setdefault((row["case_id"], row["telling"]), []).append(row)
    items = _rows(city, "notify", "select message_id from inbox_item")
    world.inbox_items = [row["message_id"] for row in items]
    world.deliveries = [row["message_id"] for row in _rows(city, "notify", "select message_id from sandbox_message")]


def _look_at_events(city: ChaosCity, world: World) -> None:
    for service in SERVICES:
        logged = _rows(city, service, "select topic, event_id, type, key, version, body from event_log order by id")
        for row in logged:
            world.log.setdefault(row["topic"], []).append({**row, "body": row["body"] and json.loads(row["body"])})
        (pending,) = _rows(city, service, "select count(*) as n from event_pending")
        world.pending[service] = pending["n"]
        world.parked += _rows(city, service, "select consumer, topic, key, event_id, waits_for_topic from parked")
        letters = "select id, consumer, topic, key, event_id, type, reason from dead_letter where state = 'open'"
        world.dead_letters += _rows(city, service, letters)
        for row in _rows(city, service, "select topic, key, version from event_snapshot"):
            world.snapshots.setdefault(row["topic"], {})[row["key"]] = row["version"]
    for edge in flow.EDGES:
        world.untaken[f"{edge.topic} by {edge.consumer}"] = sorted(map(str, flow.untaken(city, edge)))
    for service, topic in flow.COPIES:
        world.copies[service, topic] = flow.copied(city, service, topic)


def _ask(city: ChaosCity, people: People, history: History, world: World) -> None:
    """Each appeal with its words, and each query code that was told, by the public API."""
    readers = _readers(city, people)
    acks = [op.ack for op in history.of_kind("file") if op.is_acknowledged]
    codes = {ack["appeal_id"]: ack["query_code"] for ack in acks if ack["query_code"]}
    with httpx.Client(base_url=city.address, timeout=30) as http, ThreadPoolExecutor(_AT_ONCE) as pool:

        def appeal(appeal_id: str) -> Row:
            headers = {"Authorization": f"Bearer {readers.get(appeal_id, people.tokens[AUDITOR])}"}
            return http.get(f"/intake/v1/appeals/{appeal_id}", headers=headers).raise_for_status().json()  # type: ignore[no-any-return]

        def standing(code: str) -> str:
            return str(http.get(f"/intake/v1/progress/{code}").raise_for_status().json()["standing"])

        for appeal_id, told in zip(world.appeals, pool.map(appeal, world.appeals), strict=True):
            known = dict(world.appeals[appeal_id])
            world.appeals[appeal_id] = known | {name: told[name] for name in ("words", "entries", "taken_by")}
        world.standings = dict(zip(codes, pool.map(standing, codes.values()), strict=True))


def _readers(city: ChaosCity, people: People) -> dict[str, str]:
    """Of what is sealed, even to auditors: the token of somebody to whom it is open, by appeal."""
    with city.connect("intake", "postgres") as intake:
        sealed = intake.execute("select id::text, seen_by from appeal where sealed").fetchall()
    return {appeal_id: people.token_among(seen_by) for appeal_id, seen_by in sealed}


async def _listen(city: ChaosCity) -> dict[str, list[Row]]:
    """Everything that stands on the ordered topics, as a consumer that reads what was committed."""
    settings = city.settings()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings["KAFKA_BOOTSTRAP_SERVERS"],
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=settings["KAFKA_ADMIN_USERNAME"],
        sasl_plain_password=settings["KAFKA_ADMIN_PASSWORD"],
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        return {topic: await _read(consumer, topic) for topic in ORDERED}
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, topic: str) -> list[Row]:
    partitions = [TopicPartition(topic, number) for number in range(TOPICS[topic].partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    found: dict[int, list[Row]] = defaultdict(list)
    quiet = 0
    while quiet < 3 and any([await consumer.position(p) < ends[p] for p in partitions]):
        got = await consumer.getmany(*partitions, timeout_ms=1000)
        quiet = 0 if got else quiet + 1
        for partition, records in got.items():
            found[partition.partition] += [_wire_row(record) for record in records]
    return [row for number in sorted(found) for row in found[number]]


def _wire_row(record: Any) -> Row:
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    return {
        "partition": record.partition,
        "offset": record.offset,
        "key": (record.key or b"").decode(errors="replace"),
        "event_id": headers.get("ce_id"),
        "type": headers.get("ce_type"),
        "version": headers.get("ce_subjectversion"),
        "body": record.value,
    }
