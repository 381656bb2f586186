"""What is said when everything answers: the address, who can sign in, and a first appeal."""

from pathlib import Path

import psycopg

from local.home import Home
from local.people import PEOPLE
from local.postgres import Postgres

#: Of each tier and duty the first, by the codes of their places.
SHOWN = """
    select subject, name, string_agg(what, '、' order by what) from (
        select distinct on (place.depth, post.duty) place.depth, post.duty, holder.subject, holder.name,
            post.title || ' ' || place.name as what
        from holding
        join holder on holder.id = holder_id join post on post.id = post_id join place on place.id = place_id
        where not holding.stand_in and holding.until is null and post.duty = any(%s)
        order by place.depth, post.duty, place.code, post.code
    ) as firsts
    group by subject, name order by min(depth), min(duty), subject limit 8
"""
DUTIES = ["dispatcher", "supervisor", "window_clerk", "area_chief"]

_CURL = """\
curl -sS {address}/intake/v1/appeals \\
  -H "Authorization: Bearer $({baiyang} token resident)" \\
  -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H "Content-Type: application/json" \\
  -d '{body}'"""

#: The city is named: beside a second one, what speaks of no place would be nobody's to place.
_BODY = '{{"channel": "web", {city}"who": {{"kind": "anonymous"}}, "words": "楼前的路灯坏了两天，晚上老人看不清路。"}}'
_CITY = "select code from place where depth = 1 and state = 'active' order by id limit 1"


def greeting(home: Home, postgres: Postgres) -> str:
    people = [*_staff(postgres), *((name, "", ", ".join(roles)) for name, roles in PEOPLE.items())]
    width = max(len(subject) for subject, _, _ in people)
    lines = [f"  {subject:{width}}  {f'{name} {what}'.strip()}" for subject, name, what in people]
    return "\n".join(
        [
            "",
            f"Baiyang answers at {home.address}",
            "",
            f"Who can sign in, with {_baiyang(home)} token NAME (no password on this machine):",
            *lines,
            "",
            "A first appeal:",
            _CURL.format(address=home.address, baiyang=_baiyang(home), body=_BODY.format(city=_city(postgres))),
            "",
        ]
    )


def _baiyang(home: Home) -> str:
    usual = home.path == Path(".local").resolve()
    return ".venv/bin/baiyang" if usual else f"BAIYANG_HOME={home.path} .venv/bin/baiyang"


def _staff(postgres: Postgres) -> list[tuple[str, str, str]]:
    try:
        with postgres.connect("grid") as connection:
            return [(str(s), str(n), str(w)) for s, n, w in connection.execute(SHOWN, [DUTIES]).fetchall()]
    except psycopg.Error:
        return []


def _city(postgres: Postgres) -> str:
    try:
        with postgres.connect("grid") as connection:
            row = connection.execute(_CITY).fetchone()
    except psycopg.Error:
        return ""
    return f'"city": "{row[0]}", ' if row else ""
