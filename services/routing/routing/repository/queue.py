"""What waits for a dispatcher: to be placed or sorted, to be ruled on, to be given to somebody who is there."""

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from network.models import holding
from network.posts import in_term
from sqlalchemy import ColumnElement, Select, all_, bindparam, exists, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from routing.domain.case import Case
from routing.domain.vacancy import Section
from routing.models import cases, vacancy
from routing.repository.rows import case_of
from routing.repository.standing import AT_THE_TOP, LINE, AfterDue, page_of

#: A process of the release before ends a case without ending what is asked of it.
_ASKED: ColumnElement[bool] = literal_column("(cases.ask is not null and cases.state in ('assigned', 'in_progress'))")
_DRAFTED: ColumnElement[bool] = literal_column("cases.draft is not null")
_DOING: ColumnElement[bool] = literal_column("cases.state in ('accepted', 'assigned', 'in_progress')")
_FOUND: ColumnElement[bool] = literal_column("vacancy.found_at is not null")
#: As the indexes of what is sealed spell it.
SEALED: ColumnElement[bool] = literal_column("(cases.seal is not null and cases.state <> 'closed')")
_WAITING: ColumnElement[bool] = cases.c.queue.is_not(None)

_ruling, _asking = holding.alias("ruling"), holding.alias("asking")
_ASKS_TOO = (
    exists()
    .where(_asking.c.post_id == cases.c.holder_post_id, in_term(_asking), _asking.c.subject == _ruling.c.subject)
    .correlate(cases, _ruling)
)
#: Somebody who neither asks it, nor holds the case by now, nor has an interest in it.
_SOMEBODY_RULES = (
    exists()
    .where(
        _ruling.c.post_id == cases.c.ruler_post_id,
        in_term(_ruling),
        _ruling.c.subject != cases.c.asked_by,
        _ruling.c.subject != all_(cases.c.complained_of),
        _ruling.c.subject != all_(cases.c.recused),
        ~_ASKS_TOO,
    )
    .correlate(cases)
)
_ME = bindparam("subject", type_=Text)
#: Nobody rules on what they ask, or on what lies with them.
_NOT_MINE = cases.c.holder_post_id != all_(bindparam("mine", type_=ARRAY(Uuid)))
_MAY_RULE = (cases.c.asked_by != _ME) & _NOT_MINE
#: Nor reviews what they wrote.
_MAY_REVIEW = (cases.c.answered_by != _ME) & _NOT_MINE
#: Whoever sees to a vacant post.
_seeing = holding.alias("seeing")
_WROTE_IT = (
    exists()
    .where(
        _seeing.c.post_id == vacancy.c.dispatcher_post_id, in_term(_seeing), _seeing.c.subject == cases.c.answered_by
    )
    .correlate(vacancy, cases)
)
_NO_INTEREST = all_(cases.c.recused) != _ME
_HOLDER_LEFT = exists().where(vacancy.c.post_id == cases.c.holder_post_id, _FOUND)


def list_queue(
    uow: UnitOfWork,
    posts: Collection[tuple[UUID, str]],
    *,
    section: Section | None = None,
    mine: Sequence[UUID] = (),
    after_key: AfterDue | None,
    limit: int,
) -> list[tuple[Case, bool]]:
    """What waits for these dispatchers (post, path), and whether its holder left. ``mine`` are all posts of whoever
    looks.
    """

    def seen(rows: Select[Any]) -> Select[Any]:
        page = page_of(rows.where(_NO_INTEREST), AT_THE_TOP, after_key=after_key, limit=limit).subquery()
        return select(page.c.case_id)

    sections = [_SECTIONS[section]] if section else _SECTIONS.values()
    parts = [seen(rows) for parts in sections for post_id, path in posts for rows in parts(post_id, path)]
    if not parts:
        return []
    merged = parts[0].union(*parts[1:]).subquery("waiting")
    statement = select(*LINE, _HOLDER_LEFT.label("holder_left")).join(merged, merged.c.case_id == cases.c.case_id)
    asked = {"now": uow.now, "subject": uow.by or "", "mine": list(mine)}
    rows = uow.execute(statement.order_by(*AT_THE_TOP).limit(limit), asked)
    return [(case_of(row, uow.now), row.holder_left) for row in rows]


def _waiting(post_id: UUID, path: str) -> list[Select[Any]]:
    """Placed, sorted or filled by nobody yet; with this dispatcher, or with none."""
    nobody = cases.c.holder_post_id.is_(None) & within(cases.c.placed_path, path)
    return [select(cases.c.case_id).where(whose, _WAITING) for whose in (cases.c.holder_post_id == post_id, nobody)]


def _asked(post_id: UUID, path: str) -> list[Select[Any]]:
    """Asked of this dispatcher; or of one at or below their place who cannot rule on it any more."""
    in_vain = within(cases.c.placed_path, path) & within(cases.c.ruler_path, path) & ~_SOMEBODY_RULES
    return [
        select(cases.c.case_id).where(whose, _ASKED, _MAY_RULE) for whose in (cases.c.ruler_post_id == post_id, in_vain)
    ]


def _drafted(post_id: UUID, path: str) -> list[Select[Any]]:
    """Answers that wait for this dispatcher's review, or for that of a post in which nobody acts any more; where who
    sees to that post wrote the answer, whoever is above them reviews it.
    """
    left = vacancy.join(cases, cases.c.reviewer_post_id == vacancy.c.post_id)
    mine = select(cases.c.case_id).where(cases.c.reviewer_post_id == post_id, _DRAFTED)
    theirs = within(vacancy.c.path, path) & _WROTE_IT
    instead = [
        select(cases.c.case_id).select_from(left).where(whose, _FOUND, _DRAFTED, _MAY_REVIEW)
        for whose in (*_left_to(post_id, path), theirs)
    ]
    return [mine, *instead]


def _left(post_id: UUID, path: str) -> list[Select[Any]]:
    """With a vacant post below this dispatcher's tier, or one of which no dispatcher was found; and what is sealed,
    which nobody sees but who keeps it. A vacant post's cases are read, then sorted.
    """
    kept = SEALED & (cases.c.keeper_post_id == post_id)
    return [
        select(cases.c.case_id)
        .select_from(vacancy.join(cases, cases.c.holder_post_id == vacancy.c.post_id))
        .where(whose, _FOUND, state)
        for whose in (*_left_to(post_id, path), kept)
        for state in (_DOING, _WAITING)
    ]


def _left_to(post_id: UUID, path: str) -> list[ColumnElement[bool]]:
    """Vacant posts that this dispatcher sees to, and those below them for which no dispatcher was found."""
    nobody = within(vacancy.c.path, path) & vacancy.c.dispatcher_post_id.is_(None)
    return [vacancy.c.dispatcher_post_id == post_id, nobody]


_SECTIONS: dict[Section, Callable[[UUID, str], list[Select[Any]]]] = {
    Section.WAITING: _waiting,
    Section.ASKED: _asked,
    Section.DRAFTED: _drafted,
    Section.LEFT: _left,
}
