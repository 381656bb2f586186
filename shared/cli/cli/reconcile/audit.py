"""The audit itself: chunk by chunk over four databases, each compared with what the others must know."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from kit.ids import time_of

from cli.reconcile import books, chain
from cli.reconcile.acknowledgements import Acknowledgement
from cli.reconcile.books import CHUNK, FIRST, Books
from cli.reconcile.findings import Audit
from cli.reconcile.owed import Notice, concerned, owed_by_step
from cli.reconcile.tellings import Homes, check_tellings, read_homes

T = TypeVar("T")
Tell = Callable[[str], None]


async def check_acknowledged(of: Books, audit: Audit, acknowledged: Iterable[Acknowledgement], tell: Tell) -> None:
    """Each acknowledged appeal stands in intake under its number; each external id was taken once."""
    taken: dict[tuple[str, str], UUID] = {}
    for chunk in _chunked(acknowledged):
        known = {row.id: row for row in await of.read("intake", books.APPEALS_BY_ID, ids=[a.appeal_id for a in chunk])}
        for ack in chunk:
            audit.flow["acknowledged"] += taken.get((ack.source, ack.external_id)) is None
            first = taken.setdefault((ack.source, ack.external_id), ack.appeal_id)
            if first != ack.appeal_id:
                audit.find("appeal_taken_twice", ack.external_id, f"{first} and {ack.appeal_id}")
            if ack.appeal_id not in known:
                audit.find("appeal_lost", ack.appeal_id, f"{ack.source} {ack.external_id}, number {ack.number}")
            elif known[ack.appeal_id].number != ack.number:
                audit.find("number_differs", ack.appeal_id, f"{ack.number}, not {known[ack.appeal_id].number}")
        tell(f"{audit.flow['acknowledged']} acknowledgements")


async def check_appeals(of: Books, audit: Audit, *, watermark: datetime, tell: Tell) -> None:
    """Each appeal of intake is in one case, as the same person's, and its progress page knows the case."""
    after = FIRST
    while appeals := await of.read("intake", books.APPEALS, after=after, most=CHUNK):
        after = appeals[-1].id
        ids = [row.id for row in appeals]
        parties = await of.read_by("routing", books.PARTIES_BY_APPEAL, "appeal_id", ids)
        progress = await of.read_by("intake", books.PROGRESS_BY_APPEAL, "appeal_id", ids)
        for appeal in appeals:
            audit.flow["in intake"] += 1
            if not parties[appeal.id] and time_of(appeal.id) >= watermark:
                audit.set_aside["appeals"] += 1
                continue
            _check_appeal(audit, appeal, parties[appeal.id], progress[appeal.id], watermark)
        tell(f"{audit.flow['in intake']} appeals")


def _check_appeal(
    audit: Audit, appeal: Any, parties: Sequence[Any], progress: Sequence[Any], watermark: datetime
) -> None:
    if not parties:
        audit.find("appeal_in_no_case", appeal.id, f"number {appeal.number}")
        return
    audit.flow["in a case"] += 1
    cases = {row.case_id for row in parties}
    if len(parties) > 1:
        audit.find("appeal_in_several_cases", appeal.id, ", ".join(map(str, sorted(cases))))
    if any(row.person_id != appeal.person_id for row in parties):
        audit.find("party_differs", appeal.id)
    if not any(row.case_id in cases for row in progress):
        if time_of(min(cases)) < watermark:
            audit.find("progress_missing", appeal.id, f"case {min(cases)}")
        else:
            audit.set_aside["progress"] += 1


@dataclass(frozen=True)
class _Case:
    """A case with all that four databases hold about it."""

    row: Any
    parties: Sequence[Any]
    entries: Sequence[Any]
    deadlines: Sequence[Any]
    messages: Sequence[Any]
    homes: Homes
    people: Mapping[str, str | None]
    """By appeal, whoever it is of, for all that its history names."""

    @property
    def last_step_at(self) -> datetime:
        return max((entry.at for entry in self.entries), default=time_of(self.row.case_id))


async def check_cases(of: Books, audit: Audit, *, watermark: datetime, tell: Tell) -> None:
    """Each case's history is whole, its promise is watched, and what its steps owe was made and sent once."""
    after, count = FIRST, 0
    while rows := await of.read("routing", books.CASES, after=after, most=CHUNK):
        after = rows[-1].case_id
        cases = await _cases(of, rows)
        await _check_parties(of, audit, cases)
        items, log = await _deliveries(of, [m for case in cases for m in case.messages])
        for case in cases:
            if case.last_step_at >= watermark:
                audit.set_aside["cases"] += 1
                continue
            _check_case(audit, case)
            _check_notices(audit, case, watermark)
            for message in case.messages:
                _check_message(audit, message, items, log, watermark)
        count += len(rows)
        tell(f"{count} cases")


async def _cases(of: Books, rows: Sequence[Any]) -> list[_Case]:
    ids = [row.case_id for row in rows]
    parties = await of.read_by("routing", books.PARTIES_BY_CASE, "case_id", ids)
    deadlines = await of.read_by("routing", books.DEADLINES_BY_CASE, "case_id", ids)
    messages = await of.read_by("notify", books.MESSAGES_BY_CASE, "case_id", ids)
    entries: dict[UUID, list[Any]] = {i: [] for i in ids}
    for entry in await of.read("routing", books.ENTRIES_BY_CASE, ids=ids, since=books.started_before(ids)):
        entries[entry.case_id].append(entry)
    homes = await read_homes(of, ids, (entry for listed in entries.values() for entry in listed))
    people = await _people(of, entries.values())
    return [
        _Case(
            row=row,
            parties=parties[row.case_id],
            entries=entries[row.case_id],
            deadlines=deadlines[row.case_id],
            messages=messages[row.case_id],
            homes=homes,
            people=people,
        )
        for row in rows
    ]


async def _people(of: Books, histories: Iterable[Sequence[Any]]) -> dict[str, str | None]:
    named = {appeal for history in histories for _, appeals in concerned(history) for appeal in appeals}
    people: dict[str, str | None] = {}
    for chunk in books.chunks(sorted(map(UUID, named))):
        for row in await of.read("routing", books.PARTIES_BY_APPEAL, ids=list(chunk)):
            people[str(row.appeal_id)] = str(row.person_id) if row.person_id else None
    return people


async def _check_parties(of: Books, audit: Audit, cases: Sequence[_Case]) -> None:
    """Nobody's case, and cases about appeals that intake does not have."""
    ids = {party.appeal_id for case in cases for party in case.parties}
    known = {row.id for row in await of.read("intake", books.APPEALS_BY_ID, ids=list(ids))}
    audit.find_all("party_unknown", sorted(ids - known))
    nobodys = (case.row for case in cases if not case.parties and case.row.closed_reason != "merged")
    audit.find_all("case_without_party", [row.case_id for row in nobodys])


async def _deliveries(of: Books, messages: Sequence[Any]) -> tuple[Counter[UUID], Counter[UUID]]:
    """How often each message stands in an inbox, and in the provider's own log."""
    items: Counter[UUID] = Counter()
    log: Counter[UUID] = Counter()
    for chunk in books.chunks([message.message_id for message in messages]):
        items.update(row.message_id for row in await of.read("notify", books.ITEMS_BY_MESSAGE, ids=list(chunk)))
        log.update(row.message_id for row in await of.read("notify", books.SANDBOX_BY_MESSAGE, ids=list(chunk)))
    return items, log


def _check_case(audit: Audit, case: _Case) -> None:
    fault = chain.fault_of(case.entries, head=case.row.head, length=case.row.version)
    if fault:
        audit.find("history_broken", case.row.case_id, f"case {case.row.number}: {fault}")
    audit.steps.update(entry.step for entry in case.entries)
    owed = sum(_makes_a_promise(entry) for entry in case.entries)
    promises = sum(deadline.kind == "promise" for deadline in case.deadlines)
    audit.flow["with a promise"] += promises > 0
    if promises < owed:
        audit.find("promise_missing", case.row.case_id, f"case {case.row.number}: {promises} of {owed}")


def _makes_a_promise(entry: Any) -> bool:
    """Accepting, extending, suspending, splitting off, another calendar; sorting anew, resuming or merging where that
    leads to an earlier one; and papers that are missing or have come, where the promise waits for them.
    """
    if entry.step in ("resorted", "resumed", "joined"):
        return bool(entry.facts["earlier"])
    if entry.step in ("split_off", "recorded"):
        return "due_at" in entry.facts
    if entry.step == "deadline_moved":
        return bool(entry.facts["kind"] == "promise")
    return entry.step in ("accepted", "extended", "suspended")


def _check_notices(audit: Audit, case: _Case, watermark: datetime) -> None:
    owed = _owed(case)
    owed |= check_tellings(
        *(audit, case.homes, case.row.case_id), entries=case.entries, messages=case.messages, watermark=watermark
    )
    made = Counter(Notice(m.case_version, m.template, m.recipient) for m in case.messages)
    audit.owed.update(notice.template for notice in owed)
    audit.made.update(m.template for m in case.messages)
    for notice in sorted(owed - set(made), key=str):
        audit.find("notice_missing", f"case {case.row.case_id}", _said(notice))
    for notice, times in made.items():
        if notice not in owed:
            audit.find("notice_not_owed", f"case {case.row.case_id}", _said(notice))
        if times > 1:
            audit.find("notice_twice", f"case {case.row.case_id}", f"{_said(notice)}: {times} times")


def _owed(case: _Case) -> set[Notice]:
    if case.row.silent:
        return set()
    owed: set[Notice] = set()
    for entry, appeals in concerned(case.entries):
        residents = {person for appeal in appeals if (person := case.people.get(appeal))}
        owed |= owed_by_step(entry.step, entry.seq, entry.facts, residents)
    return owed


def _said(notice: Notice) -> str:
    return f"{notice.template} to {notice.recipient} about step {notice.seq}"


def _check_message(audit: Audit, message: Any, items: Counter[UUID], log: Counter[UUID], watermark: datetime) -> None:
    name = f"message {message.message_id}"
    told = f"{message.template} of case {message.case_id}"
    if message.state in {"failed", "unknown"}:
        audit.find(f"notice_{message.state}", name, told)
    if message.state in {"queued", "sending"}:
        if message.created_at < watermark:
            audit.find("notice_stuck", name, told)
        else:
            audit.set_aside["messages"] += 1
    if message.audience == "staff" and not items[message.message_id]:
        audit.find("inbox_item_missing", name, told)
    audit.sent[message.template] += message.state == "sent"
    if message.provider != "sandbox" or message.state != "sent":
        return
    audit.logged[message.template] += log[message.message_id]
    if not log[message.message_id]:
        audit.find("delivery_missing", name, told)
    if log[message.message_id] > 1:
        audit.find("delivered_twice", name, f"{told}: {log[message.message_id]} times")


async def check_strays(of: Books, audit: Audit, *, watermark: datetime) -> None:
    """What notify and the provider have that nobody else knows."""
    strays = await of.read("notify", books.STRAY_DELIVERIES, before=watermark)
    audit.find_all("delivery_unknown", [row.sandbox_id for row in strays])
    after = FIRST
    while rows := await of.read("notify", books.TOLD_CASES, after=after, most=CHUNK):
        after = rows[-1].case_id
        ids = {row.case_id for row in rows}
        known = {row.case_id for row in await of.read("routing", books.CASES_BY_ID, ids=list(ids))}
        audit.find_all("message_of_no_case", sorted(ids - known))


async def check_figures(of: Books, audit: Audit, *, watermark: datetime) -> None:
    """Of this month and the last: a sample, of the city day by day, of figures that each come of one entry. Of all
    months: whether the city's sums are those of its places, and lie where these do.
    """
    since = (watermark.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    for row in await of.read("routing", books.FIGURES, since=since):
        audit.find("figure_differs", f"{row.figure} {row.day}", f"kept {row.kept}, counted {row.counted}")
    for row in await of.read("routing", books.FIGURES_ABOVE):
        audit.find(
            "figure_differs", f"the city {row.month:%Y-%m} {row.dimension}", f"kept {row.above}, its places' {row.kept}"
        )
    for row in await of.read("routing", books.FIGURES_ASTRAY):
        audit.find("figure_astray", f"place {row.code}", f"{row.sums} sums")


def _chunked(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
