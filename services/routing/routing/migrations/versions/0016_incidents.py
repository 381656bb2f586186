"""Incidents: the buildings and areas that a case names, whose every household is told."""

import sqlalchemy as sa
from alembic import op
from kit.migrations import grant, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

RIGHTS = {"api": {"incident_place": "select, insert"}, "auditor": {"incident_place": "select"}}


def upgrade() -> None:
    op.add_column("cases", sa.Column("tellings", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "incident_place",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id", name="fk_incident_place_case_id_cases")),
        sa.Column("place_id", sa.Uuid),
        sa.Column("telling", sa.Integer, nullable=False),
        sa.Column("named_by", sa.Text, nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "place_id", name="pk_incident_place"),
    )
    # Whoever sees a case sees which buildings it names.
    protect(op.get_bind(), "incident_place", "exists (select 1 from cases c where c.case_id = incident_place.case_id)")
    grant(op.get_bind(), "routing", RIGHTS)
