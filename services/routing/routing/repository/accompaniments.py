"""What has been handed over to centres, and is followed until they have reported finally."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from sqlalchemy import ColumnElement, Row, insert, literal_column, select, update

from routing.domain.accompanying import Accompaniment, FollowedLine
from routing.domain.case import Standing
from routing.models import accompaniment, cases
from routing.repository.rows import told_gist
from routing.repository.standing import AfterDue, page_of

_NAMES = [field.name for field in fields(Accompaniment)]
_COLUMNS = [accompaniment.c[name] for name in _NAMES]
_OF_CASE = [
    cases.c.number.label("case_number"),
    *(cases.c[name] for name in ("gist", "seal", "version", "holder_post_id", "followed_since", "standing")),
]
#: A process of the release before ends a case without ending that it is followed.
_FOLLOWED: ColumnElement[bool] = literal_column("cases.followed_since is not null and cases.state <> 'closed'")


def add_accompaniment(uow: UnitOfWork, new: Accompaniment) -> None:
    uow.execute(insert(accompaniment), [asdict(new)])


def get_open(uow: UnitOfWork, case_id: UUID) -> Accompaniment:
    """The one that its centre has not reported on finally."""
    statement = select(*_COLUMNS).where(accompaniment.c.case_id == case_id, accompaniment.c.final_at.is_(None))
    return _accompaniment(uow.execute(statement).one())


def save_report(uow: UnitOfWork, reported: Accompaniment) -> None:
    names = ("reports", "reported_at", "final_at")
    statement = update(accompaniment).where(accompaniment.c.accompaniment_id == reported.accompaniment_id)
    uow.execute(statement.values({name: getattr(reported, name) for name in names}))


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[Accompaniment]:
    statement = select(*_COLUMNS).where(accompaniment.c.case_id == case_id)
    return [_accompaniment(row) for row in uow.execute(statement.order_by(accompaniment.c.accompaniment_id))]


def list_followed(
    uow: UnitOfWork,
    paths: Sequence[str],
    *,
    posts: Collection[UUID] = (),
    after_key: AfterDue | None,
    limit: int,
) -> list[FollowedLine]:
    """What centres have in hand at these places or below, or, where there are none, of what lies with these posts; of
    each standing the longest without a word first.
    """
    whose = within(cases.c.placed_path, *paths) if paths else cases.c.holder_post_id.in_(posts)
    followed = (
        select(*_COLUMNS, *_OF_CASE)
        .join(cases, cases.c.case_id == accompaniment.c.case_id)
        .where(_FOLLOWED, whose, accompaniment.c.final_at.is_(None))
    )
    by_word = (cases.c.standing, cases.c.followed_since, cases.c.case_id)
    return [
        FollowedLine(
            *(_accompaniment(row), row.case_number, told_gist(row), row.version),
            *(row.holder_post_id, row.followed_since, Standing.ranked(row.standing)),
        )
        for row in uow.execute(page_of(followed, by_word, after_key=after_key, limit=limit))
    ]


def _accompaniment(row: Row[Any]) -> Accompaniment:
    return Accompaniment(**{name: row._mapping[name] for name in _NAMES})
