"""Tables. The register of who lives where lies under row-level security; the network itself is for all to read."""

from kit.db import Items, new_metadata
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = new_metadata()

_NO_TEXTS = text("'{}'::text[]")
_NO_IDS = text("'{}'::uuid[]")
_PATH = Text(collation="C")

tier = Table(
    "tier",
    metadata,
    Column("name", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("label_zh", Text, nullable=False),
    Column("label_en", Text, nullable=False),
)

place = Table(
    "place",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("code", Text(collation="C"), nullable=False, unique=True),
    Column("name", Text(collation="C"), nullable=False),
    Column("aliases", Items(Text), nullable=False, server_default=_NO_TEXTS),
    Column("tier", Text, ForeignKey("tier.name"), nullable=False),
    Column("parent_id", Uuid, ForeignKey("place.id")),
    Column("path", _PATH, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("merged_into", Uuid, ForeignKey("place.id")),
    Column("opening_hours", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("phone", Text),
    Index("ix_place_path", "path", unique=True),
    Index("ix_place_parent", "parent_id", "code"),
    Index("ix_place_name", "name", "code"),
    Index("ix_place_aliases", "aliases", postgresql_using="gin"),
    CheckConstraint("state in ('active', 'retired', 'merged')", name="state"),
    CheckConstraint("(state = 'merged') = (merged_into is not null)", name="merged_into"),
)

place_entry = Table(
    "place_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text),
    Column("why", Text),
    Column("facts", JSONB, nullable=False),
    Index("ix_place_entry_place", "place_id", "version", unique=True),
)

office = Table(
    "office",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("code", Text(collation="C"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("matters", Items(Text), nullable=False, server_default=_NO_TEXTS),
    Column("districts", Items(Uuid), nullable=False, server_default=_NO_IDS),
    Column("phone", Text),
    Index("ix_office_place", "place_id", "code"),
)

post = Table(
    "post",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("code", Text(collation="C"), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("office_id", Uuid, ForeignKey("office.id")),
    Column("phone", Text),
    Column("retired", Boolean, nullable=False, server_default=text("false")),
    Index("ix_post_place", "place_id", "duty", postgresql_where=text("not retired")),
    Index("ix_post_office", "office_id"),
)

holder = Table(
    "holder",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("subject", Text(collation="C"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("wrapped_key", Text, comment="None once erased."),
    Column("reach", Text, comment="contracts.intake.Reach, encrypted under the person's key."),
    Column("digest", LargeBinary, comment="Keyed digest of the reach: tells whether it differs without opening it."),
)

holding = Table(
    "holding",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("post_id", Uuid, ForeignKey("post.id"), nullable=False),
    Column("holder_id", Uuid, ForeignKey("holder.id"), nullable=False),
    Column("stand_in", Boolean, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("on_duty", Boolean, nullable=False, server_default=text("false")),
    Index("ix_holding_post", "post_id", "since"),
    Index("ix_holding_holder", "holder_id"),
    CheckConstraint("until > since", name="term"),
)

roster = Table(
    "roster",
    metadata,
    Column("place_id", Uuid, ForeignKey("place.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("note", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text),
    Column("turns", JSONB, nullable=False, comment="As they were imported; those of the last version are terms too."),
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("code", Text(collation="C"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("aliases", Items(Text), nullable=False, server_default=_NO_TEXTS),
    Column("kind", Text, nullable=False),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Index("ix_organisation_place", "place_id", "code"),
)

household = Table(
    "household",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text(collation="C"), nullable=False, unique=True),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("placed_path", _PATH, nullable=False),
    Column("room", Text, nullable=False),
    Column("flags", Items(Text), nullable=False, server_default=_NO_TEXTS),
    Column("version", Integer, nullable=False, server_default=text("0"), comment="0: not said to others yet."),
    Column("wrapped_key", Text, comment="None: nobody has said how it is reached, or that was erased."),
    Column("reach", Text, comment="contracts.intake.Reach, encrypted under the household's key."),
    Column("digest", LargeBinary, comment="Keyed digest of the reach: tells whether it differs without opening it."),
    Index("ix_household_path", "placed_path", "code"),
    Index("ix_household_place", "place_id"),
)

resident = Table(
    "resident",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("household_id", Uuid, ForeignKey("household.id"), nullable=False),
    Column("placed_path", _PATH, nullable=False),
    Column("wrapped_key", Text, comment="None once erased."),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("phone_index", LargeBinary),
    Column("flags", Items(Text), nullable=False, server_default=_NO_TEXTS),
    Column("branch_id", Uuid, ForeignKey("organisation.id"), comment="The party branch of a retired member."),
    Index("ix_resident_path", "placed_path"),
    Index("ix_resident_household", "household_id"),
    Index("ix_resident_phone", "phone_index"),
)

team = Table(
    "team",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text(collation="C"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("skills", Items(Text), nullable=False, server_default=_NO_TEXTS),
    Column("areas", Items(Uuid), nullable=False, server_default=_NO_IDS),
    Column("fee", Text, nullable=False),
    Index("ix_team_place", "place_id", "code"),
)

volunteer = Table(
    "volunteer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("team_id", Uuid, ForeignKey("team.id"), nullable=False),
    Column("placed_path", _PATH, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, comment="The sign-in name of a building chief among them."),
    Column("wrapped_key", Text, comment="None once erased."),
    Column("name", Text, nullable=False),
    Index("ix_volunteer_path", "placed_path"),
    Index("ix_volunteer_team", "team_id"),
)

#: Tables under the scope of their place.
SCOPED = ("household", "resident", "volunteer")
