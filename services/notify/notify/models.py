"""notify's tables. What is about a person is sealed under that person's own key, which erasure destroys."""

from kit.db import new_metadata
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = new_metadata()


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


#: How a resident or a member of staff is reached. Erased: the row stays, its key and reach are gone.
contact = Table(
    "contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("subject", Text),
    Column("wrapped_key", Text),
    Column("reach", Text),
    Column("version", BigInteger, nullable=False),
    _moment("changed_at"),
    CheckConstraint("(wrapped_key is null) = (reach is null)", name="erased_whole"),
)

#: The words of each notice, versioned: a message names the version that it was written by.
template = Table(
    "template",
    metadata,
    Column("code", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    _moment("effective_at"),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
)

#: One notice to one person. ``due_at`` is when a clock takes it up next: the next attempt, or the end of a lease.
message = Table(
    "message",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("case_version", BigInteger, nullable=False),
    Column("appeal_id", Uuid),
    Column("audience", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("contact_id", Uuid),
    Column("template", Text, nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("means", Text, nullable=False),
    Column("body", Text),
    Column("sent_to", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("turn", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claim", Integer, nullable=False, server_default="0"),
    _moment("due_at", nullable=True),
    _moment("called_at", nullable=True),
    _moment("sent_at", nullable=True),
    Column("provider", Text),
    Column("provider_ref", Text),
    Column("retried_by", Text),
    Column("traceparent", Text),
    Column("place_id", Uuid),
    Column("placed_path", Text(collation="C"), nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    _moment("created_at"),
    _moment("changed_at"),
    UniqueConstraint("case_id", "case_version", "recipient", "template", name="uq_message_once"),
    CheckConstraint(
        "state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'none_wanted', 'erased')", name="state_known"
    ),
    CheckConstraint("(due_at is not null) = (state in ('queued', 'sending'))", name="due_while_open"),
    Index("ix_message_due", "due_at", "message_id", postgresql_where=text("state in ('queued', 'sending')")),
    Index("ix_message_troubled", "changed_at", "message_id", postgresql_where=text("state in ('failed', 'unknown')")),
    Index("ix_message_contact", "contact_id", postgresql_where=text("body is not null")),
    Index("ix_message_place", "place_id"),
)

#: A member of staff's notices, in full: they hold masked gists and no personal data of residents.
inbox_item = Table(
    "inbox_item",
    metadata,
    Column("item_id", Uuid, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    _moment("created_at"),
    _moment("read_at", nullable=True),
    UniqueConstraint("message_id", name="uq_inbox_item_message_id"),
    Index("ix_inbox_item_reading", "subject", text("(read_at is null) desc"), text("item_id desc")),
)

#: The sandbox's own log: as if the messages had reached phones. The key makes a repeated call harmless.
sandbox_message = Table(
    "sandbox_message",
    metadata,
    Column("sandbox_id", Uuid, primary_key=True),
    Column("idempotency_key", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("address", Text),
    Column("text", Text),
    _moment("received_at"),
    UniqueConstraint("idempotency_key", name="uq_sandbox_message_idempotency_key"),
    Index("ix_sandbox_message_message", "message_id"),
)
