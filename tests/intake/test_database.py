"""Who may do what to which table, whose rows are seen, and that the index is used under the policy."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from intake import models
from intake.repository import appeals
from intake.repository.sealing import Keys
from intake.service import receiving
from intake.service.station import Station
from kit.auth import NOWHERE, Scope
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import RolledBackUnitOfWork, as_superuser
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ProgrammingError

from tests.conftest import UnitOfWorkOf
from tests.intake.factories import OPERATOR_PERSON, make_clerk, make_submission, path_of
from tests.plans import nodes, plans_of

SCOPED = ("appeal", "person", "appeal_entry", "progress")
ROLES = ("api", "consumer", "relay", "clock", "auditor")

#: What each role may do to each of intake's own tables: anything else is refused.
RIGHTS: dict[tuple[str, str], set[str]] = {
    ("api", "appeal"): {"select", "insert", "update"},
    ("api", "person"): {"select", "insert"},
    ("api", "appeal_entry"): {"select", "insert"},
    ("api", "progress"): {"select"},
    ("api", "category_copy"): {"select"},
    ("consumer", "appeal"): {"select", "update"},
    ("api", "appeal_grant"): {"select"},
    ("consumer", "progress"): {"select", "insert", "update"},
    ("consumer", "appeal_grant"): {"select", "insert"},
    ("auditor", "appeal_grant"): {"select"},
    ("api", "appeal_opening"): {"select", "insert"},
    ("auditor", "appeal_opening"): {"select"},
    ("consumer", "category_copy"): {"select", "insert", "update"},
    ("auditor", "appeal"): {"select"},
    ("auditor", "person"): {"select"},
    ("auditor", "appeal_entry"): {"select"},
    ("auditor", "progress"): {"select"},
    ("auditor", "category_copy"): {"select"},
}


@pytest.fixture
def taken(uow_of: UnitOfWorkOf, station: Station) -> Any:
    uow = uow_of("intake", person=make_clerk())
    return receiving.receive_appeal(uow, make_submission(place="HZ1-1"), station=station)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", [table.name for table in models.metadata.sorted_tables])
def test_each_role_may_do_to_each_table_what_is_listed_and_no_more(
    database_of: Callable[[str], Connection], role: str, table: str
) -> None:
    connection = database_of("intake")
    may = {
        right
        for right in ("select", "insert", "update", "delete", "truncate")
        if connection.execute(
            text(
                "select has_table_privilege(:role, :table, :right) or "
                "(:right in ('select', 'insert', 'update') and has_any_column_privilege(:role, :table, :right))"
                if right in ("select", "insert", "update")
                else "select has_table_privilege(:role, :table, :right)"
            ),
            {"role": f"intake_{role}", "table": table, "right": right},
        ).scalar_one()
    }
    assert may == RIGHTS.get((role, table), set())


@pytest.mark.parametrize("role", ["api", "consumer", "auditor"])
@pytest.mark.parametrize("table", SCOPED)
def test_without_a_scope_no_row_is_seen(uow_of: UnitOfWorkOf, taken: object, role: str, table: str) -> None:
    uow = uow_of("intake", role=role, scope=NOWHERE)
    column = {"progress": "appeal_id"}.get(table, "id")
    assert uow.execute(text(f"select {column} from {table}" if role != "consumer" else _seen(table))).all() == []


def _seen(table: str) -> str:
    """The consumer reads appeals' places and progress only."""
    return (
        f"select {'appeal_id' if table == 'progress' else 'id'} from {'progress' if table == 'progress' else 'appeal'}"
    )


def test_a_scope_beside_it_sees_neither_the_appeal_nor_who_asks(uow_of: UnitOfWorkOf, taken: object) -> None:
    beside = uow_of("intake", scope=Scope(paths=(path_of("HZ2"),)))
    above = uow_of("intake", scope=Scope(paths=(path_of("HZ1"),)))
    for table in ("appeal", "person"):
        assert beside.execute(text(f"select id from {table}")).all() == []
        assert len(above.execute(text(f"select id from {table}")).all()) == 1


def test_the_owner_too_is_bound(uow_of: UnitOfWorkOf, taken: object) -> None:
    owner = uow_of("intake", role="owner", scope=NOWHERE)
    assert owner.execute(text("select id from appeal")).all() == []


def test_nobody_writes_outside_their_scope(uow_of: UnitOfWorkOf, taken: Any) -> None:
    beside = uow_of("intake", scope=Scope(paths=(path_of("HZ2"),)))
    changed = beside.execute(text("update appeal set gist = 'x' where id = :id"), {"id": taken.appeal_id})
    assert changed.rowcount == 0
    as_superuser(beside.connection).execute(text("update appeal set taken_path = '/'"))
    own = uow_of("intake", scope=Scope(paths=(path_of("HZ1"),)))
    with pytest.raises(ProgrammingError, match="row-level security"):
        own.execute(text("update appeal set placed_path = :path"), {"path": path_of("HZ2")})


@pytest.mark.parametrize(
    "words", ["delete from appeal_entry", "update appeal_entry set note = 1", "delete from appeal"]
)
def test_history_is_only_added_to(uow_of: UnitOfWorkOf, words: str) -> None:
    with pytest.raises(ProgrammingError):
        uow_of("intake").execute(text(words))


@pytest.mark.parametrize(
    "called",
    [
        "progress_by_code('{}', '', now(), 1)",
        "appeal_by_code('{}', '', now(), 1)",
        "rating_asked(gen_random_uuid(), 1)",
        "waiting_by_code('{}')",
        "done_by_code('{}')",
    ],
)
@pytest.mark.parametrize("role", ["consumer", "relay", "clock", "auditor"])
def test_the_narrow_functions_are_the_apis_alone(uow_of: UnitOfWorkOf, role: str, called: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        uow_of("intake", role=role).execute(text(f"select * from {called}"))


def test_a_narrow_function_leaves_the_scope_as_it_was(uow_of: UnitOfWorkOf, taken: object, keys: Keys) -> None:
    uow = uow_of("intake", scope=NOWHERE)
    uow.execute(
        text("select * from claim_number('forum', '1', :author, :person)"), {"author": b"x" * 32, "person": uuid4()}
    )
    assert uow.execute(text("select id from appeal")).all() == []


@pytest.mark.parametrize("path, index", [("HZ1-1", "ix_appeal_placed"), ("", "pk_appeal")])
def test_the_newest_are_read_by_the_index_that_has_few(
    uow_of: UnitOfWorkOf, station: Station, path: str, index: str
) -> None:
    uow = uow_of("intake", person=OPERATOR_PERSON)
    receipt = receiving.receive_appeal(uow, make_submission(), station=station)
    _many(uow, receipt.appeal_id)
    below = path_of(path) if path else "/"
    scoped = uow_of("intake", scope=Scope(paths=(below,)))
    page = Page(limit=50, of_list="appeals", ring=KeyRing.parse(new_key("c1")))
    plan = plans_of(scoped, lambda: appeals.list_appeals(scoped, page, below=below))[-1]
    read = [node for node in nodes(plan) if node.get("Relation Name") == "appeal"]
    assert {node["Node Type"] for node in read} == {"Index Scan"}, plan
    assert index in {node.get("Index Name") for node in nodes(plan)}, plan
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 100, plan


def _many(uow: RolledBackUnitOfWork, appeal_id: object) -> None:
    """20,000 appeals, of other places than the scope's but for the one."""
    columns = [
        c.name for c in models.appeal.c if c.name not in ("id", "number", "code_index", "placed_path", "person_id")
    ]
    listed = ", ".join(f'"{name}"' for name in columns)
    connection = as_superuser(uow.connection)
    connection.execute(
        text(
            f"insert into appeal (id, number, code_index, placed_path, {listed}) "
            "select gen_random_uuid(), 'N' || n, decode(lpad(to_hex(n), 8, '0'), 'hex'), "
            f"'/' || md5((n % 500)::text) || '/', {listed} from appeal, generate_series(1, 20000) as n "
            "where id = :id"
        ),
        {"id": appeal_id},
    )
    connection.execute(text("analyze appeal"))


def test_the_migrations_lay_what_the_tables_say(database_of: Callable[[str], Connection]) -> None:
    found = inspect(database_of("intake"))
    for table in models.metadata.sorted_tables:
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert set(columns) == set(table.c.keys()), table.name
        for column in table.c:
            assert columns[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
            expected = column.type.compile(dialect=database_of("intake").dialect)
            assert columns[column.name]["type"].compile(dialect=database_of("intake").dialect) == expected
        indexes = {index["name"] for index in found.get_indexes(table.name) if not index.get("duplicates_constraint")}
        assert indexes == {index.name for index in table.indexes}, table.name
