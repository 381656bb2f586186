"""What a running city shows to who watches."""

import re
from uuid import uuid4

import httpx
import pytest
from contracts.metrics import METRICS
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.system.city import SERVICES, City, wait_until

SUFFIXES = ("_bucket", "_count", "_sum", "_total")


def metric_of(sample: Sample) -> str:
    name = next((s for s in SUFFIXES if sample.name.endswith(s) and sample.name not in METRICS), "")
    return sample.name.removesuffix(name)


def samples_of(city: City, service: str, name: str = "") -> list[Sample]:
    address = f"http://127.0.0.1:{city.settings()[f'{service.upper()}_PORT']}/metrics"
    families = text_string_to_metric_families(httpx.get(address, timeout=30).text)
    return [sample for family in families for sample in family.samples if name in ("", sample.name)]


@pytest.fixture(scope="module")
def samples(city: City) -> list[Sample]:
    """Of all four services, once an appeal has come to its last notice."""
    body = {
        "channel": "web",
        "place": "A3-15",
        "words": "路灯不亮。",
        "who": {"kind": "outsider", "name": "周平", "means": "sandbox", "address": "sandbox:zhou-ping"},
    }
    token = city.baiyang("token", "resident").stdout.strip()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
    before = _notices_and_figures(city)
    httpx.post(f"{city.address}/intake/v1/appeals", json=body, headers=headers, timeout=30).raise_for_status()

    def has_come() -> bool:
        return all(now > then for now, then in zip(_notices_and_figures(city), before, strict=True))

    wait_until(has_come, seconds=60, what="its notice is sent, and it counts")
    return [sample for service in SERVICES for sample in samples_of(city, service)]


def _notices_and_figures(city: City) -> tuple[float, float]:
    """How many notices were sent, and how many cases were received."""
    notices = samples_of(city, "notify", "baiyang_notices_total")
    figures = samples_of(city, "routing", "baiyang_figures_total")
    return (
        sum(sample.value for sample in notices if sample.labels["state"] == "sent"),
        sum(sample.value for sample in figures if sample.labels["figure"] == "received"),
    )


def test_all_that_is_shown_is_in_the_registry_with_labels_as_it_has_them(samples: list[Sample]) -> None:
    assert {metric_of(sample) for sample in samples} <= set(METRICS)
    strange = {
        (sample.name, label, value)
        for sample in samples
        for label, value in sample.labels.items()
        if label != "le" and not re.fullmatch(METRICS[metric_of(sample)].labels[label], value)
    }
    assert strange == set()


def test_one_appeal_is_seen_on_its_whole_way(samples: list[Sample]) -> None:
    seen = {(sample.name, *sample.labels.values()) for sample in samples if sample.value}
    assert {
        ("baiyang_events_committed_total", "intake.appeal.received.v1"),
        ("baiyang_relay_published_total", "intake.appeal.v1"),
        ("baiyang_commit_to_commit_seconds_count", "routing", "intake.appeal.v1"),
        ("baiyang_events_committed_total", "routing.case.opened.v1"),
        ("baiyang_commit_to_commit_seconds_count", "notify", "routing.case.v1"),
        ("baiyang_commit_to_commit_seconds_count", "intake", "routing.case.v1"),
        ("baiyang_notices_total", "sent"),
        ("baiyang_notice_delay_seconds_count",),
    } <= seen


def test_what_waits_is_shown_while_nothing_does(samples: list[Sample]) -> None:
    shown = {sample.name for sample in samples}
    assert {
        "baiyang_outbox_oldest_seconds",
        "baiyang_consumer_lag",
        "baiyang_dead_letters_open",
        "baiyang_parked",
        "baiyang_deadlines_due",
        "baiyang_deadlines_oldest_due_seconds",
        "baiyang_notices_due",
        "baiyang_notices_oldest_due_seconds",
        "baiyang_loop_last_pass_seconds",
        "baiyang_pool_used",
    } <= shown
