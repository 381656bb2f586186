"""What is counted of events coming in."""

from kit import metrics

EVENTS = metrics.counter("baiyang_consumer_events")
LAG = metrics.gauge("baiyang_consumer_lag")
COMMIT_TO_COMMIT = metrics.histogram("baiyang_commit_to_commit_seconds")
DEAD_LETTERS = metrics.gauge("baiyang_dead_letters_open")
PARKED = metrics.gauge("baiyang_parked")
RETRIES = metrics.counter("baiyang_consumer_retries")
REWINDS = metrics.counter("baiyang_consumer_rewinds")
