"""The first tables: contacts, templates, messages, inboxes and the sandbox's log."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import create_event_tables, create_http_tables, grant, protect, scope_policy
from network.migrations import create_tables as create_network_tables

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
    table = op.create_table(
        "template",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_at", MOMENT, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", "language", "version", name="pk_template"),
    )
    assert table is not None
    start = sa.text("timestamptz '2000-01-01 00:00:00+00'")
    rows = [
        {"code": code, "language": language, "version": 1, "title": title, "body": body}
        for code, wordings in TEMPLATES.items()
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


#: For operators, who answer for no place: what needs a person, without anything about a person; and its retry.
NARROW_FUNCTIONS = (
    """
    create function list_troubled_messages(before_at timestamptz, before_id uuid, most int)
    returns table (
        message_id uuid, case_id uuid, case_number text, appeal_id uuid, audience text, template text, means text,
        state text, reason text, attempts int, provider text, created_at timestamptz, changed_at timestamptz,
        sent_at timestamptz, version bigint
    )
    language sql stable security definer
    set search_path = pg_catalog, public
    set app.lo1 = '/' set app.hi1 = '0'
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
    language sql volatile security definer
    set search_path = pg_catalog, public
    set app.lo1 = '/' set app.hi1 = '0'
    as $$
        with again as (
            update message m set state = 'queued', due_at = at, changed_at = at, version = m.version + 1,
                turn = m.turn + (m.state = 'failed')::int, attempts = 0, reason = null, called_at = null,
                retried_by = who
            where m.message_id = which and m.state in ('failed', 'unknown')
        )
        select m.state from message m where m.message_id = which
    $$
    """,
    "revoke all on function list_troubled_messages, take_up_again from public",
    "grant execute on function list_troubled_messages, take_up_again to notify_api",
)

_WHO_ZH = "{% if handler %}承办：{{ handler.title }}{% if handler.name %} {{ handler.name }}{% endif %}{% if handler.phone %}，电话 {{ handler.phone }}{% endif %}。{% endif %}"
_WHO_EN = "{% if handler %}Who does it: {{ handler.title }}{% if handler.name %}, {{ handler.name }}{% endif %}{% if handler.phone %}, phone {{ handler.phone }}{% endif %}. {% endif %}"
_SEE_ZH = "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}"
_SEE_EN = "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}"
_ASK_ZH = "{% if handler and handler.phone %}有疑问请联系 {{ handler.title }}{% if handler.name %} {{ handler.name }}{% endif %}，电话 {{ handler.phone }}。{% endif %}"
_ASK_EN = "{% if handler and handler.phone %}Questions? {{ handler.title }}{% if handler.name %}, {{ handler.name }}{% endif %}, phone {{ handler.phone }}. {% endif %}"

#: By code and language: title and body, as Jinja templates.
TEMPLATES: dict[str, dict[str, tuple[str, str]]] = {
    "case_accepted": {
        "zh": (
            "诉求 {{ number }} 已受理",
            "您的诉求 {{ number }} 已受理。{% if promise %}{{ promise }}{% endif %}最迟 {{ due }} 前答复您。"
            + _WHO_ZH
            + _SEE_ZH,
        ),
        "en": (
            "Your appeal {{ number }} has been accepted",
            "Your appeal {{ number }} has been accepted. {% if promise %}{{ promise }} {% endif %}You will have an answer"
            " by {{ due }}. " + _WHO_EN + _SEE_EN,
        ),
    },
    "case_reassigned": {
        "zh": (
            "诉求 {{ number }} 换了承办人",
            "您的诉求 {{ number }} 换人办理，答复期限不变：{{ due }} 前。" + _WHO_ZH + _SEE_ZH,
        ),
        "en": (
            "Somebody else now handles your appeal {{ number }}",
            "Somebody else now handles your appeal {{ number }}. The promise stands: an answer by {{ due }}. "
            + _WHO_EN
            + _SEE_EN,
        ),
    },
    "case_answered": {
        "zh": (
            "诉求 {{ number }} 已答复",
            "您的诉求 {{ number }} 已有答复：{{ answer }} " + _ASK_ZH + _SEE_ZH,
        ),
        "en": (
            "Your appeal {{ number }} has been answered",
            "Your appeal {{ number }} has been answered: {{ answer }} " + _ASK_EN + _SEE_EN,
        ),
    },
    "case_closed": {
        "zh": (
            "诉求 {{ number }} 已办结",
            "您的诉求 {{ number }} 已办结。" + _ASK_ZH + _SEE_ZH,
        ),
        "en": (
            "Your appeal {{ number }} is closed",
            "Your appeal {{ number }} is done and closed. " + _ASK_EN + _SEE_EN,
        ),
    },
    "case_withdrawn": {
        "zh": (
            "诉求 {{ number }} 已撤回",
            "您的诉求 {{ number }} 已撤回，不再办理。如需重新反映，请再次提交。" + _ASK_ZH,
        ),
        "en": (
            "Your appeal {{ number }} has been withdrawn",
            "Your appeal {{ number }} has been withdrawn and nobody works on it any more. If you need us after all,"
            " send it in again. " + _ASK_EN,
        ),
    },
    "case_waiting": {
        "zh": (
            "待派单：{{ number }}",
            "{{ gist }}｜{% if queue == 'unplaced' %}地点不明，请确定地点后派单"
            "{% elif queue == 'unsorted' %}类别不明，请定类后派单"
            "{% else %}承办岗位空缺，请指定承办人{% endif %}。",
        ),
        "en": (
            "Waiting for you to dispatch: {{ number }}",
            "{{ gist }} | {% if queue == 'unplaced' %}Its place is not known: find it, then dispatch"
            "{% elif queue == 'unsorted' %}Its category is not known: sort it, then dispatch"
            "{% else %}The post that would handle it is vacant: name somebody{% endif %}.",
        ),
    },
    "case_assigned": {
        "zh": ("交您办理：{{ number }}", "{{ gist }}｜请在 {{ due }} 前答复。"),
        "en": ("Yours to handle: {{ number }}", "{{ gist }} | Answer by {{ due }}."),
    },
    "case_closed_staff": {
        "zh": (
            "已结：{{ number }}",
            "{% if reason == 'withdrawn' %}诉求人已撤回，无需再办。{% else %}您承办的事项已办结。{% endif %}",
        ),
        "en": (
            "Closed: {{ number }}",
            "{% if reason == 'withdrawn' %}Withdrawn by whoever appealed: nothing more to do."
            "{% else %}What you handled is done and closed.{% endif %}",
        ),
    },
    "deadline_missed": {
        "zh": ("已超期：{{ number }}", "{{ gist }}｜应于 {{ due }} 前答复，现已超期，仍由您承办。"),
        "en": (
            "Late: {{ number }}",
            "{{ gist }} | An answer was promised by {{ due }}. It is late now, and still yours to handle.",
        ),
    },
    "deadline_missed_superior": {
        "zh": (
            "下级超期：{{ number }}",
            "{{ gist }}｜应于 {{ due }} 前答复。{% if handler %}承办：{{ handler.title }}"
            "{% if handler.name %} {{ handler.name }}{% endif %}。{% else %}无人承办。{% endif %}请督办。",
        ),
        "en": (
            "Late below you: {{ number }}",
            "{{ gist }} | An answer was promised by {{ due }}. {% if handler %}Handler: {{ handler.title }}"
            "{% if handler.name %}, {{ handler.name }}{% endif %}. {% else %}Nobody handles it. {% endif %}"
            "See to it that it is done.",
        ),
    },
}


def downgrade() -> None:
    raise NotImplementedError("The first revision is not undone: restore a backup.")
