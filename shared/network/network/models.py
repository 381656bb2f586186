"""The copy's tables. Public knowledge within the city: which places there are, who holds which post."""

from kit.db import Items
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, MetaData, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

place = Table(
    "place_copy",
    metadata,
    Column("place_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("aliases", Items(Text), nullable=False),
    Column("tier", Text, nullable=False),
    Column("parent_id", Uuid),
    Column("path", Text(collation="C"), nullable=False),
    Column("depth", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("merged_into", Uuid),
    Column("opening_hours", JSONB, nullable=False),
    Column("phone", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("ix_place_copy_code", "code"),
    Index("ix_place_copy_path", "path"),
    Index("ix_place_copy_changed", "changed_at"),
    Index("ix_place_copy_root", "place_id", postgresql_where=text("parent_id is null")),
)

post = Table(
    "post_copy",
    metadata,
    Column("post_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("place_id", Uuid, nullable=False),
    Column("path", Text(collation="C"), nullable=False),
    Column("office_id", Uuid),
    Column("matters", Items(Text), nullable=False),
    Column("phone", Text),
    Column("retired", Boolean, nullable=False),
    Index("ix_post_copy_path", "path", "duty", postgresql_where=text("not retired")),
)

holding = Table(
    "holding_copy",
    metadata,
    Column("post_id", Uuid, primary_key=True),
    Column("stand_in", Boolean, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("since", DateTime(timezone=True), primary_key=True),
    Column("until", DateTime(timezone=True)),
    Column("name", Text, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("on_duty", Boolean, nullable=False, server_default=text("false")),
    Index("ix_holding_copy_subject", "subject"),
    Index("ix_holding_copy_on_duty", "post_id", postgresql_where=text("on_duty")),
)
