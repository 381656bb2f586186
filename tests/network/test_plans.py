"""A look at the copy costs what it finds: in a city of 250 communities and 20,000 posts no table is read whole."""

import json
from collections.abc import Callable

import pytest
from contracts.grid import Duty
from kit.auth import Claims
from kit.testing.servers import NOW, RolledBackUnitOfWork
from kit.testing.tokens import find_person
from network import people, posts
from routing.repository import network
from sqlalchemy import Connection, text

from tests.conftest import UnitOfWorkOf
from tests.plans import nodes, plans_of

#: Districts of a city, communities of a district, areas of a community, buildings of an area.
EACH = [10, 25, 6, 12]
COPIES = ("place_copy", "post_copy", "holding_copy")
FEW_PAGES = 250

_LAY_PLACES = text("""
with recursive tree(place_id, parent_id, path, depth) as (
    select id, cast(null as uuid), '/' || replace(cast(id as text), '-', '') || '/', 1
    from (select gen_random_uuid()) as root(id)
    union all
    select made.id, tree.place_id, tree.path || replace(cast(made.id as text), '-', '') || '/', tree.depth + 1
    from tree cross join lateral (
        select gen_random_uuid() from generate_series(1, (cast(:each as int[]))[tree.depth])
    ) as made(id)
)
insert into place_copy (place_id, version, code, name, aliases, tier, parent_id, path, depth, state, opening_hours,
    phone, changed_at)
select place_id, 1, 'code-' || place_id, 'name', '{}',
    (array['city', 'district', 'community', 'area', 'building'])[depth], parent_id, path, depth, 'active', '[]',
    case when depth = 3 then '12345' end, cast(:now as timestamptz) from tree
""")

_LAY_POSTS = text("""
insert into post_copy (post_id, version, code, title, duty, place_id, path, matters, retired)
select gen_random_uuid(), 1, 'code-' || gen_random_uuid(), duty, duty, place_id, path, '{}', false
from place_copy cross join lateral unnest(case
    when depth < 4 then array['dispatcher', 'supervisor', 'window_clerk', 'legal', 'bureau', 'department']
    when depth = 4 then array['area_chief'] else array['building_chief'] end) as duty
""")

_LAY_HOLDINGS = text("""
insert into holding_copy (post_id, stand_in, subject, since, name, contact_id)
select post_id, false, 'holder-' || row_number() over (), :now - interval '1 day', 'name', gen_random_uuid()
from post_copy
""")


@pytest.fixture
def big_city(uow_of: UnitOfWorkOf, database_of: Callable[[str], Connection]) -> RolledBackUnitOfWork:
    superuser = database_of("routing")
    superuser.execute(_LAY_PLACES, {"each": EACH, "now": NOW})
    superuser.execute(_LAY_POSTS)
    superuser.execute(_LAY_HOLDINGS, {"now": NOW})
    for table in COPIES:
        superuser.execute(text(f"analyze {table}"))
    return uow_of("routing")


def test_no_look_reads_a_table_of_the_copy_whole(big_city: RolledBackUnitOfWork) -> None:
    uow = big_city
    building = uow.execute(text("select path from place_copy where depth = 5 order by path limit 1")).scalar_one()
    seat = uow.execute(text("select post_id, subject from post_copy join holding_copy using (post_id) limit 1")).one()
    looks: dict[str, Callable[[], object]] = {
        "who it is": lambda: find_person(people.POSTS, uow.connection, Claims(seat.subject), NOW),
        "the places and seats of a line": lambda: network.get_network(uow, [building], list(Duty)),
        "the seats that somebody holds": lambda: posts.list_seats_held(uow, [seat.subject]),
        "a seat": lambda: posts.find_seat(uow, seat.post_id),
        "who is on duty": lambda: posts.list_on_duty(uow, [seat.post_id]),
        "the posts with a roster": lambda: posts.list_rostered(uow, [building], until=NOW, after_key=None, limit=50),
    }
    for name, look in looks.items():
        for plan in plans_of(uow, look):
            read = [node for node in nodes(plan) if node.get("Relation Name") in COPIES]
            whole = {node["Relation Name"] for node in read if node["Node Type"] == "Seq Scan"}
            few = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < FEW_PAGES
            assert (name, bool(read), whole, few) == (name, True, set(), True), json.dumps(plan, indent=1)
