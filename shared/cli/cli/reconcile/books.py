"""What the auditor reads: each service's own tables, as its auditor role, in chunks, in sets."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db import LONGEST_OF_A_COMMAND, Database
from sqlalchemy import Row, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Date, DateTime, Integer, Text, Uuid

SERVICES = ("intake", "routing", "grid", "notify")

#: Rows of one round: bounds memory whatever the city's size.
CHUNK = 2000

FIRST = UUID(int=0)


class Books:
    """The four databases, read only."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._databases = {
            name: Database(urls[name], role=f"{name}_auditor", pool_size=2, longest=LONGEST_OF_A_COMMAND)
            for name in SERVICES
        }

    async def read(self, service: str, query: TextClause, **parameters: Any) -> list[Row[Any]]:
        return await self._databases[service].run_everywhere(lambda uow: list(uow.execute(query, parameters)))

    async def read_by(
        self, service: str, query: TextClause, column: str, ids: Collection[UUID]
    ) -> dict[UUID, list[Any]]:
        """The rows of these ids, by that column."""
        found: dict[UUID, list[Any]] = defaultdict(list)
        if ids:
            for row in await self.read(service, query, ids=list(ids)):
                found[getattr(row, column)].append(row)
        return found

    async def close(self) -> None:
        for database in self._databases.values():
            await database.close()


def _by_ids(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def _paged(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("after", type_=Uuid), bindparam("most", type_=Integer))


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


APPEALS = _paged("select id, number, person_id, received_at from appeal where id > :after order by id limit :most")
APPEALS_BY_ID = _by_ids("select id, number, person_id, received_at from appeal where id = any(:ids)")
PROGRESS_BY_APPEAL = _by_ids("select appeal_id, case_id from progress where appeal_id = any(:ids)")
PARTIES_BY_APPEAL = _by_ids("select appeal_id, case_id, person_id from case_appeal where appeal_id = any(:ids)")

CASES = _paged(
    "select case_id, number, version, head, silent, closed_reason from cases where case_id > :after order by case_id"
    " limit :most"
)
CASES_BY_ID = _by_ids("select case_id from cases where case_id = any(:ids)")
PARTIES_BY_CASE = _by_ids("select case_id, appeal_id, person_id from case_appeal where case_id = any(:ids)")
#: A UUIDv7 begins with its time: no entry of a case is older than the case, so that older partitions stay shut.
ENTRIES_BY_CASE = text(
    'select case_id, seq, at, step, "by", post_id, facts, words, salt, commitment, hash from case_entry'
    " where case_id = any(:ids) and at >= :since order by case_id, seq"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("since", type_=DateTime(timezone=True)))
DEADLINES_BY_CASE = _by_ids("select case_id, kind, state from deadline where case_id = any(:ids)")

MESSAGES_BY_CASE = _by_ids(
    "select case_id, case_version, recipient, template, audience, message_id, state, provider, created_at from message"
    " where case_id = any(:ids)"
)
HOUSEHOLDS_BY_CASE = _by_ids(
    "select case_id, telling, household_id, way, message_id from telling_household where case_id = any(:ids)"
)
HOUSEHOLDS_AT = _by_ids(
    "select named.id as named_id, household.id as household_id from place named join household"
    " on household.placed_path >= named.path and household.placed_path < left(named.path, -1) || '0'"
    " where named.id = any(:ids)"
)
ITEMS_BY_MESSAGE = _by_ids("select message_id from inbox_item where message_id = any(:ids)")
SANDBOX_BY_MESSAGE = _by_ids("select message_id, idempotency_key from sandbox_message where message_id = any(:ids)")
TOLD_CASES = _paged("select distinct case_id from message where case_id > :after order by case_id limit :most")
STRAY_DELIVERIES = text(
    "select s.sandbox_id from sandbox_message s where s.received_at < :before"
    " and not exists (select from message m where m.message_id = s.message_id) order by 1 limit 1000"
).bindparams(bindparam("before", type_=DateTime(timezone=True)))
OPEN_TELLINGS = text("select count(*) as n from telling where finished_at is null")
UNSENT_MESSAGES = text("select count(*) as n from message where state in ('queued', 'sending')")

DEAD_LETTERS = text(
    "select id, type, reason from dead_letter where state in ('open', 'requested') order by died_at limit 1000"
)
PARKED = text(
    "select topic, key, min(parked_at) as since,"
    " min(waits_for_topic) as topic_awaited, min(waits_for_key) as key_awaited"
    " from parked group by 1, 2 order by 3 limit 1000"
)
PENDING = text("select count(*) as n, min(recorded_at) as oldest from event_pending")
LOGGED = text(
    "select event_id from event_log where topic = :topic and recorded_at >= :since and recorded_at < :until"
    " and type <> all(:passes)"
).bindparams(
    bindparam("passes", type_=ARRAY(Text)),
    bindparam("since", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
)
TAKEN = _by_ids("select event_id from inbox where event_id = any(:ids)")

#: Figures that one entry of a history counts by itself, and which. All the others `baiyang figures compare` counts.
_COUNTED_BY = {
    "received": "step = 'opened'",
    "repeats": "step = 'joined' and facts ->> 'how' = 'repeat'",
    "accepted": "step = 'assigned' and facts ->> 'first' = 'true'",
    "answered": "step = 'answered' and coalesce(facts ->> 'corrects', '') <> 'true'",
    "redone": "step in ('redone', 'verified') and facts ->> 'passed' is distinct from 'true'",
    "returns": "step = 'asked' and facts ->> 'ask' = 'return'",
    "suspensions": "step = 'suspended'",
    "extensions": "step = 'extended'",
    "closed": "step = 'closed' and facts ->> 'reason' = 'done'",
    **{
        reason: f"step = 'closed' and facts ->> 'reason' = '{reason}'" for reason in ("withdrawn", "declined", "merged")
    },
}
#: In one look: what the city's sums of each day are, added up or not, beside what was written in histories on it.
FIGURES = text(f"""
select figure, day, sum(kept)::int as kept, sum(counted)::int as counted from (
    select figure, first as day, amount as kept, 0 as counted from figure_kept
    cross join lateral (values {", ".join(f"('{name}', {name})" for name in _COUNTED_BY)}) as v (figure, amount)
    where dimension = 'all' and grain = 'day' and first >= :since
    union all
    select figure, day, amount, 0 from figure_increment where day >= :since and figure = any(:figures)
    union all
    select figure, cast(at at time zone coalesce(tally -> 'told' ->> 'zone', zone) as date), 0, 1
    from case_entry join cases using (case_id)
    cross join (select zone from rule_set where path = '/' order by version desc limit 1) as city
    cross join lateral (values {", ".join(f"('{name}', {which})" for name, which in _COUNTED_BY.items())})
        as v (figure, is_counted)
    where at >= :since - interval '1 day' and is_counted and tally is not null and not tally ? 'historic'
) as both_sides
where day >= :since group by figure, day having sum(kept) <> sum(counted) order by day, figure
""").bindparams(bindparam("since", type_=Date), figures=list(_COUNTED_BY))

#: Sums that lie where their place lay before it was moved: one of each month and place is looked at.
FIGURES_ASTRAY = text("""
select code, count(*) as sums from (
    select place_id, path from figure_kept where dimension = 'all' and grain = 'month'
    union all
    select place_id, path from figure_above where dimension = 'all' and grain = 'month'
) as summed join place_copy using (place_id) where summed.path <> place_copy.path group by code order by code
""")
#: Months of which the sums of the whole city, also by post, are not those of its places.
FIGURES_ABOVE = text("""
select first as month, dimension, sum(kept)::int as kept, sum(above)::int as above from (
    select first, dimension, received + answered + missed as kept, 0 as above
    from figure_kept where dimension in ('all', 'post') and grain = 'month' and path <> '/'
    union all
    select first, dimension, 0, received + answered + missed
    from figure_above where dimension in ('all', 'post') and grain = 'month' and path = '/'
) as both_sides group by first, dimension having sum(kept) <> sum(above) order by first, dimension
""")


@dataclass(frozen=True)
class Edge:
    """Who takes what from whom; ``passes``: types that the consumer lets pass.

    Snapshots are applied by version and leave no row to count.
    """

    producer: str
    topic: str
    consumer: str
    passes: tuple[str, ...] = ()


#: What a resident is shown nothing of.
_OF_LIMITS = (
    "routing.case.deadline_approaching.v1",
    "routing.case.deadline_breached.v1",
    "routing.case.supervision_climbed.v1",
    "routing.case.contact_deadline_approaching.v1",
    "routing.case.contact_deadline_breached.v1",
    "routing.case.contact_deadline_moved.v1",
)
EDGES = (
    Edge("intake", "intake.appeal.v1", "routing"),
    Edge("routing", "routing.case.v1", "notify"),
    Edge("routing", "routing.case.v1", "intake", passes=_OF_LIMITS),
    Edge("notify", "notify.message.v1", "routing"),
)


def started_before(case_ids: Sequence[UUID]) -> datetime:
    """The time in the smallest id, less what a clock may be off."""
    earliest = min(case_ids, default=FIRST).int >> 80
    return datetime.fromtimestamp(earliest / 1000, UTC) - timedelta(hours=1)
