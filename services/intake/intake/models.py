"""Intake's tables. What a person says or is called is sealed under that person's data key (kit.crypto).

Only ``appeal`` carries paths: what belongs to an appeal is seen by whoever sees the appeal.
"""

from kit.db import Items, new_metadata
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = new_metadata()

_NONE_OF_TEXT = text("'{}'::text[]")

person = Table(
    "person",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reference", Uuid),
    Column("wrapped_key", Text),
    Column("name", Text),
    Column("address", Text),
    Column("address_index", LargeBinary),
    Column("means", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind in ('resident', 'organisation', 'outsider')", name="kind"),
    Index("ix_person_reference", "reference", postgresql_where=text("reference is not null")),
)

#: The author of an imported appeal is one person, however many appeals they wrote.
person_origin = Table(
    "person_origin",
    metadata,
    Column("source", Text, primary_key=True),
    Column("author_index", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.id", deferrable=True, initially="DEFERRED"), nullable=False),
    Index("ix_person_origin_person_id", "person_id"),
)

appeal = Table(
    "appeal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("code_index", LargeBinary, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("person_id", Uuid, ForeignKey("person.id", deferrable=True, initially="DEFERRED")),
    Column("wrapped_key", Text),
    Column("words", Text, nullable=False),
    Column("title", Text),
    Column("address", Text),
    Column("gist", Text, nullable=False),
    Column("suggested_category", Text),
    Column("suggestion_why", Items(Text), nullable=False, server_default=_NONE_OF_TEXT),
    Column("category", Text),
    Column("placing", Text, nullable=False),
    Column("place_id", Uuid),
    Column("placed_path", Text(collation="C"), nullable=False),
    Column("candidates", Items(Uuid), nullable=False, server_default=text("'{}'::uuid[]")),
    Column("taken_path", Text(collation="C"), nullable=False),
    Column("taken_by", Text),
    Column("source", Text),
    Column("external_id", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("written_at", DateTime(timezone=True)),
    Column("historic", Boolean, nullable=False, server_default=false()),
    Column("language", Text, nullable=False),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("done_on_the_spot", Boolean, nullable=False, server_default=false()),
    Column("answer", Text),
    Column("complained_of", Items(Text), nullable=False, server_default=_NONE_OF_TEXT),
    Column("assigned_due_at", DateTime(timezone=True)),
    Column("report_owed", Boolean, nullable=False, server_default=false()),
    Column("repeat_of", Uuid),
    Column("sealed", Boolean, nullable=False, server_default=false()),
    Column("seen_by", Items(Text), nullable=False, server_default=_NONE_OF_TEXT),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    CheckConstraint("(source is null) = (external_id is null)", name="source_with_external_id"),
    Index("uq_appeal_source", "source", "external_id", unique=True, postgresql_where=text("source is not null")),
    Index("ix_appeal_placed", "placed_path", "id"),
    Index("ix_appeal_taken", "taken_path", "id"),
    Index("ix_appeal_person_id", "person_id"),
    Index("ix_appeal_place_id", "place_id"),
)

#: Append-only: nobody is granted more than to add and to read.
appeal_entry = Table(
    "appeal_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("appeal_id", Uuid, ForeignKey("appeal.id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("words", Text),
    Column("place_id", Uuid),
    Column("category", Text),
    Column("reason", Text),
    Column("answer", Integer),
    Column("solved", Boolean),
    Column("rating", SmallInteger),
    UniqueConstraint("appeal_id", "version"),
    CheckConstraint("kind in ('corrected', 'withdrawn', 'rated')", name="kind"),
    Index("uq_appeal_entry_rated", "appeal_id", "answer", unique=True, postgresql_where=text("kind = 'rated'")),
)

#: The copy of routing.case that the progress page is made of.
progress = Table(
    "progress",
    metadata,
    Column("appeal_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("moves", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),
    Column("talk_to", Text),
    Column("phone", Text),
    Column("handler", Text),
    Column("due", DateTime(timezone=True)),
    Column("promise", JSONB),
    Column("answer", Integer),
    Column("rate_by", DateTime(timezone=True)),
    Column("suspended_until", DateTime(timezone=True)),
    Column("suspended_for", JSONB),
    Column("planned_for", Date),
    Column("planned_who", Text),
    Column("holder_post_id", Uuid),
    Column("steps", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Index("ix_progress_case_id", "case_id"),
)

#: The offices that routing gave an appeal's case to: they read its words.
#: Who has read the words of a sealed appeal.
appeal_opening = Table(
    "appeal_opening",
    metadata,
    Column("opening_id", Uuid, primary_key=True),
    Column("appeal_id", Uuid, ForeignKey("appeal.id"), nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("complained_of", Items(Text), nullable=False),
    Column("placed_path", Text(collation="C"), nullable=False),
    Index("ix_appeal_opening_appeal", "appeal_id", "opening_id"),
)

appeal_grant = Table(
    "appeal_grant",
    metadata,
    Column("appeal_id", Uuid, primary_key=True),
    Column("office_id", Uuid, primary_key=True),
)

#: Codes tried in vain, by client and window.
guess = Table(
    "guess",
    metadata,
    Column("window_began", DateTime(timezone=True), primary_key=True),
    Column("client_index", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
)

category_copy = Table(
    "category_copy",
    metadata,
    Column("code", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("parent", Text),
    Column("name", JSONB, nullable=False),
    Column("words", Items(Text), nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("sealed", Boolean, nullable=False, server_default=false()),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("ix_category_copy_changed_at", "changed_at"),
)
