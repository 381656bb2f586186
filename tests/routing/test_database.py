"""Who sees which rows, who may do what to which table, and that policies leave the indexes of use."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from kit.auth import EVERYWHERE, NOWHERE, Scope
from kit.db import after
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from network import models as network_models
from routing import models
from routing.domain.case import Case, Standing
from routing.domain.figures import Group, Period
from routing.domain.likeness import WITHIN
from routing.domain.vacancy import Section
from routing.repository import (
    accompaniments,
    call_backs,
    cases,
    figures,
    joint,
    pressings,
    queue,
    recounts,
    suggestions,
    supervisions,
)
from routing.repository.claims import Claim
from routing.service import opening, vacancies
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from tests.conftest import UnitOfWorkOf
from tests.plans import nodes, plans_of
from tests.routing.conftest import City, lay_city, make_appeal

FIGURES = ("figure_increment", "figure_kept", "figure_above", "figure_frozen", "figure_correction")
KEPT_APART = (
    *("cases", "case_appeal", "case_entry", "deadline", "case_grant", "precedent", "pressing"),
    *("letter", "paper", "accompaniment", "report_back", "helper", "case_link", "call_back"),
    *("hotline_batch", "hotline_handover", "hotline_reply"),
    *("vacancy", "first_dispatch_day", "incident_place", "dismissal", "seal_grant", "case_opening"),
    "supervision",
    *FIGURES,
)
POLICY = (
    *("category", "rule_set", "rule", "calendar", "calendar_year", "calendar_day"),
    *("calendar_hours", "calendar_closure"),
)
COPIES = tuple(network_models.metadata.tables)
TABLES = (*KEPT_APART, *POLICY, "reason", "figure_freeze", "figure_recounted", *COPIES)

#: What each role may do to each table; the letters are select, insert, update, delete.
RIGHTS = {
    "api": {
        "cases": "siu",
        "case_appeal": "su",
        "case_entry": "si",
        "deadline": "siu",
        "case_grant": "si",
        "precedent": "siu",
        "reason": "si",
        "pressing": "siu",
        "call_back": "siu",
        "letter": "siu",
        "paper": "siu",
        "accompaniment": "siu",
        "report_back": "siu",
        "helper": "siu",
        "case_link": "siu",
        "hotline_batch": "siu",
        "hotline_handover": "siu",
        "hotline_reply": "siu",
        "vacancy": "s",
        "first_dispatch_day": "s",
        "figure_increment": "si",
        **dict.fromkeys(("figure_kept", "figure_above", "figure_freeze", "figure_frozen", "figure_correction"), "s"),
        "figure_recounted": "",
        "incident_place": "si",
        "dismissal": "si",
        "seal_grant": "siu",
        "case_opening": "si",
        "supervision": "siu",
        **dict.fromkeys(("category", "rule_set", "rule"), "si"),
        **dict.fromkeys(("calendar", "calendar_year", "calendar_day", "calendar_hours", "calendar_closure"), "si"),
        **dict.fromkeys(COPIES, "s"),
    },
    "consumer": {
        "cases": "siu",
        "case_appeal": "siu",
        "case_entry": "si",
        "deadline": "siu",
        "case_grant": "si",
        "precedent": "su",
        "reason": "",
        "pressing": "siu",
        "call_back": "siu",
        "letter": "",
        "paper": "",
        "accompaniment": "",
        "report_back": "",
        "helper": "su",
        "case_link": "",
        "hotline_batch": "su",
        "hotline_handover": "",
        "hotline_reply": "su",
        "vacancy": "siu",
        "first_dispatch_day": "su",
        "figure_increment": "si",
        "figure_kept": "s",
        "figure_above": "siu",
        **dict.fromkeys(("figure_freeze", "figure_frozen", "figure_correction"), ""),
        "figure_recounted": "",
        "incident_place": "",
        "dismissal": "",
        "seal_grant": "",
        "case_opening": "",
        "supervision": "siu",
        **dict.fromkeys(POLICY, "s"),
        **dict.fromkeys(COPIES, "siud"),
    },
    "clock": {
        "cases": "su",
        "case_appeal": "s",
        "case_entry": "si",
        "deadline": "siu",
        "case_grant": "s",
        "precedent": "s",
        "reason": "",
        "call_back": "su",
        "pressing": "s",
        "letter": "",
        "paper": "",
        "accompaniment": "",
        "report_back": "",
        "helper": "su",
        "case_link": "",
        "hotline_batch": "s",
        "hotline_handover": "s",
        "hotline_reply": "",
        "vacancy": "sud",
        "first_dispatch_day": "",
        "figure_increment": "sid",
        **dict.fromkeys(("figure_kept", "figure_above"), "siu"),
        **dict.fromkeys(("figure_freeze", "figure_frozen", "figure_correction"), "si"),
        "figure_recounted": "sid",
        "incident_place": "",
        "dismissal": "",
        "seal_grant": "",
        "case_opening": "",
        "supervision": "siu",
        **dict.fromkeys(POLICY, "s"),
        **dict.fromkeys(COPIES, "s"),
    },
    "auditor": {**dict.fromkeys(TABLES, "s"), "figure_recounted": ""},
    "relay": dict.fromkeys(TABLES, ""),
}
PRIVILEGES = {"s": "select", "i": "insert", "u": "update", "d": "delete"}


@pytest.fixture
def superuser(database_of: Callable[[str], Connection]) -> Connection:
    return database_of("routing")


def test_every_table_is_in_the_table_of_rights() -> None:
    assert set(TABLES) == set(models.metadata.tables) | set(COPIES)


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("table", TABLES)
def test_a_role_has_exactly_its_rights(superuser: Connection, role: str, table: str) -> None:
    has = text("select has_table_privilege(:role, :table, :privilege)")
    granted = "".join(
        letter
        for letter, privilege in PRIVILEGES.items()
        if superuser.execute(has, {"role": f"routing_{role}", "table": table, "privilege": privilege}).scalar_one()
    )
    assert granted == RIGHTS[role][table]


@pytest.mark.parametrize("table", KEPT_APART)
def test_row_security_binds_even_the_owner(superuser: Connection, table: str) -> None:
    query = text("select relrowsecurity and relforcerowsecurity from pg_class where oid = cast(:table as regclass)")
    assert superuser.execute(query, {"table": table}).scalar_one() is True


def count(uow: RolledBackUnitOfWork, table: str) -> int:
    return int(uow.execute(text(f"select count(*) from {table}")).scalar_one())


def lay_rows(uow: RolledBackUnitOfWork, city: City) -> None:
    """A case of the area and one of the other community, each with rows in every table but the grants."""
    opening.open_cases(uow, [make_appeal(city, "area"), make_appeal(city, "other")])


@pytest.mark.parametrize("role", ["api", "consumer", "clock", "auditor"])
@pytest.mark.parametrize("table", ["cases", "case_appeal", "case_entry", "deadline"])
def test_each_role_sees_what_its_scope_holds_and_no_more(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf, role: str, table: str
) -> None:
    lay_rows(uow, city)

    def seen(scope: Scope) -> int:
        return count(uow_of("routing", role=role, scope=scope), table)

    each = {"cases": 1, "case_appeal": 1, "case_entry": 3, "deadline": 1}[table]
    assert seen(EVERYWHERE) == 2 * each
    assert seen(Scope(paths=(city.paths["community"],))) == each
    assert seen(Scope(paths=(city.paths["other"],))) == each
    assert seen(Scope(paths=(city.paths["district"],))) == 2 * each
    assert seen(Scope(paths=(city.paths["bare"],))) == 0
    assert seen(NOWHERE) == 0


CALL_EACH = text("""
    insert into call_back (appeal_id, answer, case_id, seq, way, asked_at, rate_by, attempts)
    select case_id, 1, case_id, 4, 'person', received_at, received_at, 0 from cases where calls_owed > 0
""")

ORDER_EACH = text("""
    insert into pressing (pressing_id, case_id, kind, number, by, by_post_id, words, made_at, due_at, comes_up_at)
    select case_id, case_id, 'order', number, 'somebody', coalesce(holder_post_id, case_id), 'words', received_at,
        promise_due, promise_due
    from cases where state = 'assigned'
""")


ASK_EACH_FOR_A_PART = text("""
    insert into helper (helper_id, case_id, post_id, words, due_at, called_by, called_by_post_id, called_at, state)
    select case_id, case_id, holder_post_id, 'words', promise_due, 'somebody', holder_post_id, received_at,
        case when reports_owed > 0 then 'asked' else 'done' end
    from cases
""")


SUPERVISE_EACH = text("""
    insert into supervision (supervision_id, case_id, post_id, tier, since, counted_from, due_at, unit, count,
        rule_version, calendar_version, rank, repeats, settled_at)
    select case_id, case_id, coalesce(holder_post_id, case_id), 'district', received_at, received_at, promise_due,
        'working_days', 1, 1, 1, 1, 0, case when reports_owed = 0 then received_at end
    from cases
""")


@pytest.mark.parametrize("role", ["api", "consumer", "auditor"])
def test_whoever_sees_a_case_sees_how_it_is_pressed(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf, superuser: Connection, role: str
) -> None:
    taken_elsewhere = make_appeal(city, "area", taken_path=city.paths["bare"])
    opening.open_cases(uow, [taken_elsewhere, make_appeal(city, "other")])
    as_superuser(superuser).execute(ORDER_EACH)

    def seen(scope: Scope) -> int:
        return count(uow_of("routing", role=role, scope=scope), "pressing")

    assert seen(EVERYWHERE) == seen(Scope(paths=(city.paths["district"],))) == 2
    for code in ("community", "other", "bare"):
        assert seen(Scope(paths=(city.paths[code],))) == 1
    assert seen(Scope(offices=(uuid4(),))) == seen(NOWHERE) == 0


@pytest.mark.parametrize("role", ["api", "consumer", "clock", "auditor"])
def test_vacancies_are_seen_at_their_place_and_above(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf, role: str
) -> None:
    vacancies.look_again(uow, [city.posts[code] for code in ("municipal", "other_dispatcher", "district_dispatcher")])

    def seen(*codes: str) -> int:
        return count(
            uow_of("routing", role=role, scope=Scope(paths=tuple(city.paths[code] for code in codes))), "vacancy"
        )

    assert [seen(code) for code in ("city", "district", "community", "other", "bare")] == [3, 3, 1, 1, 0]
    assert count(uow_of("routing", role=role, scope=NOWHERE), "vacancy") == 0


def test_figures_are_seen_at_their_place_and_above_though_whoever_takes_a_step_counts_beyond_their_own(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    lay_rows(uow, city)
    (case_id,) = uow.execute(text("select case_id from cases where placed_path = :p"), {"p": city.paths["area"]}).one()
    adding = text("""
        insert into figure_increment (case_id, seq, at, figure, amount, day, place_id, path)
        values (:case, 9, now(), 'kept', 1, current_date, :place, :path)
    """)
    above = {"case": case_id, "place": city.ids["community"], "path": city.paths["community"]}
    uow_of("routing", scope=Scope(paths=(city.paths["area"],))).execute(adding, above)
    for scope in (NOWHERE, Scope(paths=(city.paths["other"],))):
        foreign = uow_of("routing", scope=scope)
        with pytest.raises(ProgrammingError, match="row-level security"), foreign.connection.begin_nested():
            foreign.execute(adding, above)

    def seen(role: str, table: str) -> list[int]:
        places = ("city", "community", "area", "other")
        return [count(uow_of("routing", role=role, scope=Scope(paths=(city.paths[p],))), table) for p in places]

    total, mine, area, other = seen("api", "figure_increment")
    assert (total, area) == (mine + other, 0)
    assert mine == other + 1
    figures.fold(uow_of("routing", role="clock"), limit=100)
    for role in ("api", "auditor"):
        total, mine, area, other = seen(role, "figure_kept")
        assert total == mine + other
        assert (area, mine > 0, other > 0) == (0, True, True)


def test_the_place_where_it_was_taken_sees_it_too(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    opening.open_cases(uow, [make_appeal(city, "area", taken_path=city.paths["other"])])
    for table in ("cases", "case_entry", "deadline"):
        assert count(uow_of("routing", scope=Scope(paths=(city.paths["other"],))), table) > 0


def test_an_office_sees_what_is_granted_to_it_and_no_more(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    lay_rows(uow, city)
    office = uuid4()
    (case_id, *_) = uow.execute(text("select case_id from cases order by case_id")).scalars()
    grant = text("insert into case_grant (case_id, office_id, granted_at) values (:case_id, :office_id, :now)")
    uow.execute(grant, {"case_id": case_id, "office_id": office, "now": NOW})
    for table in ("cases", "case_appeal", "deadline", "case_grant"):
        assert count(uow_of("routing", scope=Scope(offices=(office,))), table) == 1
        assert count(uow_of("routing", scope=Scope(offices=(uuid4(),))), table) == 0


#: All of them but the appeal and the case.
OF_CALL_BACK = "answer, seq, way, asked_at, rate_by, attempts"


def test_what_belongs_to_a_case_is_seen_with_it_and_not_without_it(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    lay_rows(uow, city)
    mine, other = (uow_of("routing", scope=Scope(paths=(city.paths[place],))) for place in ("community", "other"))
    for table, key, more in (
        ("letter", "number", "seq, office, sent_at) select 'H1', case_id, 4, 'office', now()"),
        ("paper", "paper_id", "name, received_by, received_at) select case_id, case_id, 'paper', 'who', now()"),
        (
            *("accompaniment", "accompaniment_id"),
            "centre, with_whom, by, made_at, reports) select case_id, case_id, 'centre', 'who', 'who', now(), 0",
        ),
        ("report_back", "number", "seq, office, sent_at) select 'B1', case_id, 4, 'office', now()"),
        (
            *("helper", "helper_id"),
            (
                "post_id, words, due_at, called_by, called_by_post_id, called_at, state)"
                " select case_id, case_id, case_id, 'words', now(), 'who', case_id, now(), 'asked'"
            ),
        ),
        (
            *("case_link", "link_id"),
            (
                "other_id, other_number, kind, words, by, made_at)"
                " select case_id, case_id, case_id, 'C1', 'same_cause', 'words', 'who', now()"
            ),
        ),
        (
            *("hotline_handover", "handover_id"),
            (
                "seq, case_number, gist, category, place, words, handed_at, reply_due)"
                " select case_id, case_id, 4, number, gist, '', '', '', now(), now()"
            ),
        ),
        (
            *("supervision", "supervision_id"),
            (
                "post_id, tier, since, counted_from, due_at, unit, count, rule_version, calendar_version, rank,"
                " repeats)"
                " select case_id, case_id, case_id, 'district', now(), now(), now(), 'same_day', 0, 1, 1, 1, 0"
            ),
        ),
        ("call_back", "appeal_id", f"{OF_CALL_BACK}) select case_id, case_id, 1, 4, 'person', now(), now(), 0"),
    ):
        added = f"insert into {table} ({key}, case_id, {more} from cases"
        assert mine.execute(text(added)).rowcount == 1
        (foreign,) = other.execute(text("select case_id from cases")).scalars()
        stolen = text(f"update {table} set case_id = :foreign")
        assert other.execute(stolen, {"foreign": foreign}).rowcount == 0
        assert (count(other, table), count(mine, table)) == (0, 1)
        with pytest.raises(ProgrammingError, match="row-level security"), mine.connection.begin_nested():
            mine.execute(stolen, {"foreign": foreign})


def test_a_dismissal_is_seen_by_who_sees_both_cases(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    opening.open_cases(uow, [make_appeal(city, "area"), make_appeal(city, "community"), make_appeal(city, "other")])
    here = uow_of("routing", scope=Scope(paths=(city.paths["community"],)))
    first, second = here.execute(text("select case_id from cases order by case_id")).scalars()
    suggestions.add_dismissal(here, second, first, by="li.na")
    assert count(here, "dismissal") == 1
    assert count(uow_of("routing", scope=Scope(paths=(city.paths["area"],))), "dismissal") == 0
    assert count(uow_of("routing", scope=Scope(paths=(city.paths["other"],))), "dismissal") == 0
    (foreign,) = (
        uow_of("routing", scope=Scope(paths=(city.paths["other"],)))
        .execute(text("select case_id from cases"))
        .scalars()
    )
    with pytest.raises(ProgrammingError, match="row-level security"), here.connection.begin_nested():
        suggestions.add_dismissal(here, first, foreign, by="li.na")


def test_nobody_writes_into_another_community(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    lay_rows(uow, city)
    mine = uow_of("routing", scope=Scope(paths=(city.paths["community"],)))
    changed = mine.execute(text("update cases set gist = 'x'"))
    assert changed.rowcount == 1
    with pytest.raises(ProgrammingError, match="row-level security"):
        mine.execute(text("update cases set placed_path = :path"), {"path": city.paths["other"]})


def test_nobody_moves_an_appeal_to_or_from_a_case_that_they_do_not_see(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    lay_rows(uow, city)
    mine, other = (uow_of("routing", scope=Scope(paths=(city.paths[place],))) for place in ("community", "other"))
    (foreign,) = other.execute(text("select case_id from cases")).scalars()
    move = text("update case_appeal set case_id = :foreign")
    with pytest.raises(ProgrammingError, match="row-level security"), mine.connection.begin_nested():
        mine.execute(move, {"foreign": foreign})
    assert other.execute(move, {"foreign": foreign}).rowcount == 1, "their own alone"


def test_history_can_neither_be_changed_nor_removed(uow: RolledBackUnitOfWork, city: City) -> None:
    lay_rows(uow, city)
    for statement in ("update case_entry set step = 'x'", "delete from case_entry"):
        with pytest.raises(ProgrammingError, match="permission denied"), uow.connection.begin_nested():
            uow.execute(text(statement))


def test_the_models_are_what_the_migrations_made(superuser: Connection) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    mine = set(models.metadata.tables)

    def is_mine(item: Any, name: str | None, kind: str, _reflected: bool, _against: Any) -> bool:
        return kind != "table" or name in mine

    context = MigrationContext.configure(superuser, opts={"include_object": is_mine, "compare_type": True})
    assert compare_metadata(context, models.metadata) == []


# Plans: a hundred thousand cases of a hundred communities, one in ten open, and each list reads a handful of pages.

COMMUNITIES, EACH, POSTS = 100, 1000, 3
#: One in so many is sealed, and open.
SEALED_OF = 410
FEW_PAGES = 400


@pytest.fixture
def crowd(superuser: Connection) -> dict[str, Any]:
    root, communities = uuid4(), [uuid4() for _ in range(COMMUNITIES)]
    paths = [f"/{root.hex}/{community.hex}/" for community in communities]
    posts = [uuid4() for _ in range(COMMUNITIES * POSTS)]
    fill = text("""
        insert into cases (case_id, number, version, head, state, queue, gist, channel, urgent, silent, complained_of,
            placed_path, taken_path, holder_post_id, promise_due, undelivered, received_at, opened_at, reports_owed,
            followed_since, calls_owed, planned_due, first_holder_post_id, seal, seen_by, standing, falls_due,
            excluding)
        select gen_random_uuid(), 'n' || n, 3, '', case when n % 10 = 0 then 'assigned' when n % 10 = 1 then 'answered'
            else 'closed' end, case when n % 100 = 2 then 'unsorted' end, 'gist', 'web', false, false, '{}',
            (cast(:paths as text[]))[n % :communities + 1], '/', (cast(:posts as uuid[]))[n % :posts_count + 1],
            cast(:now as timestamptz) + n * interval '1 minute', 0, :now, :now, (n % 110 = 0)::int,
            case when n % 200 = 10 then :now end,
            (n % 110 = 1)::int,
            case when n % 500 = 0 then cast(:now as timestamptz) + n * interval '1 day' end,
            case when n % 300 = 0 then (cast(:posts as uuid[]))[n / 300 % :posts_count + 1] end,
            case when n % :sealed_of = 0 then 'category' end, '{somebody}',
            case when n % 70 < 10 then 0 when n % 70 < 20 then 1 else 2 end,
            cast(:now as timestamptz) + n * interval '1 minute', case when n % 110 = 0 then 'solved' end
        from generate_series(1, :total) n
    """)
    counts = {
        "communities": COMMUNITIES,
        "posts_count": len(posts),
        "total": COMMUNITIES * EACH,
        "sealed_of": SEALED_OF,
    }
    superuser.execute(fill, {"paths": paths, "posts": [str(post) for post in posts], "now": NOW, **counts})
    superuser.execute(text("update cases set state = 'received' where queue is not null"))
    superuser.execute(
        text("""
        insert into deadline (deadline_id, case_id, kind, state, placed_path, taken_path, due_at, start_at, unit, count,
            zone, hours, rule_version, calendar_version, forecast, sealed, warn_at, standing)
        select case_id, case_id, 'promise', case when state = 'assigned' then 'open' else 'met' end, placed_path, '/',
            promise_due, received_at, 'working_days', 3, 'Asia/Shanghai', '[]', 1, 1, false, seal is not null,
            promise_due - interval '10 minutes', greatest(standing, 1)
        from cases
    """)
    )
    superuser.execute(
        text("""
        insert into case_appeal (appeal_id, case_id, number, language)
        select case_id, case_id, 'A' || substr(number, 2), 'zh' from cases
    """)
    )
    superuser.execute(text(f"{ORDER_EACH.text} and reports_owed > 0"))
    superuser.execute(
        text("""
        insert into accompaniment (accompaniment_id, case_id, centre, with_whom, by, made_at, reports)
        select case_id, case_id, 'centre', 'who', 'who', :now, 0 from cases where followed_since is not null
    """),
        {"now": NOW},
    )
    superuser.execute(ASK_EACH_FOR_A_PART)
    superuser.execute(CALL_EACH)
    superuser.execute(SUPERVISE_EACH)
    superuser.execute(text("update cases set papers_held = 1 where number like 'n%77'"))
    left = text("""
        insert into vacancy (post_id, path, found_at, dispatcher_post_id)
        select coalesce((cast(:posts as uuid[]))[n], gen_random_uuid()), (cast(:paths as text[]))[n % :communities + 1],
            :now, coalesce((cast(:posts as uuid[]))[n], gen_random_uuid())
        from generate_series(1, 20000) n
    """)
    lying = {"posts": [str(post) for post in posts], "paths": paths, "communities": COMMUNITIES}
    superuser.execute(left, {"now": NOW, **lying})
    counted = text("""
        insert into figure_kept (place_id, dimension, value, grain, first, path, kept)
        select md5(path)::uuid, d.dimension, case d.dimension
                when 'category' then 'municipal.' || v when 'post' then path || v else '' end,
            g.grain, g.first, path, 9
        from unnest(cast(:paths as text[])) as path
        cross join (values ('all', 1), ('category', 12), ('post', 8)) as d (dimension, n)
        cross join lateral generate_series(1, d.n) as v
        cross join lateral (
            select 'day', cast(:now as date) - n from generate_series(0, 60) n
            union all select 'month', (date_trunc('month', cast(:now as date)) - n * interval '1 month')::date
            from generate_series(0, 24) n
        ) as g (grain, first)
    """)
    superuser.execute(counted, {"now": NOW, "paths": paths})
    # Neither where rows lie nor how they are reached is by chance: other tests' rows, taken back, leave holes.
    superuser.execute(text("cluster figure_kept using pk_figure_kept"))
    superuser.execute(text("set local default_statistics_target = 2000"))
    for table in (
        *("cases", "deadline", "case_appeal", "case_grant", "pressing", "accompaniment"),
        *("helper", "call_back", "vacancy", "supervision", "figure_kept"),
    ):
        superuser.execute(text(f"analyze {table}"))
    return {"root": f"/{root.hex}/", "paths": paths, "posts": posts}


def assert_reads_little(
    uow: RolledBackUnitOfWork,
    index: str | None,
    run: Callable[[], object],
    *,
    most: int = FEW_PAGES,
    first: RolledBackUnitOfWork | None = None,
) -> None:
    for plan in plans_of(uow, run, first=first):
        found = list(nodes(plan))
        tables = (
            *("cases", "case_appeal", "deadline", "pressing", "accompaniment", "helper"),
            *("figure_kept", "dismissal", "supervision"),
        )
        scanned = [n for n in found if n["Node Type"] == "Seq Scan" and n.get("Relation Name") in tables]
        assert scanned == [], json.dumps(plan, indent=1)
        assert index is None or index in {node.get("Index Name") for node in found}, json.dumps(plan, indent=1)
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < most, json.dumps(plan, indent=1)


def test_lists_read_a_handful_of_pages_under_the_policy(crowd: dict[str, Any], uow_of: UnitOfWorkOf) -> None:
    path, posts = crowd["paths"][7], crowd["posts"][:2]
    clerk = uow_of("routing", scope=Scope(paths=(path,)))
    mayor = uow_of("routing", scope=Scope(paths=(crowd["root"],)))
    for uow, first in ((clerk, clerk), (mayor, mayor), (clerk, mayor), (mayor, clerk)):
        _lists_read_little(uow, path, posts, partial(assert_reads_little, uow, first=first))
    assert_reads_little(
        mayor, "ix_cases_place", lambda: cases.list_open_cases(mayor, [crowd["root"]], after_key=None, limit=51)
    )
    assert cases.count_sealed(mayor, [crowd["root"]]) == COMMUNITIES * EACH // SEALED_OF
    assert_reads_little(mayor, None, lambda: cases.count_sealed(mayor, [crowd["paths"][10]]))
    assert cases.count_unkept(mayor, [crowd["root"]]) == COMMUNITIES * EACH // SEALED_OF
    assert_reads_little(mayor, None, lambda: cases.count_unkept(mayor, [crowd["paths"][10]]))
    for rank in range(len(Standing)):
        key = (rank, path, NOW, UUID(int=0))
        assert_reads_little(
            *(mayor, "ix_cases_place"),
            lambda: cases.list_open_cases(mayor, [crowd["root"]], after_key=key, limit=51),  # noqa: B023  # called at once
        )

    _suggestions_read_little(uow_of, crowd["root"], crowd["paths"][10])
    _sweep_reads_little(uow_of)
    _one_case_reads_little(uow_of, path)
    _opening_reads_little(uow_of)


def test_adding_up_reads_what_it_adds_and_not_what_waits(
    uow: RolledBackUnitOfWork, city: City, superuser: Connection, uow_of: UnitOfWorkOf
) -> None:
    lay_rows(uow, city)
    counted = text("""
        insert into figure_increment (case_id, seq, at, figure, amount, day, place_id, path)
        select gen_random_uuid(), n, now(), 'kept', 1, current_date, :place, :path from generate_series(1, 2000) n
    """)
    as_superuser(superuser).execute(text("analyze figure_increment"))
    superuser.execute(counted, {"place": city.ids["community"], "path": city.paths["community"]})
    clock = uow_of("routing", role="clock")
    (plan,) = plans_of(clock, lambda: figures.fold(clock, limit=20))
    read = {node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "figure_increment"}
    assert read == {"Index Scan", "Tid Scan", "ModifyTable"}


def test_what_a_step_counts_finds_its_places_by_key(superuser: Connection, uow_of: UnitOfWorkOf) -> None:
    places = text("""
        insert into place_copy (place_id, version, code, name, aliases, tier, path, depth, state, opening_hours,
            changed_at)
        select gen_random_uuid(), 1, 'P' || n, 'n', '{}', 'building', '/' || n || '/', 1, 'active', '[]', now()
        from generate_series(1, 5000) n
    """)
    as_superuser(superuser).execute(places)
    superuser.execute(text("analyze place_copy"))
    consumer = uow_of("routing", role="consumer")
    appeal = make_appeal(lay_city(consumer))
    plans = plans_of(consumer, lambda: opening.open_cases(consumer, [appeal]))
    counting = [plan for plan in plans if "figure_increment" in {node.get("Relation Name") for node in nodes(plan)}]
    assert len(counting) == 1
    read = {node["Node Type"] for node in nodes(counting[0]) if node.get("Relation Name") == "place_copy"}
    assert read == {"Index Scan"}


SECTIONS = {
    Section.WAITING: "ix_cases_queue",
    Section.ASKED: "ix_cases_asked",
    Section.LEFT: "ix_vacancy_dispatcher",
}


def _lists_read_little(
    uow: RolledBackUnitOfWork, path: str, posts: list[UUID], reads_little: Callable[..., None]
) -> None:
    def worklist(*, answered: bool) -> list[Case]:
        return cases.list_worklist(uow, posts, answered=answered, after_key=None, limit=51)

    dispatching = [(posts[0], path)]
    reads_little("ix_cases_worklist", lambda: worklist(answered=False))
    reads_little("ix_cases_answered", lambda: worklist(answered=True))
    first: dict[str, Any] = {"after_key": None, "limit": 51}
    reads_little("ix_cases_transferred", lambda: cases.list_transferred(uow, posts, **first))
    reads_little("ix_cases_planned", lambda: cases.list_planned(uow, posts=posts, **first))
    reads_little("ix_cases_planned_place", lambda: cases.list_planned(uow, paths=[path], **first))
    reads_little("ix_cases_reports_owed", lambda: pressings.list_owed(uow, posts, **first))
    reads_little("ix_pressing_owed", lambda: pressings.list_given(uow, posts, **first))
    reads_little("ix_cases_followed", lambda: accompaniments.list_followed(uow, [path], **first))
    reads_little("ix_supervision_standing", lambda: supervisions.list_standing(uow, posts, **first))
    reads_little("ix_helper_owed", lambda: joint.list_parts(uow, posts, **first))
    others: dict[str, Any] = {**first, "handled_by": ("somebody", posts)}
    reads_little("ix_cases_calls_owed", lambda: call_backs.list_owed(uow, [path], **others))
    # All that lies with the vacant post is read, each case on a page of its own.
    with_a_vacancy = FEW_PAGES + COMMUNITIES * EACH // (COMMUNITIES * POSTS)
    for section, index in SECTIONS.items():
        reads_little(
            index,
            lambda: queue.list_queue(uow, dispatching, section=section, after_key=None, limit=51),  # noqa: B023  # called at once
            most=with_a_vacancy,
        )
    reads_little(
        "ix_cases_queue",
        lambda: queue.list_queue(uow, dispatching, after_key=None, limit=51),
        most=with_a_vacancy,
    )
    custody: dict[str, Any] = {"after_key": None, "limit": 51}
    for index in ("ix_cases_custody", "ix_cases_custody_place"):
        reads_little(index, lambda: cases.list_custody(uow, [path], posts, **custody))
    _figures_read_little(uow, path, reads_little)
    reads_little("ix_cases_place", lambda: cases.list_open_cases(uow, [path], after_key=None, limit=51))
    reads_little("ix_cases_excluding", lambda: cases.list_excluding(uow, [path], **first))
    reads_little("ix_deadline_place", lambda: cases.list_open_deadlines(uow, [path], after_key=None, limit=51))


#: A year that begins and ends within a month.
YEAR = Period(date(2025, 11, 24), date(2026, 11, 23))


def _figures_read_little(uow: RolledBackUnitOfWork, path: str, reads_little: Callable[..., None]) -> None:
    """Of a community, over a year: as many rows as there are months and days beside them, never cases."""
    reads_little("ix_figure_kept_first", lambda: figures.sum_up(uow, [path], YEAR))
    by_category: dict[str, Any] = {"by": Group.CATEGORY, "limit": 51}
    reads_little("ix_figure_kept_first", lambda: figures.sum_up(uow, [path], YEAR, **by_category), most=8 * FEW_PAGES)
    branch, post = (Group.CATEGORY, "municipal.1"), (Group.POST, f"{path}1")
    reads_little("ix_figure_kept_first", lambda: figures.sum_up(uow, [path], YEAR, of=branch))
    reads_little("ix_figure_kept_value", lambda: figures.sum_up(uow, [path], YEAR, of=post))


def _suggestions_read_little(uow_of: UnitOfWorkOf, root: str, path: str) -> None:
    """Of a community where a thousand are open, and of what half as many are looked at."""
    for scope in (root, path):
        _suggestions_read_little_to(uow_of("routing", scope=Scope(paths=(scope,))), path)


def _suggestions_read_little_to(uow: RolledBackUnitOfWork, path: str) -> None:
    case = cases.list_open_cases(uow, [path], after_key=None, limit=1)[0]
    for near in (
        lambda: suggestions.list_below(uow, case, [path]),
        lambda: suggestions.list_at(uow, case),
    ):
        assert_reads_little(uow, "ix_cases_place", near, most=2 * suggestions.LOOKED_AT)
    assert_reads_little(uow, "pk_dismissal", lambda: suggestions.list_dismissed(uow, case.case_id))
    days = {"since": case.received_at - WITHIN, "until": case.received_at + WITHIN}
    assert_reads_little(
        *(uow, "ix_cases_place", lambda: suggestions.list_near(uow, [(path, after(path))], **days)),
        most=2 * suggestions.LOOKED_AT,
    )
    assert_reads_little(uow, "pk_dismissal", lambda: suggestions.list_dismissed_of(uow, [case.case_id]))


def _sweep_reads_little(uow_of: UnitOfWorkOf) -> None:
    clock = uow_of("routing", role="clock", now=NOW + timedelta(hours=2))
    assert_reads_little(clock, "ix_deadline_due", lambda: cases.claim_due(clock, Claim(20)))
    assert_reads_little(clock, "ix_deadline_due", lambda: cases.find_due(clock, most=20))
    assert_reads_little(clock, "ix_deadline_warn", lambda: cases.claim_approaching(clock, Claim(20)))
    assert_reads_little(clock, "ix_supervision_due", lambda: clock.execute(supervisions._lapsed(clock, Claim(20))))
    assert_reads_little(clock, None, lambda: supervisions.claim_lapsed(clock, Claim(20)))
    # Each that is claimed lies with its case on pages of their own; nothing is of version 7 any more.
    since = NOW + timedelta(days=1)
    for version in (1, 7):
        assert_reads_little(
            clock,
            "ix_deadline_recount",
            lambda: recounts.claim_counted_by(clock, {version: since}, Claim(20)),  # noqa: B023  # called at once
        )
        duties = supervisions._counted_by(version, since, Claim(20))
        assert_reads_little(clock, "ix_supervision_recount", lambda: clock.execute(duties))  # noqa: B023  # the same
    operator = uow_of("routing", scope=Scope())
    assert_reads_little(operator, None, lambda: recounts.list_touched(operator, since, after_key=None, limit=20))


def _one_case_reads_little(uow_of: UnitOfWorkOf, path: str) -> None:
    clerk = uow_of("routing", scope=Scope(paths=(path,)))
    one = clerk.execute(text("select case_id from cases limit 1")).scalar_one()
    assert_reads_little(clerk, "pk_cases", lambda: cases.get_case_for_change(clerk, one))
    number = f"A{10 * COMMUNITIES + COMMUNITIES + 7}"
    assert_reads_little(clerk, "ix_case_appeal_number", lambda: cases.find_id_of_appeal(clerk, number))


def _opening_reads_little(uow_of: UnitOfWorkOf) -> None:
    consumer = uow_of("routing", role="consumer")
    event_ = make_appeal(lay_city(consumer))
    opening.open_cases(consumer, [event_])
    assert_reads_little(
        consumer, "pk_cases", lambda: cases.find_cases_of_appeals_for_change(consumer, [event_.appeal_id])
    )
