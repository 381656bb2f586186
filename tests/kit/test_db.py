import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from contracts.intake import AppealWithdrawnV1
from kit.auth import EVERYWHERE, NOWHERE, Person, Scope
from kit.away import is_away
from kit.db import SCOPE_SLOTS, Database, UnitOfWork, enter
from kit.errors import Forbidden
from kit.migrations import ASPECTS
from kit.testing.servers import NOW
from local import ports
from local.postgres import Postgres
from prometheus_client import REGISTRY
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from tests.chaos.proxy import Proxy, Rule
from tests.kit.conftest import A, B

INSIDE_A = A + "c" * 32 + "/"


def places(uow: UnitOfWork) -> list[str]:
    return list(uow.execute(text("select place from note order by place")).scalars())


@pytest.fixture
def notes(as_superuser: Connection) -> None:
    for place in (A, INSIDE_A, B, "/"):
        as_superuser.execute(text("insert into note values (gen_random_uuid(), :place, 'x')"), {"place": place})


@pytest.mark.usefixtures("notes")
class TestScope:
    async def test_without_a_scope_there_is_nothing(self, database: Database) -> None:
        assert await database.run(places, scope=NOWHERE) == []
        async with database.engine.connect() as connection:
            assert (await connection.execute(text("select * from note"))).all() == []

    async def test_a_scope_sees_its_place_and_all_below_and_nothing_beside(self, database: Database) -> None:
        assert await database.run(places, scope=Scope((A,))) == [A, INSIDE_A]
        assert await database.run(places, scope=Scope((INSIDE_A,))) == [INSIDE_A]
        assert await database.run(places, scope=Scope((A, B))) == [A, INSIDE_A, B]
        assert await database.run(places, scope=EVERYWHERE) == ["/", A, INSIDE_A, B]

    async def test_the_next_transaction_on_the_same_connection_starts_with_nothing(self, scratch_url: str) -> None:
        database = Database(scratch_url, role="scratch_api", pool_size=1)

        def who(uow: UnitOfWork) -> int:
            return int(uow.execute(text("select pg_backend_pid()")).scalar_one())

        first = await database.run(who, scope=EVERYWHERE)
        assert len(await database.run(places, scope=EVERYWHERE)) == 4
        async with database.engine.connect() as connection:
            left = (await connection.execute(text("select pg_backend_pid(), current_setting('app.lo1', true)"))).one()
            assert tuple(left) == (first, ""), "the same connection, its setting empty and no longer NULL"
            assert (await connection.execute(text("select * from note"))).all() == []
        await database.close()

    async def test_nothing_can_be_written_outside_the_scope(self, database: Database) -> None:
        def write(uow: UnitOfWork) -> None:
            uow.execute(text("insert into note values (gen_random_uuid(), :place, 'y')"), {"place": B})

        with pytest.raises(ProgrammingError, match="row-level security"):
            await database.run(write, scope=Scope((A,)))

    async def test_nothing_can_be_moved_out_of_the_scope(self, database: Database) -> None:
        def move(uow: UnitOfWork) -> None:
            uow.execute(text("update note set place = :place"), {"place": B})

        with pytest.raises(ProgrammingError, match="row-level security"):
            await database.run(move, scope=Scope((A,)))

    async def test_a_place_whose_path_begins_alike_is_another_place(
        self, database: Database, as_superuser: Connection
    ) -> None:
        alike = A[:-1] + "0/"
        as_superuser.execute(text("insert into note values (gen_random_uuid(), :place, 'x')"), {"place": alike})
        assert alike not in await database.run(places, scope=Scope((A,)))

    async def test_more_places_than_there_are_slots_are_refused_with_the_remedy(self, database: Database) -> None:
        paths = tuple(f"/{n:032x}/" for n in range(SCOPE_SLOTS + 1))
        with pytest.raises(Forbidden, match="Baiyang-Post"):
            await database.run(places, scope=Scope(paths))


async def test_a_failure_rolls_back_and_hides_its_values(database: Database, as_superuser: Connection) -> None:
    def twice(uow: UnitOfWork) -> None:
        for _ in range(2):
            uow.execute(
                text("insert into note values (:id, :place, :words)"),
                {"id": "0" * 32, "place": A, "words": "13912345678"},
            )

    with pytest.raises(IntegrityError) as failed:
        await database.run(twice, scope=Scope((A,)))
    assert "13912345678" not in str(failed.value)
    assert as_superuser.execute(text("select count(*) from note")).scalar_one() == 0


class TestPlans:
    """The policy must not cost the index: 100,000 notes at 1,000 places."""

    @pytest.fixture
    def many(self, as_superuser: Connection, scratch_url: str) -> Iterator[Connection]:
        as_superuser.execute(
            text(
                "insert into note select gen_random_uuid(), '/' || lpad(to_hex(n % 1000), 32, '0') || '/', n::text"
                " from generate_series(1, 100000) as n"
            )
        )
        as_superuser.execute(text("analyze note"))
        engine = create_engine(
            scratch_url.format(role="scratch_api").replace("+asyncpg", "+psycopg"), poolclass=NullPool
        )
        with engine.connect() as connection:
            yield connection
        engine.dispose()

    def plan(self, connection: Connection, query: str, scope: Scope) -> dict[str, Any]:
        enter(connection, scope)
        found = connection.execute(text(f"explain (analyze, buffers, format json) {query}")).scalar_one()
        plan: dict[str, Any] = found[0]["Plan"]
        return plan

    @pytest.mark.parametrize("places_held", [1, SCOPE_SLOTS])
    def test_under_the_policy_a_scope_reads_its_own_rows_by_the_index(self, many: Connection, places_held: int) -> None:
        scope = Scope(tuple(f"/{n:032x}/" for n in range(places_held)))
        plan = self.plan(many, "select * from note", scope)
        assert plan["Actual Rows"] == 100 * places_held
        assert "Seq Scan" not in str(plan)
        assert "ix_note_place" in str(plan)
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 150 * places_held

    def test_the_check_can_fail_a_policy_that_unnests_reads_every_row(
        self, many: Connection, as_superuser: Connection
    ) -> None:
        as_superuser.execute(text("drop policy scope on note"))
        as_superuser.execute(
            text(
                "create policy scope on note using (exists (select from unnest(string_to_array("
                "current_setting('app.lo1', true), ',')) as s where place like s || '%'))"
            )
        )
        plan = self.plan(many, "select * from note", Scope((f"/{7:032x}/",)))
        assert "Seq Scan" in str(plan)


class TestRoles:
    def test_no_role_but_the_owner_owns_anything_and_none_bypasses_anything(self, as_superuser: Connection) -> None:
        roles = as_superuser.execute(
            text(
                "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
                " from pg_roles where rolname ~ '^scratch_'"
            )
        ).all()
        assert {role[0] for role in roles} == {f"scratch_{name}" for name in ("owner", *ASPECTS)}
        assert not any(any(role[1:]) for role in roles)
        owners = as_superuser.execute(
            text(
                "select distinct pg_get_userbyid(c.relowner) from pg_class c"
                " join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
            )
        )
        assert owners.scalars().all() == ["scratch_owner"]

    def test_even_the_owner_is_under_the_policy(self, as_superuser: Connection, scratch_url: str) -> None:
        as_superuser.execute(text("insert into note values (gen_random_uuid(), :place, 'x')"), {"place": A})
        engine = create_engine(
            scratch_url.format(role="scratch_owner").replace("+asyncpg", "+psycopg"), poolclass=NullPool
        )
        with engine.connect() as connection:
            assert connection.execute(text("select * from note")).all() == []
        engine.dispose()

    def test_kept_answers_are_for_the_api_alone(self, as_superuser: Connection) -> None:
        for name in ASPECTS:
            can = as_superuser.execute(
                text("select has_table_privilege(:role, 'idempotency', 'select')"), {"role": f"scratch_{name}"}
            ).scalar_one()
            assert can is (name == "api")

    def test_every_role_may_see_where_the_schema_stands(self, as_superuser: Connection) -> None:
        for name in ASPECTS:
            assert as_superuser.execute(
                text("select has_table_privilege(:role, 'alembic_version', 'select')"), {"role": f"scratch_{name}"}
            ).scalar_one()


async def test_who_asks_is_known_to_the_database_too(database: Database) -> None:
    def subject(uow: UnitOfWork) -> str:
        return str(uow.execute(text("select current_setting('app.subject', true)")).scalar_one())

    assert await database.run(subject, person=Person("wang.min")) == "wang.min"


async def test_nobody_meets_a_connection_that_the_server_has_ended_meanwhile(
    scratch_url: str, as_superuser: Connection
) -> None:
    database = Database(scratch_url, role="scratch_api", pool_size=3)
    both = asyncio.Barrier(2)

    async def hold() -> None:
        async with database.engine.connect():
            await both.wait()

    await asyncio.gather(hold(), hold())
    ended = as_superuser.execute(
        text("select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where usename = 'scratch_api'")
    ).scalar_one()
    assert ended == 2
    await asyncio.sleep(0.1)  # the loop hears of it
    assert [await database.run(places) for _ in range(3)] == [[], [], []]
    await database.close()


async def test_a_server_that_says_nothing_any_more_is_given_up(scratch_url: str, postgres_server: Postgres) -> None:
    """A wire on which answers vanish: nothing fails by itself, and no session may wait for ever."""
    proxy = Proxy({"postgres": postgres_server.port})
    async with await asyncio.start_server(partial(proxy.serve, "postgres"), ports.HOST, 0) as front:
        port = front.sockets[0].getsockname()[1]
        url = scratch_url.replace(f":{postgres_server.port}/", f":{port}/")
        database = Database(url, role="scratch_api", pool_size=1, longest=timedelta(seconds=0.5))
        assert await database.run(places) == []
        number = proxy.lay(Rule("postgres", "swallow", way="down"))
        async with asyncio.timeout(10):
            with pytest.raises(DBAPIError) as given_up:
                await database.run(places)
        assert is_away(given_up.value)
        proxy.lift(number, reset=False)
        assert await database.run(places) == []
        await database.close()


async def test_a_session_whose_client_is_gone_holds_nothing_for_long(scratch_url: str) -> None:
    database = Database(scratch_url, role="scratch_api", pool_size=1)
    bound = await database.run(lambda uow: uow.execute(text("show idle_in_transaction_session_timeout")).scalar_one())
    assert bound == "1min"
    await database.close()


async def test_events_are_counted_when_they_are_committed_and_not_when_they_are_rolled_back(database: Database) -> None:
    """On one connection, which remembers nothing of the transaction before."""
    withdrawn = AppealWithdrawnV1(appeal_id=UUID(int=1), version=1, withdrawn_at=NOW, reason="mistake")

    def counted() -> float:
        return REGISTRY.get_sample_value("baiyang_events_committed_total", {"type": withdrawn.TYPE}) or 0

    def fail(uow: UnitOfWork) -> None:
        uow.publish(withdrawn)
        uow.flush()
        raise Forbidden("no", "No.")

    def publish_twice(uow: UnitOfWork) -> None:
        uow.publish(withdrawn)
        uow.publish(withdrawn)

    before = counted()
    with pytest.raises(Forbidden):
        await database.run(fail)
    await database.run(places)
    assert counted() == before
    await database.run(publish_twice)
    assert counted() == before + 2


async def test_waits_for_a_connection_are_seen_and_those_in_use(database: Database) -> None:
    def seen(name: str) -> float:
        return REGISTRY.get_sample_value(name, {"role": "scratch_api"}) or 0

    waits, used = seen("baiyang_pool_wait_seconds_count"), seen("baiyang_pool_used")
    assert await database.run(lambda _: seen("baiyang_pool_used")) == used + 1
    assert (seen("baiyang_pool_wait_seconds_count"), seen("baiyang_pool_used")) == (waits + 1, used)


async def test_who_came_first_is_served_first(scratch_url: str) -> None:
    database = Database(scratch_url, role="scratch_api", pool_size=1)
    come: list[int] = []
    served: list[int] = []

    async def ask(number: int) -> None:
        come.append(number)
        await database.run(lambda _: served.append(number))

    asking = []
    for number in range(50):
        asking.append(asyncio.create_task(ask(number)))
        await asyncio.sleep(0.001 * (number > 20))
    await asyncio.gather(*asking)
    await database.close()
    assert served == come


async def test_who_waits_too_long_is_told_and_takes_nobodys_turn(
    scratch_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.db.LONGEST_WAIT", timedelta(milliseconds=50))
    database = Database(scratch_url, role="scratch_api", pool_size=1)
    sleep = asyncio.create_task(database.run(lambda uow: uow.execute(text("select pg_sleep(1)"))))
    await asyncio.sleep(0.2)
    for _ in range(3):
        with pytest.raises(PoolTimeout):
            await database.run(places)
    await sleep
    assert await database.run(places) == []
    await database.close()
