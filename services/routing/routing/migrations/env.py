"""Alembic's door."""

from kit.migrations import run

from routing.models import metadata

run(metadata)
