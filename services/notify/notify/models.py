"""notify's tables. What is about a person is sealed under that person's own key, which erasure destroys."""

from kit.db import Items, new_metadata
from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy.dialects.postgresql import JSONB

metadata = new_metadata()


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


#: How a resident, a member of staff or a household is reached. Erased: the row stays, its key and reach are gone.
contact = Table(
    "contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("subject", Text),
    Column("place_id", Uuid, comment="Of a household: where it lives."),
    Column("room", Text, comment="Of a household: its door."),
    Column("wrapped_key", Text),
    Column("reach", Text),
    Column("version", BigInteger, nullable=False),
    _moment("changed_at"),
    Index("ix_contact_place", "place_id", postgresql_where=text("place_id is not null")),
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
#: ``sealed``, ``seen_by``: as its case is, and to whom it is open.
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
    Column("sealed", Boolean, nullable=False, server_default="false"),
    Column("seen_by", Items(Text), nullable=False, server_default=text("'{}'::text[]")),
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
    Index("ix_message_case_number", "case_number"),
)

#: A member of staff's notices, in full: they hold masked gists, and doors to knock on, but no names of residents.
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

#: Something that every household of the buildings that a case names is told. Its words are sealed under the service's
#: key, and are kept for those whose message turns out to reach nobody.
telling = Table(
    "telling",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("telling", Integer, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("place_id", Uuid),
    Column("placed_path", Text(collation="C"), nullable=False),
    Column("gist", Text, nullable=False),
    Column("words", Text),
    Column("handler", JSONB),
    Column("persons", Items(Uuid), nullable=False),
    Column("barred", Items(Text), nullable=False),
    Column("traceparent", Text),
    _moment("begun_at"),
    _moment("finished_at", nullable=True),
    Index("ix_telling_open", "begun_at", "case_id", postgresql_where=text("finished_at is null")),
    Index("ix_telling_place", "place_id"),
)

#: A household to be told. ``way`` is null until its turn comes; ``message_id`` is its own message, or the chief's task,
#: which is yet to be made where a message that has failed was the way before.
telling_household = Table(
    "telling_household",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("telling", Integer, primary_key=True, autoincrement=False),
    Column("household_id", Uuid, primary_key=True),
    Column("place_id", Uuid, nullable=False),
    Column("placed_path", Text(collation="C"), nullable=False),
    Column("room", Text, nullable=False),
    Column("way", Text),
    Column("message_id", Uuid),
    Column("visited_by", Text),
    _moment("visited_at", nullable=True),
    CheckConstraint("way in ('message', 'appeal', 'visit')", name="way_known"),
    CheckConstraint("(visited_at is null) = (visited_by is null)", name="visited_by_somebody"),
    Index("ix_telling_household_owed", "case_id", "telling", "household_id", postgresql_where=text("way is null")),
    Index("ix_telling_household_place", "place_id"),
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
