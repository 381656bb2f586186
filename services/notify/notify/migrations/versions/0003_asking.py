"""Wordings for what is asked of dispatchers and ruled, and for what is declined."""

import sqlalchemy as sa
from alembic import op

from notify.migrations.wordings_v2 import WORDINGS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ADD = sa.text(
    "insert into template (code, language, version, effective_at, title, body)"
    " values (:code, :language, :version, timestamptz '2000-01-01 00:00:00+00', :title, :body)"
)


def upgrade() -> None:
    connection = op.get_bind()
    for code, (version, wordings) in WORDINGS.items():
        for language, (title, body) in wordings.items():
            row = {"code": code, "language": language, "version": version, "title": title, "body": body}
            connection.execute(_ADD, row)
