"""What residents say of an answer, by a link that needs no account."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KINDS = "kind in ('corrected', 'withdrawn', 'rated')"


def upgrade() -> None:
    op.add_column("appeal_entry", sa.Column("answer", sa.Integer))
    op.add_column("appeal_entry", sa.Column("solved", sa.Boolean))
    op.add_column("appeal_entry", sa.Column("rating", sa.SmallInteger))
    op.drop_constraint(op.f("ck_appeal_entry_kind"), "appeal_entry")
    op.create_check_constraint(op.f("ck_appeal_entry_kind"), "appeal_entry", KINDS)
    once = sa.text("kind = 'rated'")
    op.create_index(
        "uq_appeal_entry_rated", "appeal_entry", ["appeal_id", "answer"], unique=True, postgresql_where=once
    )
    op.add_column("progress", sa.Column("answer", sa.Integer))
    op.add_column("progress", sa.Column("rate_by", sa.DateTime(timezone=True)))
    op.execute("grant select (answer, solved, rating) on appeal_entry to intake_auditor")
    op.execute("grant select (answer, rate_by) on progress to intake_auditor")
    for statement in NARROW_FUNCTIONS:
        op.execute(sa.text(statement.replace(":", "\\:")))


#: A process of the release before reads what it knows of the first by name.
NARROW_FUNCTIONS = (
    "drop function progress_by_code",
    """
create function progress_by_code(p_codes bytea[], p_client bytea, p_window timestamptz, p_limit int)
returns table (outcome text, number text, received_at timestamptz, withdrawn boolean, state text, talk_to text,
               phone text, handler text, due timestamptz, promise jsonb, appeal_id uuid, answer int,
               rate_by timestamptz, rated boolean)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    if exists (select from guess g where g.window_began = p_window and g.client_index = p_client
               and g.failures >= p_limit) then
        return query select 'too_many', null::text, null::timestamptz, null::boolean, null::text, null::text,
            null::text, null::text, null::timestamptz, null::jsonb, null::uuid, null::int, null::timestamptz,
            null::boolean;
        return;
    end if;
    return query select 'found', a.number, a.received_at, a.withdrawn_at is not null, p.state, p.talk_to, p.phone,
        p.handler, p.due, p.promise, a.id, p.answer, p.rate_by,
        exists (select from appeal_entry e where e.appeal_id = a.id and e.kind = 'rated' and e.answer = p.answer)
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
    """
create function rating_asked(p_appeal uuid, p_answer int)
returns table (number text, withdrawn boolean, newest int, rate_by timestamptz, rated boolean, placed_path text,
               taken_path text)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp set app.lo1 = '/' set app.hi1 = '0'
as $$
    select a.number, a.withdrawn_at is not null, p.answer, p.rate_by,
        exists (select from appeal_entry e where e.appeal_id = a.id and e.kind = 'rated' and e.answer = p_answer),
        a.placed_path, a.taken_path
    from appeal a left join progress p on p.appeal_id = a.id where a.id = p_appeal
$$
""",
    "revoke execute on function progress_by_code, rating_asked from public",
    "grant execute on function progress_by_code, rating_asked to intake_api",
)
