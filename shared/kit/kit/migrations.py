"""What every service's migrations begin with: roles, the tables of events, and the policy that keeps places apart."""

from alembic import context
from sqlalchemy import Connection, MetaData, create_engine, text

from kit.db import SCOPE_SLOTS
from kit.outbox import SHARDS

ASPECTS = ("api", "consumer", "relay", "clock", "auditor")


def run(metadata: MetaData) -> None:
    """What a service's migrations/env.py does: in one transaction of its owner, without a long wait for a lock."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _run_on(given, metadata)
        return
    with create_engine(context.config.get_main_option("sqlalchemy.url", "")).connect() as connection:
        _run_on(connection, metadata)


def _run_on(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text("set local lock_timeout = '5s'"))
        context.run_migrations()


def role_statements(service: str) -> list[str]:
    """Roles of a service, for whoever sets up the server: none may bypass a policy or own a table but the owner."""
    plain = "nosuperuser nocreatedb nocreaterole nobypassrls"
    return [
        *[f"create role {service}_{name} login {plain}" for name in ("owner", *ASPECTS)],
        # The narrow functions of a service name these in their SET clauses, which only a superuser can allow.
        f"grant set on parameter app.lo1, app.hi1 to {service}_owner",
    ]


def create_event_tables(connection: Connection, service: str) -> None:
    """The log, what is unsent, last states of compacted subjects, relays' leases, the inbox, parked, dead letters."""
    for statement in _EVENT_TABLES.format(service=service, last_shard=SHARDS - 1).split(";\n\n"):
        if statement.strip():
            connection.execute(text(statement.replace(":", "\\:")))
    create_event_maintenance(connection, service)


def gather_shards(connection: Connection) -> None:
    """Where there were eight shards: what is logged and pending belongs to those that are left."""
    for table in ("event_pending", "event_log", "event_snapshot"):
        connection.execute(text(f"update {table} set shard = shard % {SHARDS} where shard >= {SHARDS}"))
    connection.execute(text(f"delete from relay_lease where shard >= {SHARDS}"))


def create_http_tables(connection: Connection, service: str) -> None:
    """The answers kept for Idempotency-Key; and who may read at which migration the schema stands."""
    for statement in _HTTP_TABLES.format(service=service).split(";\n\n"):
        connection.execute(text(statement))


def scope_policy(column: str, *more: str, grant: str | None = None) -> str:
    """The predicate of a policy: the row's path lies in one of the transaction's ranges, or ``grant`` holds.

    Only leakproof comparisons, so that a query's own index is still used. An unset slot reads '' or NULL: both match
    nothing, since no path is < ''.
    """
    ranges = [
        f"({name} >= current_setting('app.lo{i}', true) and {name} < current_setting('app.hi{i}', true))"
        for name in (column, *more)
        for i in range(1, SCOPE_SLOTS + 1)
    ]
    return " or ".join([*ranges, *([grant] if grant else [])])


#: In a policy, of a row with an array ``seen_by`` of posts' ids and sign-in subjects: whether it is open to who asks.
OPEN_TO_ME = (
    "seen_by && array_append(string_to_array(current_setting('app.posts', true), ','),"
    " current_setting('app.subject', true))"
)


def protect(connection: Connection, table: str, predicate: str) -> None:
    """Force row-level security on the table, for reading and writing alike."""
    connection.execute(text(f"alter table {table} enable row level security"))
    connection.execute(text(f"alter table {table} force row level security"))
    connection.execute(text(f"create policy scope on {table} using ({predicate}) with check ({predicate})"))


def grant(connection: Connection, service: str, rights: dict[str, dict[str, str]]) -> None:
    """``rights`` is role → table → privileges, as ``{"api": {"appeal": "select, insert"}}``."""
    for role, tables in rights.items():
        for table, privileges in tables.items():
            connection.execute(text(f"grant {privileges} on {table} to {service}_{role}"))


def create_event_maintenance(connection: Connection, service: str) -> None:
    """The one narrow function by which the relay, which owns nothing, makes and drops partitions."""
    for statement in (_FLOOR, _MAINTENANCE):
        connection.execute(text(statement.replace(":", "\\:")))
    connection.execute(text("revoke all on function maintain_event_partitions(timestamptz) from public"))
    for role in ("relay", "owner"):
        connection.execute(
            text(f"grant execute on function maintain_event_partitions(timestamptz) to {service}_{role}")
        )
    connection.execute(text("select maintain_event_partitions(now())"))


# Days of the log, and days of the inbox by the time in an event's id (UUIDv7). The inbox is kept longer than the log,
# so that whatever the log can send again is known. A partition is made only while the default one holds nothing of its
# range: what came before its partition was made stays where it is.
_FLOOR = """
create function uuid7_floor(moment timestamptz) returns uuid language sql immutable as $$
    select (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000')::uuid
    from lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') as h
$$
"""

_MAINTENANCE = """
create function maintain_event_partitions(moment timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' as $body$
declare
    first_day timestamptz;
    next_day timestamptz;
    suffix text;
    old record;
    doomed boolean;
begin
    perform pg_advisory_xact_lock(hashtextextended('maintain_event_partitions', 0));
    for i in -1..7 loop
        first_day := date_trunc('day', moment) + i * interval '1 day';
        next_day := first_day + interval '1 day';
        suffix := to_char(first_day, 'YYYYMMDD');
        if to_regclass('event_log_' || suffix) is null and not exists (
            select from event_log_default where recorded_at >= first_day and recorded_at < next_day
        ) then
            execute format('create table %I partition of event_log for values from (%L) to (%L)',
                'event_log_' || suffix, first_day, next_day);
        end if;
        if to_regclass('inbox_' || suffix) is null and not exists (
            select from inbox_default where event_id >= uuid7_floor(first_day) and event_id < uuid7_floor(next_day)
        ) then
            execute format('create table %I partition of inbox for values from (%L) to (%L)',
                'inbox_' || suffix, uuid7_floor(first_day), uuid7_floor(next_day));
        end if;
    end loop;
    for old in
        select c.relname, split_part(c.relname, '_', case when c.relname like 'inbox%' then 2 else 3 end) as day
        from pg_inherits h join pg_class c on c.oid = h.inhrelid
        where h.inhparent in ('event_log'::regclass, 'inbox'::regclass) and c.relname ~ '_[0-9]{8}$'
    loop
        if old.relname like 'inbox%' then
            doomed := to_date(old.day, 'YYYYMMDD') < date_trunc('day', moment) - interval '35 days';
        else
            doomed := to_date(old.day, 'YYYYMMDD') < date_trunc('day', moment) - interval '14 days';
            if doomed then
                execute format('select not exists (select from event_pending p join %I l '
                    'on l.recorded_at = p.recorded_at and l.id = p.id)', old.relname) into doomed;
            end if;
        end if;
        if doomed then
            execute format('drop table %I', old.relname);
        end if;
    end loop;
    delete from event_log_default l where recorded_at < date_trunc('day', moment) - interval '14 days'
        and not exists (select from event_pending p where p.recorded_at = l.recorded_at and p.id = l.id);
    delete from inbox_default where event_id < uuid7_floor(date_trunc('day', moment) - interval '35 days');
end
$body$;
"""

_EVENT_TABLES = """
create table event_epoch (epoch int not null);

insert into event_epoch values (0);

create table event_log (
    id bigint generated always as identity,
    recorded_at timestamptz not null,
    event_id uuid not null,
    shard smallint not null check (shard between 0 and {last_shard}),
    topic text not null,
    type text not null,
    key text not null,
    version bigint not null,
    body text,
    headers jsonb not null,
    primary key (recorded_at, id)
) partition by range (recorded_at);

create table event_log_default partition of event_log default;

create table event_pending (
    id bigint primary key,
    shard smallint not null,
    recorded_at timestamptz not null,
    attempts int not null default 0,
    refused text,
    refused_key text,
    next_at timestamptz
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

create index ix_event_pending_shard on event_pending (shard, id);

create index ix_event_pending_refused on event_pending (shard) where refused is not null;

create table event_snapshot (
    topic text not null,
    key text not null,
    event_id uuid not null,
    shard smallint not null,
    type text not null,
    version bigint not null,
    body text,
    headers jsonb not null,
    recorded_at timestamptz not null,
    primary key (topic, key)
);

create table relay_lease (
    shard smallint primary key,
    holder text,
    fence bigint not null default 0,
    until timestamptz not null default '-infinity'
);

insert into relay_lease (shard) select generate_series(0, {last_shard});

create table relay_replica (
    holder text primary key,
    until timestamptz not null
);

create table event_destination (
    topic text primary key,
    topic_id text not null
);

create table inbox (
    event_id uuid not null,
    consumer text not null,
    primary key (event_id, consumer)
) partition by range (event_id);

create table inbox_default partition of inbox default;

create table consumer_topic (
    consumer text not null,
    topic text not null,
    partition int not null,
    topic_id text not null,
    primary key (consumer, topic, partition, topic_id)
);

create table parked (
    id bigint generated always as identity primary key,
    consumer text not null,
    topic text not null,
    partition int not null,
    "offset" bigint not null,
    key text not null,
    event_id uuid not null,
    type text,
    headers jsonb not null,
    body bytea,
    attempts int not null default 0,
    waits_for_topic text not null,
    waits_for_key text not null,
    parked_at timestamptz not null
);

create index ix_parked_key on parked (consumer, topic, key, id);

create unique index ix_parked_event on parked (consumer, event_id);

create index ix_parked_waits_for on parked (waits_for_topic, waits_for_key);

create table dead_letter (
    id uuid primary key,
    consumer text not null,
    topic text not null,
    partition int not null,
    "offset" bigint not null,
    key text,
    event_id uuid,
    type text,
    headers jsonb not null,
    raw_headers bytea,
    raw_key bytea,
    body bytea,
    reason text not null,
    detail text not null,
    attempts int not null,
    blocks boolean not null default false,
    died_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'requested', 'replayed', 'discarded')),
    settled_at timestamptz,
    settled_by text,
    settled_reason text
);

create index ix_dead_letter_open on dead_letter (died_at, id) where state in ('open', 'requested');

create index ix_dead_letter_blocks on dead_letter (consumer, topic, key)
    where blocks and state in ('open', 'requested');

grant select, insert on event_log, event_pending to {service}_api, {service}_consumer, {service}_clock;

grant select, insert, update on event_snapshot to {service}_api, {service}_consumer, {service}_clock;

grant select on event_epoch to {service}_api, {service}_consumer, {service}_clock, {service}_relay;

grant select, insert, update, delete on event_pending to {service}_relay;

grant select, insert on event_log to {service}_relay;

grant select on event_snapshot to {service}_relay;

grant select, update on relay_lease to {service}_relay;

grant select, insert, update, delete on relay_replica to {service}_relay;

grant select, insert, update, delete on event_destination to {service}_relay;

grant select, insert on inbox, consumer_topic to {service}_consumer;

grant select, insert, update, delete on parked to {service}_consumer;

grant select, insert, update on dead_letter to {service}_consumer;

grant select on event_log, event_pending, event_snapshot, inbox, parked, dead_letter, relay_lease, event_destination
    to {service}_auditor;

grant select on event_log, event_pending, parked, dead_letter, relay_lease, event_destination to {service}_api;

grant update on dead_letter to {service}_api;

grant usage on schema public to {service}_api, {service}_consumer, {service}_relay, {service}_clock, {service}_auditor
"""

_HTTP_TABLES = """
create table idempotency (
    client text not null,
    route text not null,
    key text not null,
    request_hash bytea not null,
    status smallint not null,
    body text not null,
    headers jsonb not null,
    created_at timestamptz not null,
    primary key (client, route, key)
) with (autovacuum_vacuum_scale_factor = 0.05);

create index ix_idempotency_created_at on idempotency (created_at);

grant select, insert, update, delete on idempotency to {service}_api;

grant select on alembic_version to
    {service}_api, {service}_consumer, {service}_relay, {service}_clock, {service}_auditor
"""
