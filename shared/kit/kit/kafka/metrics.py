"""What is counted of events coming in. Labels are bounded by the registry: never a key or an id."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("baiyang_consumer_events", "Events taken, by what became of them", ["topic", "type", "result"])
LAG = Gauge("baiyang_consumer_lag", "Records of the assigned partitions that have not been taken", ["topic"])
COMMIT_TO_COMMIT = Histogram(
    "baiyang_commit_to_commit_seconds",
    "From the producer's transaction to the commit of the handler's",
    ["topic"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
DEAD_LETTERS = Gauge("baiyang_dead_letters_open", "Dead letters that nobody has settled", ["consumer"])
PARKED = Gauge("baiyang_parked", "Events that wait for what has not come", ["consumer"])
RETRIES = Counter("baiyang_consumer_retries", "Batches tried again because something was away", ["topic"])
REWINDS = Counter("baiyang_consumer_rewinds", "Partitions read again because the topic was laid anew", ["topic"])
