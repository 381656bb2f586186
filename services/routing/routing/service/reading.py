"""What may be seen: a case, its history, and the lists of what is open. Every list is a page over a partial index."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.paging import Page, Sheet
from network import places, posts
from network.posts import Seat

from routing.domain import steps
from routing.domain.accompanying import Accompaniment
from routing.domain.assignment import ReportBack
from routing.domain.call_back import CallBack
from routing.domain.case import LINKED, NOTICE_NOT_DELIVERED, UNLINKED, Case, Deadline
from routing.domain.chain import Entry, list_faults
from routing.domain.helping import Helper
from routing.domain.hotline import HandedOver
from routing.domain.incident import NamedPlace
from routing.domain.linking import LinkSeen
from routing.domain.pressing import Pressing
from routing.domain.recording import Letter, Paper
from routing.domain.sealing import Opened
from routing.domain.steps import Step
from routing.domain.vacancy import Section, Why, why_it_waits
from routing.errors import UnknownPlaceAsked
from routing.repository import (
    accompaniments,
    call_backs,
    cases,
    hotline,
    incidents,
    joint,
    links,
    pressings,
    queue,
    records,
    reports_back,
)
from routing.service.sealing import note_opening
from routing.service.taking import holder_in, recall, seated


@dataclass(frozen=True)
class HelperSeen:
    """A helper with who answers in that post now."""

    helper: Helper
    seat: Seat | None


@dataclass(frozen=True)
class CaseDetail:
    """A case with who answers for it now, what whoever looks may do with it, how its holder has been pressed, who
    helps, with which it is linked, what its residents say of its answers, what could not be delivered, what was
    reported to whoever assigned it, what was sent to others and is in custody, which buildings it
    names, and which centres it was handed over to.
    """

    case: Case
    holder: Seat | None
    steps: list[Step]
    pressings: list[Pressing]
    helpers: list[HelperSeen]
    links: list[LinkSeen]
    call_backs: list[CallBack]
    undelivered: list[Entry]
    reports_back: list[ReportBack]
    hotline_handovers: list[HandedOver]
    letters: list[Letter]
    papers: list[Paper]
    incident: list[NamedPlace]
    accompaniments: list[Accompaniment]
    now: datetime


@dataclass(frozen=True)
class History:
    """A case's entries, and what is wrong with their chain; nothing when it is whole."""

    entries: list[Entry]
    faults: list[str]


@dataclass(frozen=True)
class CaseLine:
    """A case in a list, as of now."""

    case: Case
    now: datetime


@dataclass(frozen=True)
class QueueLine(CaseLine):
    why: list[Why]


@dataclass(frozen=True)
class Queued:
    """What waits for who asks; ``unkept``: how much that is sealed lies below them with nobody."""

    sheet: Sheet[QueueLine]
    unkept: int


@dataclass(frozen=True)
class CustodyLine(CaseLine):
    papers: list[Paper]


@dataclass(frozen=True)
class OpenCases:
    """What is open at a place; ``sealed``: how much more there is that is not for who asks to see."""

    sheet: Sheet[CaseLine]
    sealed: int


def get_case(uow: UnitOfWork, case_id: UUID) -> CaseDetail:
    case, holder = cases.get_case_and_holder(uow, case_id)
    note_opening(uow, case, Opened.CASE)
    recall(uow, case)
    links.hide(uow, [case])
    entries = cases.list_entries(uow, case) if case.undelivered else []
    linked = links.list_of_case(uow, case_id) if case.links_seen else []
    mine = steps.steps_for(case, seated(uow.person), subject=uow.person.subject, holder=holder_in(holder), now=uow.now)
    undelivered = [entry for entry in entries if entry.step == NOTICE_NOT_DELIVERED]
    pressed = pressings.list_of_case(uow, case_id) if case.pressings else []
    helping = _helpers(uow, case_id) if case.helpers else []
    rated = call_backs.list_of_case(uow, case_id) if case.answered_at else []
    letters = records.list_letters(uow, case_id) if case.letters else []
    papers = records.list_papers_held(uow, case_id) if case.papers_held else []
    handed_over = accompaniments.list_of_case(uow, case_id) if case.kind in steps.FOR_CENTRES else []
    reported = reports_back.list_of_case(uow, case_id) if case.report_back else []
    asked = hotline.list_of_case(uow, case_id) if case.hotline_handovers else []
    named = incidents.list_named(uow, case_id) if case.tellings else []
    return CaseDetail(
        *(case, holder, mine, pressed, helping, linked, rated, undelivered, reported, asked),
        *(letters, papers, named, handed_over, uow.now),
    )


def _helpers(uow: UnitOfWork, case_id: UUID) -> list[HelperSeen]:
    found = joint.list_of_case(uow, case_id)
    seats = posts.list_seats_of(uow, {helper.post_id for helper in found})
    return [HelperSeen(helper, seats.get(helper.post_id)) for helper in found]


def get_history(uow: UnitOfWork, case_id: UUID) -> History:
    case = cases.get_case(uow, case_id)
    note_opening(uow, case, Opened.HISTORY)
    entries = cases.list_entries(uow, case)
    faults = list_faults(entries, head=case.head, length=case.version)
    return History(_without_what_is_sealed(uow, case_id, entries), faults)


def _without_what_is_sealed(uow: UnitOfWork, case_id: UUID, entries: list[Entry]) -> list[Entry]:
    """Which case was linked, and why, is asked about again, was merged or split off, is not read by whoever that is
    sealed to by now.
    """
    told = _without_sealed_links(uow, case_id, entries)
    return [each.without(*_sealed_names(uow, each)) for each in told]


def _sealed_names(uow: UnitOfWork, entry: Entry) -> list[str]:
    named = {name: entry.facts[name] for name in _OTHER_CASES if entry.facts.get(name) is not None}
    hidden = [name for name, other in named.items() if cases.is_sealed_to_me(uow, UUID(other))]
    return [*hidden, *(f"{name}_number" for name in hidden)]


def _without_sealed_links(uow: UnitOfWork, case_id: UUID, entries: list[Entry]) -> list[Entry]:
    if not any(entry.step in _OF_LINKS for entry in entries):
        return entries
    known = {str(link_id) for link_id in links.list_ids(uow, case_id)}
    return [
        entry if entry.step not in _OF_LINKS or entry.facts["link_id"] in known else entry.without_content()
        for entry in entries
    ]


_OF_LINKS = (LINKED, UNLINKED)
#: The facts of an entry that are another case's id; its number stands beside each.
_OTHER_CASES = ("follows", "into", "from")


def lines(uow: UnitOfWork, sheet: Sheet[Case]) -> Sheet[CaseLine]:
    """As of now, and with no more links than whoever reads them may know of."""
    links.hide(uow, sheet.items)
    return sheet.of(lambda case: CaseLine(case, uow.now))


def list_worklist(uow: UnitOfWork, page: Page, *, answered: bool = False) -> Sheet[CaseLine]:
    """What lies with my posts."""
    held = uow.person.post_ids
    position = page.after(int, datetime, UUID)
    found = cases.list_worklist(uow, held, answered=answered, after_key=position, limit=page.fetch)
    return lines(uow, page.sheet(found, position=lambda case: case.position))


def list_transferred(uow: UnitOfWork, page: Page) -> Sheet[CaseLine]:
    """What my posts took up first and lies with another by now: they see it to its end."""
    held = uow.person.post_ids
    found = cases.list_transferred(uow, held, after_key=page.after(int, datetime, UUID), limit=page.fetch)
    return lines(uow, page.sheet(found, position=lambda case: case.position))


def list_planned(uow: UnitOfWork, page: Page, *, place_id: UUID | None = None) -> Sheet[CaseLine]:
    """What is planned, of each standing by its day: at a place and below it, or of my posts."""
    position = page.after(int, datetime, UUID)
    if place_id is not None:
        found = cases.list_planned(uow, paths=paths_of(uow, place_id), after_key=position, limit=page.fetch)
    else:
        held = uow.person.post_ids
        found = cases.list_planned(uow, posts=held, after_key=position, limit=page.fetch)
    sheet = page.sheet(found, position=lambda case: (case.standing.rank, case.planned_due, case.case_id))
    return lines(uow, sheet)


def list_queue(uow: UnitOfWork, page: Page, *, section: Section | None = None) -> Sheet[QueueLine]:
    """What waits for me as a dispatcher, is asked of me, or lies with nobody below my tier."""
    dispatched = [(post.post_id, post.path) for post in seated(uow.person) if post.dispatches]
    found = queue.list_queue(
        *(uow, dispatched),
        section=section,
        mine=uow.person.post_ids,
        after_key=page.after(int, datetime, UUID),
        limit=page.fetch,
    )
    sheet = page.sheet(found, position=lambda row: row[0].position)
    links.hide(uow, [case for case, _ in sheet.items])
    return sheet.of(lambda row: QueueLine(row[0], uow.now, why_it_waits(row[0], holder_left=row[1])))


def get_queue(uow: UnitOfWork, page: Page, *, section: Section | None = None) -> Queued:
    """The same; and how much that is sealed lies with nobody, for whoever oversees a place, who has the post filled."""
    overseen = {post.path for post in seated(uow.person) if post.oversees}
    highest = [path for path in overseen if not any(path != above and path.startswith(above) for above in overseen)]
    return Queued(list_queue(uow, page, section=section), cases.count_unkept(uow, highest))


def list_custody(uow: UnitOfWork, page: Page, *, place_id: UUID | None = None) -> Sheet[CustodyLine]:
    """Of which cases originals are kept at a place and below it or by my own posts."""
    held = uow.person.post_ids if place_id is None else []
    position = page.after(int, datetime, UUID)
    found = cases.list_custody(uow, paths_of(uow, place_id), held, after_key=position, limit=page.fetch)
    sheet = page.sheet(found, position=lambda case: case.position)
    papers = records.list_papers_held_of(uow, [case.case_id for case in sheet.items])
    links.hide(uow, sheet.items)
    return sheet.of(lambda case: CustodyLine(case, uow.now, papers[case.case_id]))


def list_open_cases(uow: UnitOfWork, page: Page, *, place_id: UUID | None = None, suggested: bool = False) -> OpenCases:
    """What is open at a place and below it, or wherever I may look; or of that what was sorted by its words alone."""
    position = page.after(int, str, datetime, UUID)
    paths = paths_of(uow, place_id)
    found = cases.list_open_cases(uow, paths, suggested=suggested, after_key=position, limit=page.fetch)
    sheet = page.sheet(found, position=lambda case: case.position_by_place)
    return OpenCases(lines(uow, sheet), cases.count_sealed(uow, paths))


def list_open_deadlines(
    uow: UnitOfWork, page: Page, *, place_id: UUID | None = None, forecast: bool = False
) -> Sheet[tuple[UUID, Deadline]]:
    """The deadlines that still run at a place and below it, or those that hang on a forecast: what is at risk first,
    of each place by place what falls due first.
    """
    position = page.after(int, str, datetime, UUID)
    paths = paths_of(uow, place_id)
    found = cases.list_open_deadlines(uow, paths, forecast=forecast, after_key=position, limit=page.fetch)
    sheet = page.sheet(found, position=lambda row: row[0])
    return sheet.of(lambda row: (row[1], row[2]))


def paths_of(uow: UnitOfWork, place_id: UUID | None) -> list[str]:
    if place_id is None:
        return list(uow.person.scope.paths)
    place = places.find_place(uow, place_id)
    if place is None:
        raise UnknownPlaceAsked
    return [place.path]
