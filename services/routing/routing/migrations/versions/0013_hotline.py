"""What is handed to the city hotline, the files that it goes out with, and their replies."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect, scope_policy

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

OF_CASE = "exists (select 1 from cases c where c.case_id = {table}.case_id)"
#: What went out with a file is written again as it was, wherever its case lies by then.
OF_BATCH = "batch is not null and exists (select 1 from hotline_batch b where b.number = hotline_handover.batch)"

RIGHTS = {
    "api": {
        "hotline_batch": "select, insert, update",
        "hotline_handover": "select, insert, update",
        "hotline_reply": "select, insert, update",
    },
    "consumer": dict.fromkeys(("hotline_batch", "hotline_reply"), "select, update"),
    "auditor": dict.fromkeys(("hotline_batch", "hotline_handover", "hotline_reply"), "select"),
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("hotline_handovers", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("at_hotline", sa.Boolean, nullable=False, server_default="false"))
    _create_batch()
    _create_handover()
    _create_reply()
    of_case = OF_CASE.format(table="hotline_handover")
    protect(op.get_bind(), "hotline_batch", scope_policy("path"))
    protect(op.get_bind(), "hotline_handover", f"{of_case} or ({OF_BATCH})")
    # Of which case nobody knows, whoever imports where it came in may see.
    of_nobody = f"case_id is null and ({scope_policy('path')})"
    protect(op.get_bind(), "hotline_reply", f"{OF_CASE.format(table='hotline_reply')} or ({of_nobody})")
    grant(op.get_bind(), "routing", RIGHTS)


def _create_batch() -> None:
    op.create_table(
        "hotline_batch",
        sa.Column("number", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("written_at", MOMENT),
    )
    unwritten = sa.text("written_at is null")
    op.create_index("ix_hotline_batch_unwritten", "hotline_batch", ["place_id", "number"], postgresql_where=unwritten)


def _create_handover() -> None:
    of_case = sa.ForeignKey("cases.case_id", name="fk_hotline_handover_case_id_cases")
    of_batch = sa.ForeignKey("hotline_batch.number", name="fk_hotline_handover_batch_hotline_batch")
    op.create_table(
        "hotline_handover",
        sa.Column("handover_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, of_case, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("gist", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("handed_at", MOMENT, nullable=False),
        sa.Column("reply_due", MOMENT, nullable=False),
        sa.Column("batch", sa.Integer, of_batch),
        sa.Column("their_number", sa.Text),
        sa.Column("standing", sa.Text),
        sa.Column("replied_at", MOMENT),
    )
    waiting = sa.text("batch is null")
    op.create_index("ix_hotline_handover_case", "hotline_handover", ["case_id", "handover_id"])
    op.create_index("ix_hotline_handover_waiting", "hotline_handover", ["handover_id"], postgresql_where=waiting)
    op.create_index("ix_hotline_handover_batch", "hotline_handover", ["batch", "handover_id"])


def _create_reply() -> None:
    op.create_table(
        "hotline_reply",
        sa.Column("reply_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("their_number", sa.Text, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_hotline_reply_case_id_cases")),
        sa.Column("fate", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("came_by", sa.Text, nullable=False),
        sa.Column("came_at", MOMENT, nullable=False),
        sa.Column("settled_by", sa.Text),
        sa.Column("settled_why", sa.Text),
        sa.Column("settled_at", MOMENT),
        sa.UniqueConstraint("digest", "nth", name="uq_hotline_reply_digest"),
    )
    kept = sa.text("fate <> 'recorded' and settled_at is null")
    op.create_index("ix_hotline_reply_case", "hotline_reply", ["case_id"])
    op.create_index("ix_hotline_reply_kept", "hotline_reply", ["reply_id"], postgresql_where=kept)
