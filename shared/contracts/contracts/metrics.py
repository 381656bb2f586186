"""The registry of metrics: what processes show on /metrics, and nothing else. Dashboards and alerts use these names.

A label holds one of few values that the code or the registry of topics knows: never a case, a person or a text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.routing import DeadlineKind
from contracts.topics import EVENTS, TOPICS


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Metric:
    """``labels``: by name, the pattern of what may stand in each. ``unit``: of one observation, or what is counted."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: Mapping[str, str] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()


def _one_of(values: Iterable[str]) -> str:
    return "|".join(sorted(value.replace(".", r"\.") for value in values))


_SERVICE = _one_of(("grid", "intake", "notify", "routing"))
_TOPIC = _one_of(TOPICS)
_TYPE = _one_of(EVENTS)
#: Of a community, or the nearest place above it that is known: as many as the register has.
PLACE = r"[^\s;|]{1,64}"
#: A route's template: its segments are words, versions or names in braces.
_ROUTE = r"unrouted|/|(/(\.?[a-z_.-]+|v\d|open311|\{[a-z_]+(:path)?\}))+"
_METHOD = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|other"
_STATUS = r"0|[1-5]\d\d"
#: The class of an exception.
_ERROR = "[A-Z][A-Za-z]+"
_LOOP = "[a-z_]+"
_PROVIDER = "[a-z_]+"
#: What a limit is of; routing has two that events tell by other names.
_KIND = _one_of((*DeadlineKind, "contact", "holding"))

_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_WAITS = (0.001, 0.01, 0.1, 0.5, 1, 5, 30)
_DELAYS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_LATENESS = (1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400)

_DEFINED = (
    Metric(
        "http_server_request_duration_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "Time to answer a request, by the template of its route",
        {"service": _SERVICE, "method": _METHOD, "route": _ROUTE, "status": _STATUS},
        _REQUESTS,
    ),
    Metric("http_server_active_requests", Kind.GAUGE, "requests", "Requests being answered", {"service": _SERVICE}),
    Metric(
        "http_server_defects_total",
        Kind.COUNTER,
        "answers",
        "Answers with 500",
        {"service": _SERVICE, "route": _ROUTE},
    ),
    Metric(
        "baiyang_pool_wait_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "Time until a transaction had its connection, by the database's role",
        {"role": f"({_SERVICE})_[a-z]+"},
        _WAITS,
    ),
    Metric(
        "baiyang_pool_used",
        Kind.GAUGE,
        "connections",
        "Connections in a transaction, by the database's role",
        {"role": f"({_SERVICE})_[a-z]+"},
    ),
    Metric(
        "baiyang_events_committed",
        Kind.COUNTER,
        "events",
        "Facts that were committed to the outbox: what happened in the city",
        {"type": _TYPE},
    ),
    Metric("baiyang_outbox_pending", Kind.GAUGE, "events", "Events that have not been sent", {"service": _SERVICE}),
    Metric(
        "baiyang_outbox_oldest_seconds",
        Kind.GAUGE,
        "seconds",
        "Age of the oldest event that has not been sent",
        {"service": _SERVICE},
    ),
    Metric(
        "baiyang_outbox_refused",
        Kind.GAUGE,
        "events",
        "Events that Kafka will not have as they are",
        {"service": _SERVICE},
    ),
    Metric("baiyang_relay_published", Kind.COUNTER, "events", "Events sent", {"topic": _TOPIC}),
    Metric(
        "baiyang_relay_failures",
        Kind.COUNTER,
        "windows",
        "Windows that were not sent and are tried again",
        {"service": _SERVICE, "error": _ERROR},
    ),
    Metric("baiyang_relay_shards", Kind.GAUGE, "shards", "Shards that this relay holds", {"service": _SERVICE}),
    Metric(
        "baiyang_relay_resent",
        Kind.COUNTER,
        "topics",
        "Times that a topic was laid anew and sent again from the log",
        {"topic": _TOPIC},
    ),
    Metric(
        "baiyang_consumer_events",
        Kind.COUNTER,
        "events",
        "Events taken, by what became of them",
        {
            "consumer": _SERVICE,
            "topic": _TOPIC,
            "type": f"{_TYPE}|other|tombstone",
            "result": "applied|dead|parked|repeated|unknown",
        },
    ),
    Metric(
        "baiyang_consumer_lag",
        Kind.GAUGE,
        "records",
        "Records of the assigned partitions that have not been taken",
        {"consumer": _SERVICE, "topic": _TOPIC},
    ),
    Metric(
        "baiyang_commit_to_commit_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "From the producer's transaction to the commit of the handler's",
        {"consumer": _SERVICE, "topic": _TOPIC},
        _DELAYS,
    ),
    Metric(
        "baiyang_dead_letters_open",
        Kind.GAUGE,
        "events",
        "Dead letters that nobody has settled",
        {"consumer": _SERVICE},
    ),
    Metric("baiyang_parked", Kind.GAUGE, "events", "Events that wait for what has not come", {"consumer": _SERVICE}),
    Metric(
        "baiyang_consumer_retries",
        Kind.COUNTER,
        "batches",
        "Batches tried again because something was away",
        {"consumer": _SERVICE, "topic": _TOPIC},
    ),
    Metric(
        "baiyang_consumer_rewinds",
        Kind.COUNTER,
        "partitions",
        "Partitions read again because the topic was laid anew",
        {"consumer": _SERVICE, "topic": _TOPIC},
    ),
    Metric("baiyang_loop_done", Kind.COUNTER, "things", "Things done by a loop", {"loop": _LOOP}),
    Metric(
        "baiyang_loop_failures",
        Kind.COUNTER,
        "passes",
        "Passes of a loop that failed and were tried again",
        {"loop": _LOOP, "error": _ERROR},
    ),
    Metric(
        "baiyang_loop_last_pass_seconds",
        Kind.GAUGE,
        "seconds",
        "When a loop last finished a pass, as Unix time",
        {"loop": _LOOP},
    ),
    Metric(
        "baiyang_deadlines_due",
        Kind.GAUGE,
        "limits",
        "Limits and superiors' duties that have come up and not been swept, of 10,000 at the most",
    ),
    Metric(
        "baiyang_deadlines_oldest_due_seconds",
        Kind.GAUGE,
        "seconds",
        "How long ago the oldest of these came up",
    ),
    Metric(
        "baiyang_deadline_lateness_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "From the instant at which a limit was missed, a duty let pass or a warning owed until the clock saw to it",
        {"kind": f"{_KIND}|duty|warning"},
        _LATENESS,
    ),
    Metric(
        "baiyang_sweep_late",
        Kind.COUNTER,
        "limits",
        "Limits and warnings that came up while nobody swept, and were swept late",
    ),
    Metric(
        "baiyang_routing_deadlines_explained",
        Kind.COUNTER,
        "explanations",
        "Deadlines explained, by whether all agrees with what is stored",
        {"kind": _KIND, "agrees": "true|false"},
    ),
    Metric(
        "baiyang_figures",
        Kind.COUNTER,
        "cases",
        "What steps of cases have counted, by the community's code in the register; what is taken back later is not",
        {"place": PLACE, "figure": "received|accepted|answered|closed|missed|not_solved"},
    ),
    Metric("baiyang_notices_due", Kind.GAUGE, "notices", "Notices that are due and not sent, of 10,000 at the most"),
    Metric("baiyang_notices_oldest_due_seconds", Kind.GAUGE, "seconds", "How long ago the oldest of these fell due"),
    Metric(
        "baiyang_notices",
        Kind.COUNTER,
        "notices",
        "What became of a notice after a try; ``queued``: put off",
        {"state": "queued|sent|failed|unknown|none_wanted|erased"},
    ),
    Metric(
        "baiyang_notice_delay_seconds",
        Kind.HISTOGRAM,
        "seconds",
        "From the instant at which a notice was owed until a provider took it",
        {},
        (1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400),
    ),
    Metric(
        "baiyang_notify_calls",
        Kind.COUNTER,
        "notices",
        "Notices handed to a provider, by its answer",
        {"provider": _PROVIDER, "result": "accepted|refused|deferred|uncertain"},
    ),
    # Of each process, by the library that shows them all.
    Metric("process_cpu_seconds", Kind.COUNTER, "seconds", "Processor time of this process"),
    Metric("process_resident_memory_bytes", Kind.GAUGE, "bytes", "Memory of this process"),
    Metric("process_virtual_memory_bytes", Kind.GAUGE, "bytes", "Address space of this process"),
    Metric("process_start_time_seconds", Kind.GAUGE, "seconds", "When this process started, as Unix time"),
    Metric("process_open_fds", Kind.GAUGE, "files", "Open files and sockets of this process"),
    Metric("process_max_fds", Kind.GAUGE, "files", "How many it may open"),
    Metric(
        "python_info",
        Kind.GAUGE,
        "",
        "The Python that runs it",
        {
            "implementation": "CPython|PyPy",
            "major": r"\d",
            "minor": r"\d{1,2}",
            "patchlevel": r"\d{1,2}",
            "version": r"\d\.\d{1,2}\.\d{1,2}\w*",
        },
    ),
    Metric("python_gc_objects_collected", Kind.COUNTER, "objects", "Objects collected", {"generation": r"\d"}),
    Metric("python_gc_objects_uncollectable", Kind.COUNTER, "objects", "Objects left", {"generation": r"\d"}),
    Metric("python_gc_collections", Kind.COUNTER, "passes", "Passes of the collector", {"generation": r"\d"}),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _DEFINED}
