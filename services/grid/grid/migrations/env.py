"""Alembic's door."""

from kit.migrations import run

from grid.models import metadata

run(metadata)
