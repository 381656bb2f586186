"""Letters to offices that are not on the platform, reports to those that assigned a case, orders, instructions, and
receipts for originals, as pages to print: they say what was written, and no more.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.routing import PressingKind
from kit.db import UnitOfWork
from kit.numbers import parse_number
from network import posts

from routing.domain.assignment import ReportBack
from routing.domain.case import PRESSED, Case
from routing.domain.chain import Entry
from routing.domain.recording import Letter, papers_in
from routing.domain.sealing import Opened
from routing.errors import LetterNotFound, PressingNotFound, ReceiptNotFound, ReportBackNotFound
from routing.repository import cases, network, policy, pressings, records, reports_back
from routing.service.recording import LETTER_LENGTH, LETTER_PREFIX
from routing.service.reporting_back import REPORT_LENGTH, REPORT_PREFIX
from routing.service.sealing import note_opening

if TYPE_CHECKING:
    from jinja2 import Environment


def print_letter(uow: UnitOfWork, case_id: UUID, typed: str) -> str:
    """HTML for one sheet of A4, Chinese first."""
    number = parse_number(typed, LETTER_PREFIX, LETTER_LENGTH, field="/number", on="the letter")
    case = cases.get_case(uow, case_id)
    letter = next((each for each in records.list_letters(uow, case.case_id) if each.number == number), None)
    if letter is None:
        raise LetterNotFound(number)
    return _print(uow, case, letter, "letter.html")


def print_report_back(uow: UnitOfWork, case_id: UUID, typed: str) -> str:
    """The same for a report to whoever assigned the case."""
    number = parse_number(typed, REPORT_PREFIX, REPORT_LENGTH, field="/number", on="the report")
    case = cases.get_case(uow, case_id)
    report = next((each for each in reports_back.list_of_case(uow, case.case_id) if each.number == number), None)
    if report is None:
        raise ReportBackNotFound(number)
    return _print(uow, case, report, "report_back.html")


def print_pressing(uow: UnitOfWork, case_id: UUID, pressing_id: UUID) -> str:
    """An order or an instruction, for its signature; to whoever holds the case by now, with what they reported."""
    case = cases.get_case(uow, case_id)
    pressing = pressings.get_pressing(uow, pressing_id)
    if pressing.case_id != case.case_id or pressing.kind is PressingKind.NUDGE:
        raise PressingNotFound(pressing_id)
    note_opening(uow, case, Opened.LETTER)
    made = (each for each in cases.list_entries(uow, case) if each.step == PRESSED)
    entry = next(each for each in made if each.facts["number"] == pressing.number)
    holder = posts.find_seat(uow, case.holder_post_id) if case.holder_post_id else None
    return _page(
        *(uow, case, entry, "pressing.html"),
        number=pressing.number,
        pressing=pressing,
        due_on=_local(uow, case, pressing.due_at) if pressing.due_at else None,
        reported_on=_local(uow, case, pressing.reported_at) if pressing.reported_at else None,
        holder=holder.title if holder else None,
    )


def print_receipt(uow: UnitOfWork, case_id: UUID, seq: int) -> str:
    """For the resident whose originals were taken in, or given back, by this entry of the history. It names neither
    them nor the matter: a receipt lies about.
    """
    case = cases.get_case(uow, case_id)
    entry = cases.find_entry(uow, case, seq)
    papers = papers_in(entry) if entry else []
    if entry is None or not papers:
        raise ReceiptNotFound(seq)
    note_opening(uow, case, Opened.RECEIPT)
    return _page(
        *(uow, case, entry, "receipt.html"),
        number=f"{case.number}/{seq}",
        record=entry.facts["record"],
        papers=papers,
    )


def _print(uow: UnitOfWork, case: Case, sent: Letter | ReportBack, template: str) -> str:
    note_opening(uow, case, Opened.LETTER)
    entry = cases.get_entry(uow, case, sent.seq)
    return _page(uow, case, entry, template, number=sent.number, letter=sent, words=entry.words or "")


def _page(uow: UnitOfWork, case: Case, entry: Entry, template: str, **more: object) -> str:
    sent_on = _local(uow, case, entry.at)
    return _pages().get_template(template).render(case=case, sent_on=sent_on, **_sender(uow, case, entry), **more)


@cache
def _pages() -> "Environment":
    """Loaded when the first sheet is printed: most processes never print one."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _sender(uow: UnitOfWork, case: Case, entry: Entry) -> dict[str, str]:
    """The post by which it was sent, with the city and the station; the case's own place where the post is no more."""
    seat = posts.find_seat(uow, entry.post_id) if entry.post_id else None
    names = network.list_names(uow, seat.path if seat else case.placed_path)
    return {
        "station": " ".join(names),
        "title": seat.title if seat else "",
        "phone": (seat.phone or "") if seat else "",
    }


def _local(uow: UnitOfWork, case: Case, at: datetime) -> datetime:
    """As the city's clocks showed it; what waits to be accepted is under no rules yet."""
    zone = policy.get_zone(uow) if case.rule_version is None else policy.get_rules(uow, case.rule_version).zone
    return at.astimezone(ZoneInfo(zone))
