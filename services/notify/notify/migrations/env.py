"""Alembic's door."""

from kit.migrations import run

from notify.models import metadata

run(metadata)
