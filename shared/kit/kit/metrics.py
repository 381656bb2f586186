"""Metrics are made here alone, each as contracts.metrics defines it, and shown as Prometheus reads them."""

from contracts.metrics import METRICS, Kind, Metric
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

__all__ = ["CONTENT_TYPE", "counter", "gauge", "histogram", "shown"]

CONTENT_TYPE = CONTENT_TYPE_LATEST

# When each series began would be one series more for each.
disable_created_metrics()  # type: ignore[no-untyped-call]


def counter(name: str) -> Counter:
    metric = _get(name, Kind.COUNTER)
    return Counter(metric.name, metric.meaning, [*metric.labels])


def gauge(name: str) -> Gauge:
    metric = _get(name, Kind.GAUGE)
    return Gauge(metric.name, metric.meaning, [*metric.labels])


def histogram(name: str) -> Histogram:
    metric = _get(name, Kind.HISTOGRAM)
    return Histogram(metric.name, metric.meaning, [*metric.labels], buckets=metric.buckets)


def shown() -> bytes:
    return generate_latest()


def _get(name: str, kind: Kind) -> Metric:
    metric = METRICS[name]
    if metric.kind is not kind:
        raise TypeError(f"{name} is a {metric.kind} in contracts.metrics")
    return metric
