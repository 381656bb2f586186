"""The first tables: appeals, who asks, what was found out later, how each stands, and who guesses at codes."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import create_event_tables, create_http_tables, grant, protect, scope_policy
from network.migrations import create_tables as create_network_tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

EVERYWHERE = "current_setting('app.lo1', true) = '/'"


def upgrade() -> None:
    connection = op.get_bind()
    create_event_tables(connection, "intake")
    create_http_tables(connection, "intake")
    create_network_tables(connection, "intake")
    _create_tables()
    protect(connection, "appeal", scope_policy("placed_path", "taken_path"))
    protect(connection, "person", "exists (select from appeal where appeal.person_id = person.id)")
    protect(connection, "appeal_entry", "exists (select from appeal where appeal.id = appeal_id)")
    protect(connection, "progress", "exists (select from appeal where appeal.id = appeal_id)")
    protect(connection, "person_origin", EVERYWHERE)
    protect(connection, "guess", EVERYWHERE)
    grant(connection, "intake", RIGHTS)
    for statement in NARROW_FUNCTIONS:
        op.execute(sa.text(statement.replace(":", "\\:")))


def _create_tables() -> None:
    op.create_table(
        "category_copy",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_category_copy")),
    )
    op.create_index("ix_category_copy_changed_at", "category_copy", ["changed_at"], unique=False)
    op.create_table(
        "guess",
        sa.Column("window_began", MOMENT, nullable=False),
        sa.Column("client_index", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("window_began", "client_index", name=op.f("pk_guess")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=True),
        sa.Column("wrapped_key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_index", sa.LargeBinary(), nullable=True),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind in ('resident', 'organisation', 'outsider')", name=op.f("ck_person_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_address_index", "person", ["address_index"], unique=False)
    op.create_index("ix_person_reference", "person", ["reference"], unique=False)
    op.create_table(
        "progress",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("talk_to", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("handler", sa.Text(), nullable=True),
        sa.Column("due", MOMENT, nullable=True),
        sa.Column("promise", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_progress")),
    )
    op.create_index("ix_progress_case_id", "progress", ["case_id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("wrapped_key", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("gist", sa.Text(), nullable=False),
        sa.Column("suggested_category", sa.Text(), nullable=True),
        sa.Column(
            "suggestion_why", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("placing", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
        sa.Column("candidates", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
        sa.Column("taken_path", sa.Text(collation="C"), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("written_at", MOMENT, nullable=True),
        sa.Column("historic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("done_on_the_spot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("complained_of", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(source is null) = (external_id is null)", name=op.f("ck_appeal_source_with_external_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_appeal_person_id_person"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("code_index", name=op.f("uq_appeal_code_index")),
        sa.UniqueConstraint("number", name=op.f("uq_appeal_number")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_appeal_source")),
    )
    op.create_index("ix_appeal_person_id", "appeal", ["person_id"], unique=False)
    op.create_index("ix_appeal_place_id", "appeal", ["place_id"], unique=False)
    op.create_index("ix_appeal_placed", "appeal", ["placed_path", "id"], unique=False)
    op.create_index("ix_appeal_taken", "appeal", ["taken_path", "id"], unique=False)
    op.create_table(
        "person_origin",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("author_index", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_person_origin_person_id_person"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("source", "author_index", name=op.f("pk_person_origin")),
    )
    op.create_index("ix_person_origin_person_id", "person_origin", ["person_id"], unique=False)
    op.create_table(
        "appeal_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('corrected', 'withdrawn')", name=op.f("ck_appeal_entry_kind")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_entry_appeal_id_appeal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_entry")),
        sa.UniqueConstraint("appeal_id", "version", name=op.f("uq_appeal_entry_appeal_id")),
    )


RIGHTS = {
    "api": {
        "appeal": "select, insert, "
        'update (gist, category, "placing", place_id, placed_path, candidates, withdrawn_at, version)',
        "person": "select, insert",
        "appeal_entry": "select, insert",
        "progress": "select",
        "category_copy": "select",
    },
    "consumer": {
        "appeal": "select (id, person_id, place_id, placed_path, taken_path), update (placed_path, taken_path)",
        "progress": "select, insert, update",
        "category_copy": "select, insert, update",
    },
    "auditor": {
        "appeal": 'select (id, number, channel, person_id, suggested_category, category, "placing", place_id, '
        "placed_path, taken_path, source, external_id, received_at, written_at, historic, withdrawn_at, version)",
        "person": "select (id, kind, means, language, version, created_at)",
        "appeal_entry": "select (id, appeal_id, at, kind, version, place_id, category, reason)",
        "progress": "select (appeal_id, case_id, case_number, version, state, due)",
        "category_copy": "select",
    },
}

#: What has no scope by nature goes through these alone (README.md lists them). FORCE binds the owner too: they enter
#: everywhere for themselves, and give no more than they name.
NARROW_FUNCTIONS = (
    """
create function claim_number(p_source text, p_external_id text, p_author bytea, p_person uuid)
returns table (appeal_id uuid, number text, received_at timestamptz, "placing" text, place_id uuid,
               suggested_category text, taken_by text, person_id uuid, wrapped_key text)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
#variable_conflict use_column
begin
    return query select a.id, a.number, a.received_at, a."placing", a.place_id, a.suggested_category, a.taken_by,
        a.person_id, null::text from appeal a where a.source = p_source and a.external_id = p_external_id;
    if found or p_author is null then
        return;
    end if;
    insert into person_origin (source, author_index, person_id) values (p_source, p_author, p_person)
        on conflict do nothing;
    return query select null::uuid, null::text, null::timestamptz, null::text, null::uuid, null::text, null::text,
        o.person_id, p.wrapped_key from person_origin o left join person p on p.id = o.person_id
        where o.source = p_source and o.author_index = p_author;
end
$$
""",
    """
create function progress_by_code(p_codes bytea[], p_client bytea, p_window timestamptz, p_limit int)
returns table (outcome text, number text, received_at timestamptz, withdrawn boolean, state text, talk_to text,
               phone text, handler text, due timestamptz, promise jsonb)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
#variable_conflict use_column
begin
    if exists (select from guess g where g.window_began = p_window and g.client_index = p_client
               and g.failures >= p_limit) then
        return query select 'too_many', null::text, null::timestamptz, null::boolean, null::text, null::text,
            null::text, null::text, null::timestamptz, null::jsonb;
        return;
    end if;
    return query select 'found', a.number, a.received_at, a.withdrawn_at is not null, p.state, p.talk_to, p.phone,
        p.handler, p.due, p.promise
        from appeal a left join progress p on p.appeal_id = a.id where a.code_index = any (p_codes);
    if found then
        return;
    end if;
    insert into guess (window_began, client_index, failures) values (p_window, p_client, 1)
        on conflict (window_began, client_index) do update set failures = guess.failures + 1;
    delete from guess g where g.window_began < p_window - interval '1 day';
end
$$
""",
    "revoke execute on function claim_number, progress_by_code from public",
    "grant execute on function claim_number, progress_by_code to intake_api",
)
