"""The first tables: contacts, templates, messages, inboxes and the sandbox's log."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import create_event_tables, create_http_tables, grant, protect, scope_policy
from network.migrations import create_tables as create_network_tables

from notify.migrations.wordings_v1 import WORDINGS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

EVERYWHERE = "current_setting('app.lo1', true) = '/'"
OWN = "subject = current_setting('app.subject', true)"


def upgrade() -> None:
    connection = op.get_bind()
    create_event_tables(connection, "notify")
    create_http_tables(connection, "notify")
    create_network_tables(connection, "notify")
    _create_contact()
    _create_template()
    _create_message()
    _create_inbox_item()
    _create_sandbox_message()
    protect(connection, "contact", EVERYWHERE)
    protect(connection, "message", scope_policy("placed_path"))
    protect(connection, "inbox_item", f"{OWN} or {EVERYWHERE}")
    protect(connection, "sandbox_message", EVERYWHERE)
    grant(connection, "notify", RIGHTS)
    for statement in NARROW_FUNCTIONS:
        op.execute(sa.text(statement.replace(":", "\\:")))


RIGHTS = {
    "api": {
        "message": "select",
        "inbox_item": "select, update (read_at)",
        "template": "select",
        "sandbox_message": "select",
    },
    "consumer": {
        "contact": "select, insert, update",
        "template": "select",
        "message": "select, insert, update",
        "inbox_item": "insert",
        "sandbox_message": "select (message_id), update (address, text)",
    },
    "clock": {
        "contact": "select",
        "message": "select, update",
        "sandbox_message": "select (idempotency_key), insert",
    },
    "auditor": {
        "contact": "select (contact_id, topic, subject, version, changed_at)",
        "template": "select",
        "message": "select",
        "inbox_item": "select",
        "sandbox_message": "select",
    },
}


def _create_contact() -> None:
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Uuid, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("wrapped_key", sa.Text),
        sa.Column("reach", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact"),
        sa.CheckConstraint("(wrapped_key is null) = (reach is null)", name="ck_contact_erased_whole"),
    )


def _create_template() -> None:
    table: sa.Table = op.create_table(
        "template",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_at", MOMENT, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", "language", "version", name="pk_template"),
    )
    start = sa.text("timestamptz '2000-01-01 00:00:00+00'")
    rows = [
        {"code": code, "language": language, "version": 1, "title": title, "body": body}
        for code, wordings in WORDINGS.items()
        for language, (title, body) in wordings.items()
    ]
    op.execute(table.insert().values([{**row, "effective_at": start} for row in rows]))


def _create_message() -> None:
    op.create_table(
        "message",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("case_version", sa.BigInteger, nullable=False),
        sa.Column("appeal_id", sa.Uuid),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("contact_id", sa.Uuid),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("template_version", sa.Integer, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("means", sa.Text, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("sent_to", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("turn", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claim", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", MOMENT),
        sa.Column("called_at", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.Column("provider", sa.Text),
        sa.Column("provider_ref", sa.Text),
        sa.Column("retried_by", sa.Text),
        sa.Column("traceparent", sa.Text),
        sa.Column("place_id", sa.Uuid),
        sa.Column("placed_path", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_message"),
        sa.UniqueConstraint("case_id", "case_version", "recipient", "template", name="uq_message_once"),
        sa.CheckConstraint(
            "state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'none_wanted', 'erased')",
            name="ck_message_state_known",
        ),
        sa.CheckConstraint("(due_at is not null) = (state in ('queued', 'sending'))", name="ck_message_due_while_open"),
    )
    _create_message_indexes()


def _create_message_indexes() -> None:
    def where(condition: str) -> sa.TextClause:
        return sa.text(condition)

    is_open, is_troubled = "state in ('queued', 'sending')", "state in ('failed', 'unknown')"
    op.create_index("ix_message_due", "message", ["due_at", "message_id"], postgresql_where=where(is_open))
    op.create_index("ix_message_troubled", "message", ["changed_at", "message_id"], postgresql_where=where(is_troubled))
    op.create_index("ix_message_contact", "message", ["contact_id"], postgresql_where=where("body is not null"))
    op.create_index("ix_message_place", "message", ["place_id"])


def _create_inbox_item() -> None:
    op.create_table(
        "inbox_item",
        sa.Column("item_id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT),
        sa.PrimaryKeyConstraint("item_id", name="pk_inbox_item"),
        sa.UniqueConstraint("message_id", name="uq_inbox_item_message_id"),
    )
    op.create_index(
        "ix_inbox_item_reading",
        "inbox_item",
        ["subject", sa.text("(read_at is null) desc"), sa.text("item_id desc")],
    )


def _create_sandbox_message() -> None:
    op.create_table(
        "sandbox_message",
        sa.Column("sandbox_id", sa.Uuid, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sandbox_id", name="pk_sandbox_message"),
        sa.UniqueConstraint("idempotency_key", name="uq_sandbox_message_idempotency_key"),
    )
    op.create_index("ix_sandbox_message_message", "sandbox_message", ["message_id"])


#: For operators, who answer for no place: what needs a person, without anything about a person; and its retry. FORCE
#: binds the owner too, so the functions enter everywhere for themselves.
NARROW_FUNCTIONS = (
    """
    create function list_troubled_messages(before_at timestamptz, before_id uuid, most int)
    returns table (
        message_id uuid, case_id uuid, case_number text, appeal_id uuid, audience text, template text, means text,
        state text, reason text, attempts int, provider text, created_at timestamptz, changed_at timestamptz,
        sent_at timestamptz, version bigint
    )
    language sql stable security definer
    set search_path = pg_catalog, public set app.lo1 = '/' set app.hi1 = '0'
    as $$
        select m.message_id, m.case_id, m.case_number, m.appeal_id, m.audience, m.template, m.means, m.state, m.reason,
               m.attempts, m.provider, m.created_at, m.changed_at, m.sent_at, m.version
        from message m
        where m.state in ('failed', 'unknown')
          and (before_at is null or (m.changed_at, m.message_id) < (before_at, before_id))
        order by m.changed_at desc, m.message_id desc limit most
    $$
    """,
    """
    create function take_up_again(which uuid, who text, at timestamptz)
    returns text -- the state that it was found in; null: there is no such message
    language plpgsql volatile security definer
    set search_path = pg_catalog, public set app.lo1 = '/' set app.hi1 = '0'
    as $$
    declare found_in text;
    begin
        select m.state into found_in from message m where m.message_id = which for update;
        update message m set state = 'queued', due_at = at, changed_at = at, version = m.version + 1,
            turn = m.turn + (m.state = 'failed')::int, attempts = 0, reason = null, called_at = null, retried_by = who
        where m.message_id = which and m.state in ('failed', 'unknown');
        return found_in;
    end $$
    """,
    "revoke all on function list_troubled_messages, take_up_again from public",
    "grant execute on function list_troubled_messages, take_up_again to notify_api",
)


def downgrade() -> None:
    raise NotImplementedError("The first revision is not undone: restore a backup.")
