"""By what people name a case: its id, its number, or the number of an appeal in it, however they are typed."""

from collections.abc import Sequence
from uuid import UUID

from kit.db import UnitOfWork
from kit.numbers import parse_name

from routing.errors import CaseNotFound, NamedTwice
from routing.repository import cases

CASE_PREFIX, APPEAL_PREFIX = "C", "A"


def find_id(uow: UnitOfWork, named: str, *, field: str) -> UUID | None:
    """None where it is not to be seen."""
    name = parse_name(named, APPEAL_PREFIX, CASE_PREFIX, field=field)
    if isinstance(name, UUID):
        return name
    return cases.find_id_of_appeal(uow, name) if name.startswith(APPEAL_PREFIX) else cases.find_id(uow, name)


def get_id(uow: UnitOfWork, named: str, *, field: str) -> UUID:
    """What is not to be seen is not found."""
    case_id = find_id(uow, named, field=field)
    if case_id is None:
        raise CaseNotFound(None)
    return case_id


def find_ids(uow: UnitOfWork, named: Sequence[str], *, field: str) -> list[UUID | None]:
    """Of several, each of them once."""
    found = [find_id(uow, name, field=f"{field}/{place}/case_id") for place, name in enumerate(named)]
    first: dict[UUID, int] = {}
    for place, case_id in enumerate(found):
        if case_id is not None and first.setdefault(case_id, place) != place:
            raise NamedTwice(place + 1, first[case_id] + 1, field=field)
    return found
