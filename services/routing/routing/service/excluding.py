"""A case is taken out of a rate: its holder applies for it, and a second person of the tier above reviews that
(domain.md, section 4). How many were taken out stands beside the rate.
"""

from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.paging import Page, Sheet
from network import posts

from routing import events
from routing.domain.case import EXCLUSION_ASKED, EXCLUSION_REVIEWED, Case
from routing.domain.counting import count, taken_out
from routing.domain.figures import Rate
from routing.domain.steps import Step
from routing.errors import AlreadyExcluded
from routing.repository import cases, policy
from routing.service.reading import CaseLine, lines, paths_of
from routing.service.taking import take


def ask_exclusion(uow: UnitOfWork, case_id: UUID, *, version: int, rate: Rate, words: str) -> Case:
    """It counts until the review has taken it out."""
    case, _, post_id = take(uow, case_id, Step.ASK_EXCLUSION, version)
    if case.tally is not None and rate.value in case.tally.excluded:
        raise AlreadyExcluded(rate)
    case.ask_exclusion(rate, by=uow.by)
    case.record(EXCLUSION_ASKED, at=uow.now, by=uow.by, post_id=post_id, facts={"rate": rate.value}, words=words)
    uow.publish(events.exclusion_asked(uow, case, rate))
    cases.save_cases(uow, [case])
    return case


def review_exclusion(uow: UnitOfWork, case_id: UUID, *, version: int, granted: bool, words: str) -> Case:
    """Granted, what it has counted in the rate is taken back where it was counted, and nothing of it counts later."""
    case, _, post_id = take(uow, case_id, Step.REVIEW_EXCLUSION, version)
    rate, asked_by = case.excluding, case.excluding_by
    assert rate is not None
    assert asked_by is not None
    _, counts = count(None, cases.list_entries(uow, case), zone=policy.get_zone(uow))
    taken = taken_out(rate, counts) if granted else []
    applicant = next((seat for seat in posts.list_seats_held(uow, [asked_by]) if seat.subject == asked_by), None)
    told = applicant.subject if applicant else None
    facts = {"rate": rate.value, "granted": granted, "asked_by": asked_by, "applicant": told, "taken": taken}
    case.ask_exclusion(None, by=None)
    case.record(EXCLUSION_REVIEWED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.exclusion_reviewed(uow, case, rate, granted=granted, asked_by=asked_by, applicant=applicant))
    cases.save_cases(uow, [case])
    return case


def list_asked(uow: UnitOfWork, page: Page, *, place_id: UUID | None = None) -> Sheet[CaseLine]:
    """Applications that nobody has reviewed yet."""
    position = page.after(int, str, datetime, UUID)
    found = cases.list_excluding(uow, paths_of(uow, place_id), after_key=position, limit=page.fetch)
    return lines(uow, page.sheet(found, position=lambda case: case.position_by_place))
