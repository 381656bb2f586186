"""Every query of notify."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.envelope import Path
from kit.db import UnitOfWork
from sqlalchemy import (
    DateTime,
    Integer,
    Row,
    Text,
    Uuid,
    bindparam,
    case,
    column,
    func,
    insert,
    null,
    select,
    text,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from notify.domain.sending import TROUBLED, Settled, State
from notify.models import contact, inbox_item, message, sandbox_message, template


@dataclass(frozen=True)
class Contact:
    """Erased when it has no key any more."""

    contact_id: UUID
    wrapped_key: str | None
    reach: str | None
    version: int

    @property
    def is_erased(self) -> bool:
        return self.wrapped_key is None


@dataclass(frozen=True)
class Wording:
    code: str
    language: str
    version: int
    title: str
    body: str


@dataclass(frozen=True)
class Claimed:
    """A message that this clock holds until its lease ends, with what it takes to send it."""

    message_id: UUID
    claim: int
    turn: int
    attempts: int
    body: str | None
    provider: str | None
    called_at: datetime | None
    traceparent: str | None
    contact_id: UUID | None
    wrapped_key: str | None
    reach: str | None


@dataclass(frozen=True)
class Prepared:
    """How a claimed message goes out; or, with a state, why it does not."""

    message_id: UUID
    claim: int
    means: str
    provider: str | None = None
    sent_to: str | None = None
    settled: Settled | None = None


@dataclass(frozen=True)
class Finished:
    """A message as a settlement left it."""

    message_id: UUID
    case_id: UUID
    appeal_id: UUID | None
    template: str
    means: str
    state: State
    reason: str | None
    version: int
    traceparent: str | None


@dataclass(frozen=True)
class Message:
    """What may be seen of a message: not its words, nor where it went."""

    message_id: UUID
    case_id: UUID
    case_number: str
    appeal_id: UUID | None
    audience: str
    template: str
    means: str
    state: str
    reason: str | None
    attempts: int
    provider: str | None
    created_at: datetime
    changed_at: datetime
    sent_at: datetime | None
    version: int


@dataclass(frozen=True)
class InboxItem:
    item_id: UUID
    case_id: UUID
    case_number: str
    template: str
    language: str
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class SandboxMessage:
    sandbox_id: UUID
    idempotency_key: str
    address: str | None
    text: str | None
    received_at: datetime


# --- contacts


def put_contact(uow: UnitOfWork, row: Mapping[str, Any]) -> bool:
    """Store the contact unless a later version stands. True when it was stored."""
    statement = upsert(contact).values(**row)
    statement = statement.on_conflict_do_update(
        index_elements=[contact.c.contact_id], set_=dict(row), where=contact.c.version <= statement.excluded.version
    )
    return uow.execute(statement.returning(contact.c.contact_id)).first() is not None


def list_contacts(uow: UnitOfWork, contact_ids: Collection[UUID]) -> dict[UUID, Contact]:
    columns = [contact.c[name] for name in Contact.__dataclass_fields__]
    rows = uow.execute(select(*columns).where(contact.c.contact_id.in_(list(contact_ids))))
    return {row.contact_id: Contact(**row._mapping) for row in rows}


def blank_messages_of(uow: UnitOfWork, contact_id: UUID) -> None:
    """Forget the words and the address of what was written to the contact; what is unsent stays unsent."""
    of_contact = (message.c.contact_id == contact_id) & message.c.body.is_not(None)
    ids = uow.execute(select(message.c.message_id).where(of_contact).with_for_update()).scalars().all()
    if not ids:
        return
    is_open = message.c.state == State.QUEUED.value
    uow.execute(
        update(message)
        .where(message.c.message_id.in_(ids))
        .values(
            body=None,
            sent_to=None,
            state=case((is_open, State.ERASED.value), else_=message.c.state),
            due_at=case((is_open, null()), else_=message.c.due_at),
            version=message.c.version + 1,
            changed_at=uow.now,
        )
    )
    uow.execute(update(sandbox_message).where(sandbox_message.c.message_id.in_(ids)).values(address=None, text=None))


# --- what is owed


def list_wordings(uow: UnitOfWork, codes: Collection[str]) -> dict[tuple[str, str], Wording]:
    """The wording in force of each code, by code and language."""
    statement = (
        select(template.c.code, template.c.language, template.c.version, template.c.title, template.c.body)
        .where(template.c.code.in_(list(codes)), template.c.effective_at <= uow.now)
        .distinct(template.c.code, template.c.language)
        .order_by(template.c.code, template.c.language, template.c.effective_at.desc(), template.c.version.desc())
    )
    return {(row.code, row.language): Wording(**row._mapping) for row in uow.execute(statement)}


def add_messages(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Add those that have not been owed before; their ids."""
    if not rows:
        return set()
    statement = upsert(message).values(list(rows)).on_conflict_do_nothing(constraint="uq_message_once")
    return set(uow.execute(statement.returning(message.c.message_id)).scalars())


def add_inbox_items(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        uow.execute(insert(inbox_item).values(list(rows)))


def move_messages(uow: UnitOfWork, place_id: UUID, path: Path) -> None:
    uow.execute(
        update(message).where(message.c.place_id == place_id, message.c.placed_path != path).values(placed_path=path)
    )


# --- sending


def claim_due(uow: UnitOfWork, *, limit: int, lease: timedelta) -> list[Claimed]:
    """Take what is due, oldest first, and what a sender that died has left; nobody else gets it until the lease ends."""
    due = _due(uow.now, limit).cte("due")
    taken = (
        update(message)
        .where(message.c.message_id == due.c.message_id)
        .values(
            state=State.SENDING.value,
            due_at=uow.now + lease,
            claim=message.c.claim + 1,
            attempts=message.c.attempts + 1,
        )
        .returning(message)
        .cte("taken")
    )
    fields = [name for name in Claimed.__dataclass_fields__ if name not in {"wrapped_key", "reach"}]
    statement = select(*[taken.c[name] for name in fields], contact.c.wrapped_key, contact.c.reach).outerjoin(
        contact, contact.c.contact_id == taken.c.contact_id
    )
    return [Claimed(**row._mapping) for row in uow.execute(statement)]


def _due(now: datetime, limit: int) -> Any:
    return (
        select(message.c.message_id)
        .where(message.c.state.in_([State.QUEUED.value, State.SENDING.value]), message.c.due_at <= now)
        .order_by(message.c.due_at, message.c.message_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


_PREPARE = (
    update(message)
    .where(message.c.message_id == bindparam("id"), message.c.claim == bindparam("of_claim"))
    .values(means=bindparam("to_means"), provider=bindparam("by_provider"), sent_to=bindparam("to_address"))
)


def prepare(uow: UnitOfWork, prepared: Sequence[Prepared]) -> None:
    """Note how each claimed message goes out."""
    rows = [
        {
            "id": p.message_id,
            "of_claim": p.claim,
            "to_means": p.means,
            "by_provider": p.provider,
            "to_address": p.sent_to,
        }
        for p in prepared
    ]
    if rows:
        uow.execute(_PREPARE, rows)


def mark_called(uow: UnitOfWork, claims: Mapping[UUID, int], *, lease: timedelta) -> set[UUID]:
    """Note that the provider is about to be called with these; those that are still ours."""
    pairs = values(column("message_id", Uuid), column("claim", Integer), name="mine").data(list(claims.items()))
    statement = (
        update(message)
        .where(
            message.c.message_id == pairs.c.message_id,
            message.c.claim == pairs.c.claim,
            message.c.state == State.SENDING.value,
            message.c.called_at.is_(None),
        )
        .values(called_at=uow.now, due_at=uow.now + lease)
        .returning(message.c.message_id)
    )
    return set(uow.execute(statement).scalars())


def settle(uow: UnitOfWork, settled: Mapping[tuple[UUID, int], Settled]) -> list[Finished]:
    """Write what became of messages by id and claim, unless another claim has taken them since.

    A late answer still counts for a message that was given up as unknown meanwhile.
    """
    if not settled:
        return []
    ends = values(
        column("message_id", Uuid),
        column("claim", Integer),
        column("state", Text),
        column("reason", Text),
        column("due_at", DateTime(timezone=True)),
        column("ref", Text),
        name="ends",
    ).data([(i, claim, s.state.value, s.reason, s.due_at, s.ref) for (i, claim), s in settled.items()])
    is_sent = ends.c.state == State.SENT.value
    is_ours = message.c.state == State.SENDING.value
    statement = (
        update(message)
        .where(
            message.c.message_id == ends.c.message_id,
            message.c.claim == ends.c.claim,
            is_ours | ((message.c.state == State.UNKNOWN.value) & is_sent),
        )
        .values(
            state=ends.c.state,
            reason=ends.c.reason,
            due_at=ends.c.due_at,
            provider_ref=ends.c.ref,
            sent_at=case((is_sent, uow.now), else_=null()),
            called_at=case((ends.c.state == State.QUEUED.value, null()), else_=message.c.called_at),
            version=message.c.version + 1,
            changed_at=uow.now,
        )
        .returning(*[message.c[name] for name in Finished.__dataclass_fields__])
    )
    return [_finished(row) for row in uow.execute(statement)]


def _finished(row: Row[Any]) -> Finished:
    return Finished(**{**row._mapping, "state": State(row.state)})


# --- what people see

_SEEN = [message.c[name] for name in Message.__dataclass_fields__]


def list_messages_of_case(
    uow: UnitOfWork, case_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Message]:
    """Oldest first."""
    statement = select(*_SEEN).where(message.c.case_id == case_id)
    if after is not None:
        statement = statement.where(func.row(message.c.created_at, message.c.message_id) > func.row(*after))
    rows = uow.execute(statement.order_by(message.c.created_at, message.c.message_id).limit(limit))
    return [Message(**row._mapping) for row in rows]


def list_troubled_in_scope(uow: UnitOfWork, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Message]:
    """Latest first, of what the scope lets see."""
    statement = select(*_SEEN).where(message.c.state.in_([state.value for state in TROUBLED]))
    if before is not None:
        statement = statement.where(func.row(message.c.changed_at, message.c.message_id) < func.row(*before))
    rows = uow.execute(statement.order_by(message.c.changed_at.desc(), message.c.message_id.desc()).limit(limit))
    return [Message(**row._mapping) for row in rows]


_TROUBLED_ANYWHERE = text("select * from list_troubled_messages(:before_at, :before_id, :most)").bindparams(
    bindparam("before_at", type_=DateTime(timezone=True)),
    bindparam("before_id", type_=Uuid),
    bindparam("most", type_=Integer),
)


def list_troubled_anywhere(uow: UnitOfWork, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Message]:
    """Latest first, through the narrow function for operators."""
    at, identity = before if before is not None else (None, None)
    rows = uow.execute(_TROUBLED_ANYWHERE, {"before_at": at, "before_id": identity, "most": limit})
    return [Message(**row._mapping) for row in rows]


def find_message(uow: UnitOfWork, message_id: UUID) -> Message | None:
    row = uow.execute(select(*_SEEN).where(message.c.message_id == message_id)).first()
    return Message(**row._mapping) if row else None


_AGAIN = text("select take_up_again(:which, :who, :at)").bindparams(
    bindparam("which", type_=Uuid), bindparam("who", type_=Text), bindparam("at", type_=DateTime(timezone=True))
)


def take_up_again(uow: UnitOfWork, message_id: UUID, *, by: str) -> State | None:
    """Queue a message that failed or is unknown; the state that it was found in."""
    state = uow.execute(_AGAIN, {"which": message_id, "who": by, "at": uow.now}).scalar_one()
    return State(state) if state is not None else None


_ITEM = [inbox_item.c[name] for name in InboxItem.__dataclass_fields__]


def list_inbox(uow: UnitOfWork, subject: str, *, after: tuple[bool, UUID] | None, limit: int) -> list[InboxItem]:
    """Unread first, latest first. ``after`` is whether the last item seen was unread, and its id."""
    is_unread = inbox_item.c.read_at.is_(None)
    statement = select(*_ITEM).where(inbox_item.c.subject == subject)
    if after is not None:
        statement = statement.where(func.row(is_unread, inbox_item.c.item_id) < func.row(*after))
    rows = uow.execute(statement.order_by(is_unread.desc(), inbox_item.c.item_id.desc()).limit(limit))
    return [InboxItem(**row._mapping) for row in rows]


def mark_read(uow: UnitOfWork, item_id: UUID, *, subject: str) -> InboxItem | None:
    """The item as read; the first reading counts."""
    uow.execute(
        update(inbox_item)
        .where(inbox_item.c.item_id == item_id, inbox_item.c.subject == subject, inbox_item.c.read_at.is_(None))
        .values(read_at=uow.now)
    )
    row = uow.execute(select(*_ITEM).where(inbox_item.c.item_id == item_id, inbox_item.c.subject == subject)).first()
    return InboxItem(**row._mapping) if row else None


# --- the sandbox's log


def add_sandbox_messages(uow: UnitOfWork, rows: Iterable[Mapping[str, Any]]) -> None:
    """As a provider with idempotency keys does: what it has had before, it takes and does not send again."""
    statement = upsert(sandbox_message).values(list(rows))
    uow.execute(statement.on_conflict_do_nothing(index_elements=[sandbox_message.c.idempotency_key]))


def list_sandbox(uow: UnitOfWork, *, before: UUID | None, limit: int) -> list[SandboxMessage]:
    """Latest first."""
    statement = select(*[sandbox_message.c[name] for name in SandboxMessage.__dataclass_fields__])
    if before is not None:
        statement = statement.where(sandbox_message.c.sandbox_id < before)
    rows = uow.execute(statement.order_by(sandbox_message.c.sandbox_id.desc()).limit(limit))
    return [SandboxMessage(**row._mapping) for row in rows]
