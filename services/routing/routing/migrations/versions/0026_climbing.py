"""Warnings before a limit, and whose duty it is to see to what was missed, tier by tier."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NO_SHARES, NO_WARNINGS = sa.text("'{}'::smallint[]"), sa.text("'[]'::jsonb")

RIGHTS = {
    "api": {"supervision": "select, insert, update"},
    "consumer": {"supervision": "select, insert, update"},
    "clock": {"supervision": "select, insert, update", "precedent": "select"},
    "auditor": {"supervision": "select"},
}


def upgrade() -> None:
    _add_to_deadline()
    _add_to_rules()
    op.add_column("cases", sa.Column("supervisor_post_id", sa.Uuid))
    _create_supervision()
    protect(op.get_bind(), "supervision", "exists (select 1 from cases c where c.case_id = supervision.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)
    for statement in NEXT_RULES:
        op.execute(statement)


def _add_to_deadline() -> None:
    """Of what is promised already nobody is warned."""
    op.add_column("deadline", sa.Column("warnings", JSONB, nullable=False, server_default=NO_WARNINGS))
    op.add_column("deadline", sa.Column("warned", sa.SmallInteger, nullable=False, server_default="0"))
    op.add_column("deadline", sa.Column("warn_at", MOMENT))
    ahead = sa.text("state = 'open' and warn_at is not null")
    op.create_index("ix_deadline_warn", "deadline", ["warn_at", "deadline_id"], postgresql_where=ahead)


def _add_to_rules() -> None:
    op.add_column("rule_set", sa.Column("shares", ARRAY(sa.SmallInteger), nullable=False, server_default=NO_SHARES))
    for table in ("rule_set", "rule"):
        for limit in ("climb", "repeat"):
            op.add_column(table, sa.Column(f"{limit}_unit", sa.Text))
            op.add_column(table, sa.Column(f"{limit}_count", sa.Integer))


def _create_supervision() -> None:
    op.create_table(
        "supervision",
        sa.Column("supervision_id", sa.Uuid, primary_key=True),
        sa.Column(
            "case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_supervision_case_id_cases"), nullable=False
        ),
        sa.Column("post_id", sa.Uuid, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("counted_from", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("calendar_version", sa.Integer, nullable=False),
        sa.Column("rank", sa.SmallInteger, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("lapsed_at", MOMENT),
        sa.Column("settled_at", MOMENT),
    )
    in_list = ["post_id", "rank", "since", "supervision_id"]
    standing = sa.text("settled_at is null")
    running = sa.text("settled_at is null and lapsed_at is null")
    op.create_index("ix_supervision_case", "supervision", ["case_id", "supervision_id"])
    op.create_index("ix_supervision_standing", "supervision", in_list, postgresql_where=standing)
    op.create_index("ix_supervision_due", "supervision", ["due_at", "supervision_id"], postgresql_where=running)
    op.create_index("uq_supervision_running", "supervision", ["case_id"], unique=True, postgresql_where=running)


#: The rules as they were, with warnings at half and four fifths, and a superior's limit that is never longer than the
#: promise; a case keeps the rules that it began under.
NEXT_RULES = (
    """
insert into rule_set
    (version, zone, note, effective_from, shares, climb_unit, climb_count, repeat_unit, repeat_count)
select version + 1, zone, 'Warned at half and four fifths; what is missed climbs tier by tier.', effective_from,
    '{50,80}', 'working_days', 1, 'working_days', 1
from rule_set order by version desc limit 1
""",
    """
insert into rule (version, kind, remit, category, urgent, duty, unit, count, evidence, review, verification,
    climb_unit, climb_count, repeat_unit, repeat_count)
select (select max(version) from rule_set), kind, remit, category, urgent, duty, unit, count,
    evidence, review, verification,
    case unit when 'same_day' then 'same_day' when 'clock_hours' then 'clock_hours' end,
    case unit when 'same_day' then 0 when 'clock_hours' then 2 end,
    case unit when 'clock_hours' then 'clock_hours' end,
    case unit when 'clock_hours' then 4 end
from rule where version = (select max(version) - 1 from rule_set)
""",
)
