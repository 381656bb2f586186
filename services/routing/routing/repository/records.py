"""What the handling record keeps beside the history: letters, and papers in custody."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import insert, select, update

from routing.domain.recording import Letter, Paper
from routing.models import letter, paper

_LETTERS = select(letter).order_by(letter.c.seq)
_HELD = (
    select(*(paper.c[name] for name in Paper.__dataclass_fields__))
    .where(paper.c.returned_at.is_(None))
    .order_by(paper.c.received_at, paper.c.name, paper.c.paper_id)
)


def list_letters(uow: UnitOfWork, case_id: UUID) -> list[Letter]:
    """All of a case's, answered ones among them, as they were sent."""
    return [Letter(**row._mapping) for row in uow.execute(_LETTERS.where(letter.c.case_id == case_id))]


def add_letter(uow: UnitOfWork, new: Letter) -> None:
    uow.execute(insert(letter), [asdict(new)])


def save_replied(uow: UnitOfWork, number: str, *, at: datetime) -> None:
    uow.execute(update(letter).where(letter.c.number == number).values(replied_at=at))


def list_papers_held(uow: UnitOfWork, case_id: UUID) -> list[Paper]:
    """Those in custody, as they came."""
    return [Paper(**row._mapping) for row in uow.execute(_HELD.where(paper.c.case_id == case_id))]


def list_papers_held_of(uow: UnitOfWork, case_ids: Collection[UUID]) -> dict[UUID, list[Paper]]:
    """The same of several cases at once."""
    found: dict[UUID, list[Paper]] = {case_id: [] for case_id in case_ids}
    for row in uow.execute(_HELD.where(paper.c.case_id.in_(case_ids))):
        found[row.case_id].append(Paper(**row._mapping))
    return found


def add_papers(uow: UnitOfWork, new: Sequence[Paper]) -> None:
    uow.execute(insert(paper), [asdict(each) for each in new])


def save_returned(uow: UnitOfWork, given_back: Sequence[Paper], *, by: str, at: datetime) -> None:
    statement = update(paper).where(paper.c.paper_id.in_([each.paper_id for each in given_back]))
    uow.execute(statement.values(returned_by=by, returned_at=at))
