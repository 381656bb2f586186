"""What a service's process loads, and what it leaves alone until it is needed."""

import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from kit import loading
from kit.app import revisions
from kit.telemetry import OnlyIds
from opentelemetry import trace

SERVICES = ("grid", "intake", "notify", "routing")

#: Each costs a process time and memory that it would never use.
LEFT_ALONE = ("alembic", "kafka", "opentelemetry.exporter", "opentelemetry.sdk", "pydantic.v1", "rich")

#: Who makes pages and messages of templates all day.
PAGES = ("intake", "notify")

LOAD = """
import sys
from kit.loading import lightly
with lightly():
    from kit.app import main
    import {service}.app
print(*(name for name, module in sys.modules.items() if module))
"""

REST = """
import gc
from kit.loading import lightly
with lightly():
    print(gc.isenabled())
print(gc.isenabled(), gc.get_freeze_count(), gc.get_threshold()[0])
"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_loads_nothing_that_it_does_not_need(service: str) -> None:
    told = subprocess.run([sys.executable, "-c", LOAD.format(service=service)], check=True, capture_output=True)
    loaded = told.stdout.decode().split()
    assert f"{service}.app" in loaded
    assert not set(loaded) & set(LEFT_ALONE)
    assert ("jinja2" in loaded) == (service in PAGES), "routing prints a sheet now and then, grid none"


@pytest.mark.parametrize("service", SERVICES)
def test_the_newest_revision_is_the_one_that_alembic_goes_to(service: str) -> None:
    config = Config()
    config.set_main_option("script_location", f"{service}:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert revisions.newest(service) == scripts.get_current_head()
    assert revisions.known(service) == {script.revision for script in scripts.walk_revisions()}


def test_the_garbage_collector_rests_while_code_is_loaded_and_passes_over_it_afterwards() -> None:
    told = subprocess.run([sys.executable, "-c", REST], check=True, capture_output=True)
    within, after, passed_over, young = told.stdout.decode().split()
    assert (within, after) == ("False", "True")
    assert int(passed_over) > 0
    assert int(young) == loading.YOUNG


def test_what_nobody_records_has_ids_and_its_children_stay_in_its_trace() -> None:
    tracer = OnlyIds().get_tracer("any")
    with tracer.start_as_current_span("first") as first, tracer.start_as_current_span("second") as second:
        assert trace.get_current_span() is second
    told, child = first.get_span_context(), second.get_span_context()
    assert told.is_valid
    assert not told.trace_flags.sampled
    assert child.trace_id == told.trace_id
    assert child.span_id != told.span_id
    assert not first.is_recording()
