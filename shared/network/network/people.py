"""Who a signed-in person is: the posts that they hold at this instant, or stand in for."""

from datetime import datetime

from kit.auth import Claims, Person, Post
from sqlalchemy import Connection, and_, bindparam, or_, select

from network.models import holding, post

_POSTS = (
    select(
        post.c.post_id,
        post.c.duty,
        post.c.title,
        post.c.place_id,
        post.c.path,
        post.c.office_id,
        holding.c.stand_in,
    )
    .join(holding, holding.c.post_id == post.c.post_id)
    .where(
        holding.c.subject == bindparam("subject"),
        ~post.c.retired,
        and_(holding.c.since <= bindparam("now"), or_(holding.c.until.is_(None), holding.c.until > bindparam("now"))),
    )
    .order_by(post.c.path, post.c.post_id)
)


def find_person(connection: Connection, claims: Claims, now: datetime) -> Person:
    rows = connection.execute(_POSTS, {"subject": claims.subject, "now": now})
    return Person(claims.subject, claims.roles, tuple(Post(**row._mapping) for row in rows))
