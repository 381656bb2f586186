"""Events out, from the log to Kafka (architecture.md, the life of one event)."""

from kit.relay.aspect import relaying
from kit.relay.relay import Relay

__all__ = ["Relay", "relaying"]
