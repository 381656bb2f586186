"""Who sees which rows, who may do what to which table, and that the policies leave the indexes of use."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import PlaceChangedV1
from contracts.routing import CaseAssignedV1, CaseSealedV1
from kit.auth import EVERYWHERE, NOWHERE, Person, Scope
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from network import models as network_models
from notify import models, repository
from notify.consumers import handlers
from notify.domain.sending import Settled, State
from notify.service.tell import tell
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from tests.conftest import UnitOfWorkOf
from tests.notify.factories import OFFICE, make_event
from tests.plans import nodes, plans_of

COPIES = tuple(network_models.metadata.tables)
TABLES = (*models.metadata.tables, *COPIES)

#: What each role may do to each whole table: select, insert, update, delete. Rights to single columns stand below.
RIGHTS = {
    "api": {
        **dict.fromkeys(("message", "inbox_item", "template", "sandbox_message", "telling", "telling_household"), "s"),
        **dict.fromkeys(COPIES, "s"),
    },
    "consumer": {
        "contact": "siu",
        "template": "s",
        "message": "siu",
        "inbox_item": "i",
        "telling": "siu",
        "telling_household": "siu",
        **dict.fromkeys(COPIES, "siud"),
    },
    "clock": {
        "contact": "s",
        "message": "siu",
        "sandbox_message": "i",
        "inbox_item": "i",
        "template": "s",
        "telling": "su",
        "telling_household": "su",
        **dict.fromkeys(COPIES, "s"),
    },
    "auditor": {
        "template": "s",
        "message": "s",
        "inbox_item": "s",
        "sandbox_message": "s",
        "telling_household": "s",
        **dict.fromkeys(COPIES, "s"),
    },
    "relay": {},
}
PRIVILEGES = {"s": "select", "i": "insert", "u": "update", "d": "delete"}

COLUMN_RIGHTS = {
    ("api", "inbox_item", "read_at", "update"),
    ("clock", "inbox_item", "message_id", "select"),
    *(("clock", "inbox_item", name, "update") for name in ("title", "body", "read_at")),
    ("consumer", "sandbox_message", "message_id", "select"),
    ("consumer", "sandbox_message", "address", "update"),
    ("consumer", "sandbox_message", "text", "update"),
    ("clock", "sandbox_message", "idempotency_key", "select"),
    *(
        ("auditor", "contact", name, "select")
        for name in ("contact_id", "topic", "subject", "version", "changed_at", "place_id")
    ),
    *(
        ("auditor", "telling", name, "select")
        for name in ("case_id", "telling", "version", "place_id", "placed_path", "begun_at", "finished_at")
    ),
    *(("api", "telling_household", name, "update") for name in ("visited_at", "visited_by")),
}


@pytest.fixture
def superuser(database_of: Callable[[str], Connection]) -> Connection:
    return database_of("notify")


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("table", TABLES)
def test_a_role_has_exactly_its_rights(superuser: Connection, role: str, table: str) -> None:
    has = text("select has_table_privilege(:role, :table, :privilege)")
    granted = "".join(
        letter
        for letter, privilege in PRIVILEGES.items()
        if superuser.execute(has, {"role": f"notify_{role}", "table": table, "privilege": privilege}).scalar_one()
    )
    assert granted == RIGHTS[role].get(table, "")


def test_rights_to_single_columns_are_these_and_no_others(superuser: Connection) -> None:
    granted = superuser.execute(
        text(
            "select a.rolname, c.relname, t.attname, lower(x.privilege_type) from pg_attribute t"
            " join pg_class c on c.oid = t.attrelid cross join lateral aclexplode(t.attacl) x"
            " join pg_roles a on a.oid = x.grantee where c.relname = any(:tables)"
        ),
        {"tables": list(models.metadata.tables)},
    )
    assert {(role.removeprefix("notify_"), *rest) for role, *rest in granted} == COLUMN_RIGHTS


@pytest.mark.parametrize(
    "table", ["contact", "message", "inbox_item", "sandbox_message", "telling", "telling_household"]
)
def test_row_security_binds_even_the_owner(superuser: Connection, table: str) -> None:
    query = text("select relrowsecurity and relforcerowsecurity from pg_class where oid = cast(:table as regclass)")
    assert superuser.execute(query, {"table": table}).scalar_one() is True


def test_the_models_are_what_the_migrations_made(superuser: Connection) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_mine(_item: Any, name: str | None, kind: str, _reflected: bool, _against: Any) -> bool:
        return kind != "table" or name in models.metadata.tables

    context = MigrationContext.configure(superuser, opts={"include_object": is_mine, "compare_type": True})
    assert compare_metadata(context, models.metadata) == []


# --- scopes

HERE, THERE = f"/{uuid4().hex}/", f"/{uuid4().hex}/"

_ADD = text("""
    insert into message (message_id, case_id, case_number, case_version, audience, recipient, template,
        template_version, language, means, state, reason, due_at, placed_path, created_at, changed_at)
    values (:id, :case_id, 'C1', 1, 'resident', gen_random_uuid(), 'case_accepted', 1, 'zh', 'sms', :state, 'http_503',
        case when :state = 'queued' then cast(:now as timestamptz) end, :path, :now, :now)
""")


def add_message(connection: Connection, path: str, state: str = "failed") -> Any:
    message_id = uuid4()
    row = {"id": message_id, "case_id": uuid4(), "path": path, "state": state, "now": NOW}
    as_superuser(connection).execute(_ADD, row)
    return message_id


def count(uow: RolledBackUnitOfWork, table: str) -> int:
    return int(uow.execute(text(f"select count(*) from {table}")).scalar_one())


@pytest.mark.parametrize("role", ["api", "consumer", "clock", "auditor"])
def test_messages_are_seen_within_the_scope_of_their_case(
    superuser: Connection, uow_of: UnitOfWorkOf, role: str
) -> None:
    add_message(superuser, HERE)
    add_message(superuser, THERE)
    add_message(superuser, "/")

    def seen(scope: Scope) -> int:
        return count(uow_of("notify", role=role, scope=scope), "message")

    assert seen(EVERYWHERE) == 3
    assert seen(Scope(paths=(HERE,))) == 1
    assert seen(Scope(paths=(HERE, THERE))) == 2
    assert seen(NOWHERE) == 0


def test_what_was_told_of_a_sealed_case_is_seen_by_those_alone_whom_it_is_open_to(
    superuser: Connection, uow_of: UnitOfWorkOf
) -> None:
    message_id, post_id = add_message(superuser, HERE), uuid4()
    (case_id,) = as_superuser(superuser).execute(text("select case_id from message")).scalars()

    def seen(subject: str, *posts: UUID) -> list[Any]:
        uow = uow_of("notify", person=Person(subject), scope=Scope(paths=(HERE,), posts=posts))
        troubled = repository.list_troubled_in_scope(uow, before=None, limit=10)
        of_case = repository.list_messages_of_case(uow, case_id, after=None, limit=10)
        assert troubled == of_case
        return [message.message_id for message in of_case if repository.find_message(uow, message.message_id)]

    def seal(**facts: Any) -> None:
        told = make_event(CaseSealedV1, case_id=case_id, placed_path=HERE, **facts)
        tell(uow_of("notify", role="consumer"), OFFICE, [told], traceparents=[None])

    assert seen("wang.min") == [message_id]
    seal(sealed=True, seen_by=[str(post_id), "li.na"])
    assert (seen("wang.min"), seen("wang.min", post_id), seen("li.na")) == ([], [message_id], [message_id])
    assert [m.message_id for m in repository.list_troubled_anywhere(uow_of("notify"), before=None, limit=9)]
    seal(sealed=False)
    assert seen("wang.min") == [message_id]


@pytest.mark.parametrize("role", ["consumer", "clock"])
def test_contacts_are_for_events_and_clocks_alone(superuser: Connection, uow_of: UnitOfWorkOf, role: str) -> None:
    superuser.execute(
        text("insert into contact (contact_id, topic, version, changed_at) values (gen_random_uuid(), 't', 1, now())")
    )
    assert count(uow_of("notify", role=role), "contact") == 1
    assert count(uow_of("notify", role=role, scope=Scope(paths=(HERE,))), "contact") == 0
    with pytest.raises(ProgrammingError, match="permission denied"):
        count(uow_of("notify", role="api"), "contact")


def test_an_inbox_is_its_owners(superuser: Connection, uow_of: UnitOfWorkOf) -> None:
    for subject in ("wang.min", "li.na"):
        superuser.execute(
            text(
                "insert into inbox_item (item_id, message_id, subject, case_id, case_number, template, language, title,"
                " body, created_at) values (gen_random_uuid(), gen_random_uuid(), :s, gen_random_uuid(), 'C1',"
                " 'case_assigned', 'zh', 't', 'b', now())"
            ),
            {"s": subject},
        )
    wang = uow_of("notify", person=Person("wang.min"), scope=Scope(paths=(HERE,)))
    assert list(wang.execute(text("select subject from inbox_item")).scalars()) == ["wang.min"]
    assert wang.execute(text("update inbox_item set read_at = now()")).rowcount == 1
    assert count(uow_of("notify", person=Person("zhao.jun")), "inbox_item") == 0
    assert count(uow_of("notify", scope=NOWHERE), "inbox_item") == 0
    assert count(uow_of("notify", role="auditor"), "inbox_item") == 2


def test_a_notice_lies_where_its_case_is_now_though_the_place_moved_after_it_was_said(
    superuser: Connection, uow_of: UnitOfWorkOf
) -> None:
    place_id, consumer = uuid4(), uow_of("notify", role="consumer")
    facts = {"version": 2, "place_id": place_id, "code": "A", "name": "A", "tier": "area", "path": THERE, "depth": 1}
    facts |= {"parent_id": None, "state": "active"}
    copy_places, *_, tell_of_step = handlers(OFFICE)
    copy_places(consumer, [PlaceChangedV1.model_validate(facts)], versions=[2])
    tell_of_step(consumer, [make_event(CaseAssignedV1, place_id=place_id, placed_path=HERE)])
    assert as_superuser(superuser).execute(text("select placed_path from message")).scalar_one() == THERE


# --- narrow functions


def test_operators_see_what_is_troubled_everywhere_and_are_left_with_their_own_scope(
    superuser: Connection, uow_of: UnitOfWorkOf
) -> None:
    ids = {add_message(superuser, HERE), add_message(superuser, THERE, "unknown")}
    add_message(superuser, HERE, "sent")
    operator = uow_of("notify", scope=NOWHERE)
    assert {m.message_id for m in repository.list_troubled_anywhere(operator, before=None, limit=10)} == ids
    assert count(operator, "message") == 0


@pytest.mark.parametrize(
    "state, turn, queued",
    [("failed", 1, True), ("unknown", 0, True), ("sent", 0, False), ("none_wanted", 0, False), ("erased", 0, False)],
)
def test_only_what_failed_or_is_unknown_is_taken_up_again(
    superuser: Connection, uow_of: UnitOfWorkOf, state: str, turn: int, queued: bool
) -> None:
    """What surely failed gets a new key; what may have arrived keeps the one that the provider knows."""
    message_id = add_message(superuser, HERE, state)
    operator = uow_of("notify", scope=NOWHERE)
    assert repository.take_up_again(operator, message_id, by="operator") == state
    row = as_superuser(superuser).execute(text("select state, turn, retried_by, due_at from message")).one()
    assert tuple(row) == (("queued", turn, "operator", NOW) if queued else (state, 0, None, None))
    assert repository.take_up_again(operator, uuid4(), by="operator") is None


@pytest.mark.parametrize("role", ["consumer", "clock", "auditor", "relay"])
def test_the_narrow_functions_are_the_apis_alone(uow_of: UnitOfWorkOf, role: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied for function"):
        uow_of("notify", role=role).execute(text("select * from list_troubled_messages(null, null, 1)"))


# --- plans: a hundred thousand messages, a few of them due or in trouble

TOTAL = 100_000
FEW_PAGES = 600


@pytest.fixture
def crowd(superuser: Connection) -> str:
    superuser.execute(
        text("""
        insert into message (message_id, case_id, case_number, case_version, audience, recipient, template,
            template_version, language, means, state, due_at, placed_path, created_at, changed_at)
        select gen_random_uuid(), md5((n / 3)::text)::uuid, 'C1', n, 'resident', n, 'case_accepted', 1, 'zh', 'sms',
            case when n % 200 = 0 then 'queued' when n % 1000 = 1 then 'failed' else 'sent' end,
            case when n % 200 = 0 then cast(:now as timestamptz) + n * interval '1 second' end,
            '/' || md5((n % 100)::text) || '/', :now, cast(:now as timestamptz) + n * interval '1 second'
        from generate_series(1, :total) n
    """),
        {"now": NOW, "total": TOTAL},
    )
    superuser.execute(text("analyze message"))
    return str(superuser.execute(text("select '/' || md5('7') || '/'")).scalar_one())


def test_what_runs_often_reads_a_handful_of_pages_under_the_policy(crowd: str, uow_of: UnitOfWorkOf) -> None:
    clock = uow_of("notify", role="clock", now=NOW + timedelta(days=2))
    assert_reads_little(clock, "ix_message_due", lambda: repository.claim_due(clock, limit=20))
    assert_reads_little(clock, "ix_message_due", lambda: repository.find_due(clock, most=20))
    taken = repository.claim_due(clock, limit=20)
    goes = [repository.Prepared(row.message_id, row.claim, "sms", "sandbox") for row in taken]
    until = clock.now + timedelta(seconds=30)
    assert_reads_little(clock, "pk_message", lambda: repository.hold(clock, goes, until=until))
    repository.hold(clock, goes, until=until)
    settled = {(row.message_id, row.claim): Settled(State.SENT) for row in taken}
    assert_reads_little(clock, "pk_message", lambda: repository.settle(clock, settled))
    clerk = uow_of("notify", scope=Scope(paths=(crowd,)))
    case_id = clerk.execute(text("select case_id from message limit 1")).scalar_one()
    assert_reads_little(
        clerk,
        "uq_message_once",
        lambda: repository.list_messages_of_case(clerk, case_id, after=None, limit=51),
    )
    assert_reads_little(
        clerk, "ix_message_troubled", lambda: repository.list_troubled_in_scope(clerk, before=None, limit=51)
    )


def test_what_is_settled_is_found_by_its_key_though_nothing_waited_when_it_was_planned(
    crowd: str, superuser: Connection, uow_of: UnitOfWorkOf
) -> None:
    superuser.execute(
        text("create temp table waiting as select message_id, due_at from message where due_at is not null")
    )
    superuser.execute(text("update message set state = 'sent', due_at = null"))
    superuser.execute(text("analyze message"))
    clock = uow_of("notify", role="clock", now=NOW + timedelta(days=2))
    superuser.execute(
        text(
            "update message m set state = 'queued', due_at = w.due_at from waiting w where w.message_id = m.message_id"
        )
    )
    taken = repository.claim_due(clock, limit=10)
    repository.hold(
        clock,
        [repository.Prepared(row.message_id, row.claim, "sms", "sandbox") for row in taken],
        until=clock.now + timedelta(seconds=30),
    )
    settled = {(row.message_id, row.claim): Settled(State.SENT) for row in taken}
    assert_reads_little(clock, "pk_message", lambda: repository.settle(clock, settled))


def assert_reads_little(uow: RolledBackUnitOfWork, index: str, run: Callable[[], object]) -> None:
    for plan in plans_of(uow, run):
        found = list(nodes(plan))
        scans = [n for n in found if n["Node Type"] == "Seq Scan" and n.get("Relation Name") == "message"]
        assert scans == [], json.dumps(plan, indent=1)
        assert index in {node.get("Index Name") for node in found}, json.dumps(plan, indent=1)
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < FEW_PAGES
