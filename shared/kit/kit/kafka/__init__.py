"""Events in: handlers are marked here and run in batches, once in effect, in order per key."""

from kit.kafka.consumers import Consumers
from kit.kafka.handlers import (
    Handler,
    OnFailure,
    Subscription,
    consumes,
    consumes_all,
    consumes_tombstone,
    subscriptions_of,
)
from kit.kafka.tracing import under

__all__ = [
    "Consumers",
    "Handler",
    "OnFailure",
    "Subscription",
    "consumes",
    "consumes_all",
    "consumes_tombstone",
    "subscriptions_of",
    "under",
]
