"""Alembic's door."""

from kit.migrations import run

from intake.models import metadata

run(metadata)
