"""Cases that may be the same trouble are put side by side; a person merges them, or says that they are two."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork, after
from kit.paging import Page, Sheet
from network.places import prefixes

from routing.domain import likeness
from routing.domain.case import Case
from routing.domain.likeness import Suggestion
from routing.domain.steps import WHO, Actor
from routing.errors import CaseNotFound, NotYourStep
from routing.repository import cases, links, network, suggestions
from routing.service.reading import CaseLine
from routing.service.taking import dispatches_above, seated

COMMUNITY = "community"

#: Behind a place's own path, and before the path of whatever lies below it.
_BEFORE_ANY_BELOW = " "


@dataclass(frozen=True)
class SideBySide:
    """A case and what may be the same; ``tiers``: by path, of which tier the places on its line are."""

    case: Case
    suggestions: list[Suggestion]
    tiers: dict[str, str]


@dataclass(frozen=True)
class Alike(CaseLine):
    """A case in a list, and what is likest to it."""

    suggestion: Suggestion
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


def list_alike(uow: UnitOfWork, page: Page) -> Sheet[Alike]:
    """Of what is open where I dispatch, each case that may be the same trouble as another, beside the likest. A page
    looks at as many cases as it may show, and passes over those that are like no other.
    """
    dispatched = [post.path for post in seated(uow.person) if post.dispatches]
    position = page.after(int, str, datetime, UUID)
    found = cases.list_open_cases(uow, dispatched, after_key=position, limit=page.fetch)
    sheet = page.sheet(found, position=lambda case: case.position_by_place)
    alike = _beside_the_likest(uow, [case for case in sheet.items if case.is_unsettled])
    links.hide(uow, [line.case for line in alike])
    return Sheet(alike, sheet.next)


def _beside_the_likest(uow: UnitOfWork, asked: list[Case]) -> list[Alike]:
    if not asked:
        return []
    tiers = network.list_tiers(uow, *(case.placed_path for case in asked))
    around = {case.case_id: _around(case, tiers) for case in asked}
    came = [case.received_at for case in asked]
    near = suggestions.list_near(
        uow, set(around.values()), since=min(came) - likeness.WITHIN, until=max(came) + likeness.WITHIN
    )
    dismissed = suggestions.list_dismissed_of(uow, [case.case_id for case in asked])
    found = []
    for case in asked:
        community, _ = around[case.case_id]
        others = [
            other
            for other in near[community]
            if other.case_id != case.case_id and frozenset((case.case_id, other.case_id)) not in dismissed
        ]
        likest = likeness.suggest(case, others, community=community)[:1]
        found += [Alike(case, uow.now, suggestion, tiers) for suggestion in likest]
    return found


def _around(case: Case, tiers: dict[str, str]) -> tuple[str, str]:
    """The range of paths in which others may be the same: its community's, or where none is known its own place's."""
    line = {path: tiers[path] for path in prefixes(case.placed_path) if path in tiers}
    community = next(iter(_from_the_community(line)), None)
    return (community, after(community)) if community else (case.placed_path, case.placed_path + _BEFORE_ANY_BELOW)


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
