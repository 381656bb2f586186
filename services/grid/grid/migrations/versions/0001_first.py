"""The first tables: places and posts for everybody to read, the register under its places' scope."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import create_event_tables, create_http_tables, grant, protect, scope_policy
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCOPED = ("household", "resident", "volunteer")
REFERENCE = ("tier", "place", "office", "post", "holder", "holding", "organisation", "team")

TIERS = [
    ("city", 10, "市", "city"),
    ("district", 20, "區", "district"),
    ("street", 30, "街道", "street"),
    ("township", 30, "鄉鎮", "township"),
    ("community", 40, "社區", "community"),
    ("area", 50, "片", "area"),
    ("village", 50, "村", "village"),
    ("courtyard", 55, "院落", "courtyard"),
    ("building", 60, "樓", "building"),
]

RIGHTS = {
    "api": {
        **dict.fromkeys((*REFERENCE, *SCOPED), "select, insert, update"),
        "holding": "select, insert, update, delete",
        "place_entry": "select, insert",
    },
    "auditor": {
        **dict.fromkeys((*REFERENCE, "place_entry"), "select"),
        "holder": "select (id, version, subject, name)",
        "household": "select",
        "resident": "select (id, household_id, placed_path, flags, branch_id)",
        "volunteer": "select (id, team_id, placed_path, kind, subject)",
    },
}

#: What has no scope by nature: the tree's shape is not the register's, so who changes it need not see who lives there.
EVERYWHERE = "security definer set search_path = public, pg_temp set app.lo1 = '/' set app.hi1 = '0'"

NARROW_FUNCTIONS = (
    f"""
    create function register_follows(moved uuid[]) returns void language sql {EVERYWHERE} as $$
        update household set placed_path = place.path from place
            where place.id = any(moved) and household.place_id = place.id and placed_path <> place.path;
        update resident set placed_path = household.placed_path from household
            where household.place_id = any(moved) and resident.household_id = household.id
            and resident.placed_path <> household.placed_path;
        update volunteer set placed_path = place.path from team join place on place.id = team.place_id
            where place.id = any(moved) and volunteer.team_id = team.id and placed_path <> place.path;
    $$
    """,
    f"""
    create function register_moves(gone uuid, into_place uuid) returns void language sql {EVERYWHERE} as $$
        update household set place_id = into_place where place_id = gone;
        update team set place_id = into_place where place_id = gone;
        update organisation set place_id = into_place, version = version + 1 where place_id = gone;
        select register_follows(array[into_place]);
    $$
    """,
    f"""
    create function register_has_anybody(at text) returns boolean language sql stable {EVERYWHERE} as $$
        select exists (
            select from household where placed_path >= at and placed_path < left(at, -1) || '0'
        )
    $$
    """,
)


def upgrade() -> None:
    connection = op.get_bind()
    create_event_tables(connection, "grid")
    create_http_tables(connection, "grid")
    _create_tables()
    for table in SCOPED:
        protect(connection, table, scope_policy("placed_path"))
    grant(connection, "grid", RIGHTS)
    for statement in NARROW_FUNCTIONS:
        op.execute(sa.text(statement.replace(":", "\\:")))
    op.execute("revoke execute on function register_follows, register_moves, register_has_anybody from public")
    op.execute("grant execute on function register_follows, register_moves, register_has_anybody to grid_api")
    tiers = sa.table("tier", *[sa.column(name) for name in ("name", "rank", "label_zh", "label_en")])
    op.bulk_insert(tiers, [dict(zip(("name", "rank", "label_zh", "label_en"), row, strict=True)) for row in TIERS])


def _create_tables() -> None:
    op.create_table(
        "holder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.Text(), nullable=True, comment="None once erased."),
        sa.Column(
            "reach", sa.Text(), nullable=True, comment="contracts.intake.Reach, encrypted under the person's key."
        ),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=True,
            comment="Keyed digest of the reach: tells whether it differs without opening it.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
        sa.UniqueConstraint("subject", name=op.f("uq_holder_subject")),
    )
    op.create_table(
        "tier",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("label_zh", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tier")),
    )
    op.create_table(
        "place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column(
            "opening_hours",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'merged') = (merged_into is not null)", name=op.f("ck_place_merged_into")),
        sa.CheckConstraint("state in ('active', 'retired', 'merged')", name=op.f("ck_place_state")),
        sa.ForeignKeyConstraint(["merged_into"], ["place.id"], name=op.f("fk_place_merged_into_place")),
        sa.ForeignKeyConstraint(["parent_id"], ["place.id"], name=op.f("fk_place_parent_id_place")),
        sa.ForeignKeyConstraint(["tier"], ["tier.name"], name=op.f("fk_place_tier_tier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("code", name=op.f("uq_place_code")),
    )
    op.create_index("ix_place_aliases", "place", ["aliases"], unique=False, postgresql_using="gin")
    op.create_index("ix_place_name", "place", ["name", "code"], unique=False)
    op.create_index("ix_place_parent", "place", ["parent_id", "code"], unique=False)
    op.create_index("ix_place_path", "place", ["path"], unique=True)
    op.create_table(
        "household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_household_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("code", name=op.f("uq_household_code")),
    )
    op.create_index("ix_household_path", "household", ["placed_path", "code"], unique=False)
    op.create_index("ix_household_place", "household", ["place_id"], unique=False)
    op.create_table(
        "office",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("matters", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("districts", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_office_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint("code", name=op.f("uq_office_code")),
    )
    op.create_index("ix_office_place", "office", ["place_id", "code"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_organisation_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_organisation_code")),
    )
    op.create_index("ix_organisation_place", "organisation", ["place_id", "code"], unique=False)
    op.create_table(
        "place_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_place_entry_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_entry")),
    )
    op.create_index("ix_place_entry_place", "place_entry", ["place_id", "version"], unique=True)
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("areas", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_team_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("code", name=op.f("uq_team_code")),
    )
    op.create_index("ix_team_place", "team", ["place_id", "code"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_post_office_id_office")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_post_place_id_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("code", name=op.f("uq_post_code")),
    )
    op.create_index("ix_post_office", "post", ["office_id"], unique=False)
    op.create_index(
        "ix_post_place", "post", ["place_id", "duty"], unique=False, postgresql_where=sa.text("not retired")
    )
    op.create_table(
        "resident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
        sa.Column("wrapped_key", sa.Text(), nullable=True, comment="None once erased."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True, comment="The party branch of a retired member."),
        sa.ForeignKeyConstraint(["branch_id"], ["organisation.id"], name=op.f("fk_resident_branch_id_organisation")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_resident_household_id_household")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
    )
    op.create_index("ix_resident_household", "resident", ["household_id"], unique=False)
    op.create_index("ix_resident_path", "resident", ["placed_path"], unique=False)
    op.create_index("ix_resident_phone", "resident", ["phone_index"], unique=False)
    op.create_table(
        "volunteer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True, comment="The sign-in name of a building chief among them."),
        sa.Column("wrapped_key", sa.Text(), nullable=True, comment="None once erased."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_volunteer_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteer")),
    )
    op.create_index("ix_volunteer_path", "volunteer", ["placed_path"], unique=False)
    op.create_index("ix_volunteer_team", "volunteer", ["team_id"], unique=False)
    op.create_table(
        "holding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("stand_in", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until > since", name=op.f("ck_holding_term")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_holding_holder_id_holder")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_holding_post_id_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holding")),
    )
    op.create_index("ix_holding_holder", "holding", ["holder_id"], unique=False)
    op.create_index("ix_holding_post", "holding", ["post_id", "since"], unique=False)
