"""Events in: handlers are marked here and run in batches, once in effect, in order per key."""

from kit.kafka.handlers import (
    Handler,
    OnFailure,
    Subscription,
    consumes,
    consumes_tombstone,
    subscriptions_of,
)

__all__ = [
    "Handler",
    "OnFailure",
    "Subscription",
    "consumes",
    "consumes_tombstone",
    "subscriptions_of",
]
