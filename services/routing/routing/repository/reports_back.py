"""Reports to whoever assigned a case from above."""

from dataclasses import asdict
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import insert, select, update

from routing.domain.assignment import ReportBack
from routing.models import report_back

_ALL = select(report_back).order_by(report_back.c.seq)


def add_report(uow: UnitOfWork, new: ReportBack) -> None:
    uow.execute(insert(report_back), [asdict(new)])


def list_of_case(uow: UnitOfWork, case_id: UUID) -> list[ReportBack]:
    """As they were sent; what they said of each."""
    return [ReportBack(**row._mapping) for row in uow.execute(_ALL.where(report_back.c.case_id == case_id))]


def save_reviewed(uow: UnitOfWork, reviewed: ReportBack) -> None:
    statement = update(report_back).where(report_back.c.number == reviewed.number)
    uow.execute(statement.values(accepted=reviewed.accepted, reviewed_at=reviewed.reviewed_at))
