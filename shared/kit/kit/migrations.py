"""What every service's migrations begin with: roles, the tables of events, and the policy that keeps places apart."""

from sqlalchemy import Connection, text

from kit.db import SCOPE_SLOTS
from kit.outbox import SHARDS

ASPECTS = ("api", "consumer", "relay", "clock", "auditor")


def role_statements(service: str) -> list[str]:
    """Roles of a service, for whoever sets up the server: none may bypass a policy or own a table but the owner."""
    plain = "nosuperuser nocreatedb nocreaterole nobypassrls"
    return [
        *[f"create role {service}_{name} login {plain}" for name in ("owner", *ASPECTS)],
        # The narrow functions of a service name these in their SET clauses, which only a superuser can allow.
        f"grant set on parameter app.lo1, app.hi1 to {service}_owner",
    ]


def create_event_tables(connection: Connection, service: str) -> None:
    """The log, what is unsent, the last state of compacted subjects, relays' leases, the inbox, parked, dead letters."""
    for statement in _EVENT_TABLES.format(service=service, last_shard=SHARDS - 1).split(";\n\n"):
        if statement.strip():
            connection.execute(text(statement.replace(":", "\\:")))


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
