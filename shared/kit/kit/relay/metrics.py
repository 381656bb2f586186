"""What is counted of events going out."""

from prometheus_client import Counter, Gauge

PENDING = Gauge("baiyang_outbox_pending", "Events that have not been sent", ["service"])
OLDEST = Gauge("baiyang_outbox_oldest_seconds", "Age of the oldest event that has not been sent", ["service"])
REFUSED = Gauge("baiyang_outbox_refused", "Events that Kafka will not have as they are", ["service"])
PUBLISHED = Counter("baiyang_relay_published", "Events sent", ["topic"])
FAILURES = Counter("baiyang_relay_failures", "Windows that were not sent and are tried again", ["service", "error"])
SHARDS_HELD = Gauge("baiyang_relay_shards", "Shards that this relay holds", ["service"])
RESENT = Counter("baiyang_relay_resent", "Times that a topic was laid anew and sent again from the log", ["topic"])
