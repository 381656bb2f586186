"""The buildings and areas that cases name as incidents."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import insert, select

from routing.domain.incident import NamedPlace
from routing.models import incident_place

_NAMED = select(incident_place).order_by(incident_place.c.telling, incident_place.c.place_id)


def list_named(uow: UnitOfWork, case_id: UUID) -> list[NamedPlace]:
    """Those of a case, as they were named."""
    return [NamedPlace(**row._mapping) for row in uow.execute(_NAMED.where(incident_place.c.case_id == case_id))]


def add_named(uow: UnitOfWork, new: Sequence[NamedPlace]) -> None:
    uow.execute(insert(incident_place), [asdict(each) for each in new])
