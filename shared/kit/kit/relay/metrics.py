"""What is counted of events going out."""

from kit import metrics

PENDING = metrics.gauge("baiyang_outbox_pending")
OLDEST = metrics.gauge("baiyang_outbox_oldest_seconds")
REFUSED = metrics.gauge("baiyang_outbox_refused")
PUBLISHED = metrics.counter("baiyang_relay_published")
FAILURES = metrics.counter("baiyang_relay_failures")
SHARDS_HELD = metrics.gauge("baiyang_relay_shards")
RESENT = metrics.counter("baiyang_relay_resent")
