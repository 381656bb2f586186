"""Legal matters and petitions are handed over to the district's centre the same day, the resident accompanied, and
followed until the centre has reported finally (domain.md, section 3): handing over closes nothing.
"""

from datetime import datetime
from uuid import UUID

from contracts.routing import CaseState
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.paging import Page, Sheet
from network import posts
from network.posts import Seat

from routing import events
from routing.domain.accompanying import Accompaniment, FollowedLine
from routing.domain.case import ACCOMPANIED, CENTRE_REPORTED, Case
from routing.domain.steps import Step
from routing.errors import CentreMissing
from routing.repository import accompaniments, cases
from routing.service import deadlines, supervising
from routing.service.dispatching import seat_for
from routing.service.reading import paths_of
from routing.service.taking import take


def accompany(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    version: int,
    with_whom: str,
    words: str,
    centre: str | None = None,
    to: UUID | None = None,
) -> Case:
    """It keeps the promise of these kinds; the holder goes on answering for it. ``to``: the centre's post."""
    case, holder, post_id = take(uow, case_id, Step.ACCOMPANY, version)
    seat = seat_for(uow, case, to) if to is not None else None
    name = centre or (seat.title if seat else None)
    if name is None:
        raise CentreMissing
    deadlines.mark_if_missed(uow, case)
    case.keep(at=uow.now)
    case.contact(at=uow.now)
    supervising.end(uow, case)
    case.state, case.queue, case.followed_since = CaseState.IN_PROGRESS, None, uow.now
    accompaniment = Accompaniment(
        accompaniment_id=new_id(uow.now),
        case_id=case.case_id,
        centre=name,
        centre_post_id=to,
        with_whom=with_whom,
        by=uow.person.subject,
        made_at=uow.now,
    )
    facts = {
        "accompaniment": str(accompaniment.accompaniment_id),
        "centre": seat.subject if seat else None,
        "promise_met": case.promise_met,
    }
    said = f"{name}，{with_whom}：{words}"
    case.record(ACCOMPANIED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=said)
    uow.publish(events.case_accompanied(uow, case, accompaniment, centre=seat, holder=holder))
    uow.publish(events.city_case_progressed(uow, case))
    cases.save_cases(uow, [case])
    accompaniments.add_accompaniment(uow, accompaniment)
    if seat is not None and seat.office_id is not None:
        cases.grant_to_office(uow, case, seat.office_id)
    return case


def enter_centre_report(uow: UnitOfWork, case_id: UUID, *, version: int, words: str, final: bool) -> Case:
    """What the centre says of it; after its final report the case can be answered."""
    case, holder, post_id = take(uow, case_id, Step.CENTRE_REPORT, version)
    accompaniment = accompaniments.get_open(uow, case_id)
    accompaniment.report(at=uow.now, final=final)
    case.followed_since = None if final else uow.now
    facts = {"accompaniment": str(accompaniment.accompaniment_id), "final": final}
    case.record(CENTRE_REPORTED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_centre_reported(uow, case, accompaniment, centre=_seat(uow, accompaniment), holder=holder))
    cases.save_cases(uow, [case])
    accompaniments.save_report(uow, accompaniment)
    return case


def list_followed(uow: UnitOfWork, page: Page, *, place_id: UUID | None = None) -> Sheet[FollowedLine]:
    """What centres have in hand at a place and below it, or wherever I may look; of an office, what lies with it."""
    position = page.after(int, datetime, UUID)
    paths, held = paths_of(uow, place_id), uow.person.post_ids
    found = accompaniments.list_followed(uow, paths, posts=held, after_key=position, limit=page.fetch)
    return page.sheet(found, position=lambda line: line.position)


def _seat(uow: UnitOfWork, accompaniment: Accompaniment) -> Seat | None:
    return posts.find_seat(uow, accompaniment.centre_post_id) if accompaniment.centre_post_id else None
