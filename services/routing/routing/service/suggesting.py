"""Cases that may be the same trouble are put side by side; a person merges them, or says that they are two."""

from dataclasses import dataclass
from uuid import UUID

from kit.db import UnitOfWork

from routing.domain import likeness
from routing.domain.case import Case
from routing.domain.likeness import Suggestion
from routing.domain.steps import WHO, Actor
from routing.errors import CaseNotFound, NotYourStep
from routing.repository import cases, network, suggestions
from routing.service.taking import dispatches_above

COMMUNITY = "community"


@dataclass(frozen=True)
class SideBySide:
    """A case and what may be the same; ``tiers``: by path, of which tier the places on its line are."""

    case: Case
    suggestions: list[Suggestion]
    tiers: dict[str, str]


def list_suggestions(uow: UnitOfWork, case_id: UUID) -> SideBySide:
    """Of what may be seen; nothing of what is answered."""
    case = cases.get_case(uow, case_id)
    tiers = network.list_tiers(uow, case.placed_path)
    if not case.is_unsettled:
        return SideBySide(case, [], tiers)
    line = _from_the_community(tiers)
    near = suggestions.list_below(uow, case, line[:2]) if line else suggestions.list_at(uow, case)
    dismissed = suggestions.list_dismissed(uow, case.case_id)
    open_ones = [each for each in near if each.case_id not in dismissed]
    return SideBySide(case, likeness.suggest(case, open_ones, community=line[0] if line else case.placed_path), tiers)


def dismiss_suggestion(uow: UnitOfWork, case_id: UUID, other_id: UUID) -> SideBySide:
    """They are two: not suggested again, on either of them. For whoever may merge the case."""
    case, other = cases.get_case(uow, case_id), cases.get_case(uow, other_id)
    if case.case_id == other.case_id:
        raise CaseNotFound(other_id)
    if not dispatches_above(uow.person, case.placed_path):
        raise NotYourStep("dismiss", [WHO[Actor.DISPATCHER]])
    suggestions.add_dismissal(uow, case_id, other_id, by=uow.person.subject)
    return list_suggestions(uow, case_id)


def _from_the_community(tiers: dict[str, str]) -> list[str]:
    """The places on its line from its community down; none where only the district, or nothing, is known."""
    line = list(tiers)
    return next((line[place:] for place, path in enumerate(line) if tiers[path] == COMMUNITY), [])
