"""A new city's rules say how long whoever is given a case has for it; where anything was promised, its own hold on."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

#: What came with the platform, where nobody has promised anything by it yet: a set that was promised by never changes.
_SEEDED = """
version = (select max(version) from rule_set) and not exists (select from cases)
    and not exists (select from rule_set where drafted_by is not null)
"""

#: A default of ours: two working days, where the promise does not end sooner.
HOLDING = f"""
update rule_set set limits = limits || '{{"holding": 2}}',
    note = note || ' Whoever is given a case by another has two working days.'
where {_SEEDED}
"""


def upgrade() -> None:
    # Of its own: cases are hidden from their owner too, and a city that has some would look new.
    op.execute("set local app.lo1 = '/'")
    op.execute("set local app.hi1 = '0'")
    op.execute(HOLDING)
