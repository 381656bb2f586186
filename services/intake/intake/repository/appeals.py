"""Appeals, who asks, and what was found out later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.intake import Channel, Language, Means, Placing
from kit.auth import Scope
from kit.db import ENTER_COLUMNS, UnitOfWork, enter_parameters, within
from kit.paging import Page, Sheet
from network import places
from network.models import place
from sqlalchemy import ColumnElement, Row, Text, Uuid, bindparam, func, insert, select, text, update

from intake.domain.appeal import (
    SEALED_GIST,
    Appeal,
    Asker,
    Assignment,
    Entry,
    EntryKind,
    Location,
    Opening,
    Receipt,
    Who,
    WhoKind,
    WithdrawalReason,
)
from intake.models import appeal, appeal_entry, appeal_opening, person
from intake.repository.sealing import Envelope, Keys


@dataclass(frozen=True)
class Claim:
    """What is known of a source's number and author: the appeal that was taken before, or the author's person."""

    before: Receipt | None = None
    taken_by: str | None = None
    person_id: UUID | None = None
    wrapped_key: str | None = None


@dataclass(frozen=True)
class AppealFile:
    """An appeal with all that belongs to it."""

    appeal: Appeal
    asker: Asker | None
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class AppealLine:
    """An appeal in a list: no words."""

    id: UUID
    number: str
    channel: Channel
    gist: str
    category: str | None
    suggested_category: str | None
    placing: Placing
    place_id: UUID | None
    received_at: datetime
    withdrawn_at: datetime | None
    sealed: bool
    version: int


_CLAIM = text("select * from claim_number(:source, :external_id, :author, :person_id)")


def claim_number(uow: UnitOfWork, *, source: str, external_id: str, author: bytes | None, person_id: UUID) -> Claim:
    """Whether the pair was taken before; if not, whose person the author is: ``person_id`` for one who is new."""
    values = {"source": source, "external_id": external_id, "author": author, "person_id": person_id}
    row = uow.execute(_CLAIM, values).one_or_none()
    if row is None:
        return Claim()
    if row.appeal_id is None:
        return Claim(person_id=row.person_id, wrapped_key=row.wrapped_key)
    before = Receipt(
        row.appeal_id,
        row.number,
        row.received_at,
        Placing(row.placing),
        row.place_id,
        row.suggested_category,
        repeated=True,
    )
    return Claim(before=before, taken_by=row.taken_by)


def is_seen(uow: UnitOfWork, appeal_id: UUID) -> bool:
    """By whoever asks, under the policies."""
    return uow.execute(_SEEN, {"appeal_id": appeal_id}).first() is not None


def write_for(uow: UnitOfWork, *paths: str) -> None:
    """Widen the transaction to the rows that it is about to change, for who hands over; what is sealed stays so."""
    narrow = tuple(sorted({path for path in paths if path != "/"}))
    posts = uow.person.scope.posts if uow.by else ()
    uow.execute(_WIDEN, enter_parameters(Scope(paths=narrow or ("/",), posts=posts), subject=uow.by or ""))


def open_to_its_own(uow: UnitOfWork, appeal_id: UUID) -> None:
    """Sealed or not, whoever asked has the link to it; until the transaction ends."""
    uow.execute(_OPENED, {"opened": str(appeal_id)})


def add_appeal(
    uow: UnitOfWork, keys: Keys, envelope: Envelope, item: Appeal, *, code_index: bytes, new: Who | None = None
) -> None:
    """With its person, where that is somebody ``new``."""
    row = _appeal_row(keys, envelope, item, code_index)
    places.hold_still(uow)
    if new is None:
        uow.execute(_INSERT_APPEAL, row)
    else:
        uow.execute(_INSERT_APPEAL_AND_PERSON, {**row, **_person_row(keys, envelope, new, uow.now)})


def _person_row(keys: Keys, envelope: Envelope, who: Who, now: datetime) -> dict[str, Any]:
    row = envelope.owner
    facts = {
        "id": row,
        "kind": who.kind.value,
        "reference": who.reference,
        "wrapped_key": envelope.wrapped(keys),
        "name": envelope.seal(who.name, table="person", column="name", row=row),
        "address": envelope.seal(who.address, table="person", column="address", row=row),
        "address_index": keys.index("address", who.address) if who.address else None,
        "means": who.means.value,
        "language": who.language.value,
        "version": 1,
        "created_at": now,
    }
    return {f"person_{name}": value for name, value in facts.items()}


def _appeal_row(keys: Keys, envelope: Envelope, item: Appeal, code_index: bytes) -> dict[str, Any]:
    own = item.person_id is None
    return {
        "id": item.id,
        "number": item.number,
        "code_index": code_index,
        "channel": item.channel.value,
        "person_id": item.person_id,
        "wrapped_key": envelope.wrapped(keys) if own else None,
        "words": envelope.seal(item.words, table="appeal", column="words", row=item.id),
        "title": envelope.seal(item.title, table="appeal", column="title", row=item.id),
        "address": envelope.seal(item.address, table="appeal", column="address", row=item.id),
        "suggested_category": item.suggested_category,
        "suggestion_why": list(item.suggestion_why),
        "taken_path": item.taken_path,
        "taken_place_id": UUID(item.taken_path[-33:-1]) if item.taken_path != "/" else None,
        "taken_by": item.taken_by,
        "source": item.source,
        "external_id": item.external_id,
        "received_at": item.received_at,
        "written_at": item.written_at,
        "historic": item.historic,
        "language": item.language.value,
        "urgent": item.urgent,
        "done_on_the_spot": item.done_on_the_spot,
        "answer": envelope.seal(item.answer, table="appeal", column="answer", row=item.id),
        "complained_of": list(item.complained_of),
        "assigned_due_at": item.assignment.due_at if item.assignment else None,
        "report_owed": item.assignment is not None and item.assignment.report_owed,
        "repeat_of": item.repeat_of,
        **_changing(item),
    }


def find_file(uow: UnitOfWork, keys: Keys, appeal_id: UUID, *, lock: bool = False) -> AppealFile | None:
    statement = _FILE_LOCKED if lock else _FILE
    row = uow.execute(statement, {"appeal_id": appeal_id}).one_or_none()
    if row is None:
        return None
    entries = uow.execute(_ENTRIES, {"appeal_id": appeal_id}).all()
    return _file(keys, row, entries)


def find_id(uow: UnitOfWork, number: str) -> UUID | None:
    """Of the appeal with this number, if it is to be seen."""
    return uow.execute(_BY_NUMBER, {"number": number}).scalar_one_or_none()


def save_appeal(uow: UnitOfWork, item: Appeal) -> None:
    uow.execute(_UPDATE, {**_changing(item), "appeal_id": item.id})


def add_entry(uow: UnitOfWork, keys: Keys, item: Entry, *, asker: UUID | None) -> None:
    """What is said later is sealed under the same key as what was said first."""
    envelope = _envelope_of(uow, keys, item.appeal_id, asker)
    uow.execute(
        _INSERT_ENTRY,
        {
            "id": item.id,
            "appeal_id": item.appeal_id,
            "at": item.at,
            "by": item.by,
            "kind": item.kind.value,
            "version": item.version,
            "words": envelope.seal(item.words, table="appeal_entry", column="words", row=item.id),
            "place_id": item.place_id,
            "category": item.category,
            "reason": item.reason and item.reason.value,
            "answer": item.answer,
            "solved": item.solved,
            "rating": item.rating,
        },
    )


def add_opening(uow: UnitOfWork, new: Opening, item: Appeal) -> None:
    row = {"appeal_id": item.id, "complained_of": list(item.complained_of), "placed_path": item.location.path}
    uow.execute(insert(appeal_opening), [asdict(new) | row])


def list_openings(uow: UnitOfWork, appeal_id: UUID, page: Page) -> Sheet[Opening]:
    """The newest before the rest."""
    columns = [appeal_opening.c[field.name] for field in fields(Opening)]
    statement = select(*columns).where(appeal_opening.c.appeal_id == appeal_id)
    if behind := page.after_one(UUID):
        statement = statement.where(appeal_opening.c.opening_id < behind)
    rows = uow.execute(statement.order_by(appeal_opening.c.opening_id.desc()).limit(page.fetch))
    found = [Opening(**row._mapping) for row in rows]
    return page.sheet(found, position=lambda opening: (opening.opening_id,))


def list_appeals(uow: UnitOfWork, page: Page, *, below: str) -> Sheet[AppealLine]:
    """Newest first: those placed at or below the path, of those that may be seen."""
    uow.plan_by_values()
    statement = select(*_LINE).where(within(appeal.c.placed_path, below)).order_by(appeal.c.id.desc()).limit(page.fetch)
    if behind := page.after_one(UUID):
        statement = statement.where(appeal.c.id < behind)
    return page.sheet([_line(row) for row in uow.execute(statement)], position=lambda line: (line.id,))


_MOVED = (
    update(appeal).where(appeal.c.place_id == bindparam("place")).values(placed_path=bindparam("path")),
    update(appeal).where(func.right(appeal.c.taken_path, 33) == bindparam("last")).values(taken_path=bindparam("path")),
)


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    """The tree has changed: what lies at the place, or was taken there, lies under its new path."""
    uow.execute(_MOVED[0], {"place": place_id, "path": path})
    uow.execute(_MOVED[1], {"last": f"{place_id.hex}/", "path": path})


def seal(uow: UnitOfWork, rows: list[dict[str, Any]]) -> None:
    """As the appeal's case says that it is sealed and to whom it is open, unless something later has been said."""
    if rows:
        uow.execute(_SEAL, rows)


_SEAL = text("""
update appeal set sealed = :sealed, seen_by = :seen_by from progress p
where appeal.id = :appeal_id and p.appeal_id = appeal.id and p.case_id = :case_id and p.version <= :version
""")
_OPENED = text("select set_config('app.opened', :opened, true)")
_WIDEN = text(f"select {ENTER_COLUMNS}")


def _path_now(place_id: str, path: str) -> ColumnElement[str]:
    """Of the place with the id in that parameter; the path that is given, where there is none."""
    now = select(place.c.path).where(place.c.place_id == bindparam(place_id, type_=Uuid)).scalar_subquery()
    return func.coalesce(now, bindparam(path, type_=Text))


#: Under its places' paths as they are now, whatever the station has in memory.
_INSERT_APPEAL = insert(appeal).values(
    {column: bindparam(column.name) for column in appeal.c}
    | {
        appeal.c.placed_path: _path_now("place_id", "placed_path"),
        appeal.c.taken_path: _path_now("taken_place_id", "taken_path"),
    }
)
_INSERT_APPEAL_AND_PERSON = _INSERT_APPEAL.add_cte(
    insert(person).values({column: bindparam(f"person_{column.name}") for column in person.c}).cte("somebody_new")
)
_INSERT_ENTRY = insert(appeal_entry)

_CHANGING = (
    *("gist", "category", "placing", "place_id", "placed_path", "candidates", "withdrawn_at", "version"),
    *("sealed", "seen_by"),
)
_UPDATE = (
    update(appeal).where(appeal.c.id == bindparam("appeal_id")).values({name: bindparam(name) for name in _CHANGING})
)

_PERSON_FACTS = ("kind", "reference", "wrapped_key", "name", "address", "means", "language", "version")
_PERSON = [person.c[name].label(f"person_{name}") for name in _PERSON_FACTS]
_APPEAL = [column for column in appeal.c if column.name != "code_index"]
_FILE = (
    select(*_APPEAL, *_PERSON)
    .outerjoin(person, person.c.id == appeal.c.person_id)
    .where(appeal.c.id == bindparam("appeal_id"))
)
_BY_NUMBER = select(appeal.c.id).where(appeal.c.number == bindparam("number"))
_FILE_LOCKED = _FILE.with_for_update(of=appeal)
_ENTRIES = (
    select(appeal_entry).where(appeal_entry.c.appeal_id == bindparam("appeal_id")).order_by(appeal_entry.c.version)
)
_KEYS = (
    select(person.c.wrapped_key.label("persons"), appeal.c.wrapped_key.label("own"))
    .select_from(appeal)
    .outerjoin(person, person.c.id == appeal.c.person_id)
    .where(appeal.c.id == bindparam("appeal_id"))
)
_SEEN = select(appeal.c.id).where(appeal.c.id == bindparam("appeal_id"))
_LINE = [appeal.c[name] for name in AppealLine.__dataclass_fields__]


def _envelope_of(uow: UnitOfWork, keys: Keys, appeal_id: UUID, asker: UUID | None) -> Envelope:
    row = uow.execute(_KEYS, {"appeal_id": appeal_id}).one()
    return Envelope.open(keys, row.persons or row.own, owner=asker or appeal_id)


def _changing(item: Appeal) -> dict[str, Any]:
    return {
        "gist": item.gist,
        "category": item.category,
        "placing": item.location.placing.value,
        "place_id": item.location.place_id,
        "placed_path": item.location.path,
        "candidates": list(item.location.candidates),
        "withdrawn_at": item.withdrawn_at,
        "version": item.version,
        "sealed": item.sealed,
        "seen_by": list(item.seen_by),
    }


def _file(keys: Keys, row: Row[Any], entries: Sequence[Row[Any]]) -> AppealFile:
    wrapped = row.person_wrapped_key or row.wrapped_key
    envelope = Envelope.open(keys, wrapped, owner=row.person_id or row.id)
    return AppealFile(_appeal(envelope, row), _asker(envelope, row), tuple(_entry(envelope, e) for e in entries))


def _appeal(envelope: Envelope, row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        number=row.number,
        channel=Channel(row.channel),
        words=envelope.read(row.words, table="appeal", column="words", row=row.id),
        title=envelope.read(row.title, table="appeal", column="title", row=row.id),
        address=envelope.read(row.address, table="appeal", column="address", row=row.id) or None,
        gist=row.gist,
        suggested_category=row.suggested_category,
        suggestion_why=tuple(row.suggestion_why),
        category=row.category,
        location=Location(Placing(row.placing), row.place_id, row.placed_path, tuple(row.candidates)),
        taken_path=row.taken_path,
        taken_by=row.taken_by,
        source=row.source,
        external_id=row.external_id,
        received_at=row.received_at,
        written_at=row.written_at,
        historic=row.historic,
        language=Language(row.language),
        person_id=row.person_id,
        urgent=row.urgent,
        done_on_the_spot=row.done_on_the_spot,
        answer=envelope.read(row.answer, table="appeal", column="answer", row=row.id) or None,
        complained_of=tuple(row.complained_of),
        assignment=_assignment(row),
        repeat_of=row.repeat_of,
        sealed=row.sealed,
        seen_by=tuple(row.seen_by),
        version=row.version,
        withdrawn_at=row.withdrawn_at,
    )


def _assignment(row: Row[Any]) -> Assignment | None:
    if row.assigned_due_at is None:
        return None
    return Assignment(row.source, row.external_id, row.assigned_due_at, row.report_owed)


def _asker(envelope: Envelope, row: Row[Any]) -> Asker | None:
    if row.person_id is None:
        return None
    return Asker(
        id=row.person_id,
        kind=WhoKind(row.person_kind),
        name=envelope.read(row.person_name, table="person", column="name", row=row.person_id) or None,
        means=Means(row.person_means),
        address=envelope.read(row.person_address, table="person", column="address", row=row.person_id) or None,
        language=Language(row.person_language),
        reference=row.person_reference,
        version=row.person_version,
    )


def _entry(envelope: Envelope, row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        appeal_id=row.appeal_id,
        at=row.at,
        by=row.by,
        kind=EntryKind(row.kind),
        version=row.version,
        words=envelope.read(row.words, table="appeal_entry", column="words", row=row.id) or None,
        place_id=row.place_id,
        category=row.category,
        reason=WithdrawalReason(row.reason) if row.reason else None,
        answer=row.answer,
        solved=row.solved,
        rating=row.rating,
    )


def _line(row: Row[Any]) -> AppealLine:
    facts = dict(row._mapping)
    if row.sealed:
        facts["gist"] = SEALED_GIST
    return AppealLine(**{**facts, "channel": Channel(facts["channel"]), "placing": Placing(facts["placing"])})
