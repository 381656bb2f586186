"""What the registry asks of a cluster: topics with their settings, and who may do what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from contracts.topics import TOPICS, Topic
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType

BUREAU = "bureau-"

#: Records may be as large as this; the relay's producer refuses larger ones before they reach the broker.
LARGEST_RECORD = 1_048_588


@dataclass(frozen=True)
class Declared:
    topic: Topic
    replicas: int
    settings: dict[str, str]


def declared(brokers: int) -> list[Declared]:
    """The registry's topics, as far as that many brokers can hold them: three replicas, of which two must have it."""
    replicas = min(3, brokers)
    return [Declared(topic, replicas, _settings(topic, replicas)) for topic in TOPICS.values()]


def _settings(topic: Topic, replicas: int) -> dict[str, str]:
    settings = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "min.insync.replicas": str(max(1, replicas - 1)),
        "max.message.bytes": str(LARGEST_RECORD),
        "retention.ms": str(int(topic.retention / timedelta(milliseconds=1))) if topic.retention else "-1",
    }
    if topic.compacted:
        # A tombstone stays long enough for a consumer that was away, and the past is compacted within a day, so that
        # what was erased is gone.
        settings |= {
            "delete.retention.ms": str(int(timedelta(days=7) / timedelta(milliseconds=1))),
            "max.compaction.lag.ms": str(int(timedelta(days=1) / timedelta(milliseconds=1))),
        }
    return settings


def acls_of(user: str) -> list[ACL]:
    """What a service, or a bureau's subscriber, may do; whoever the registry does not know may do nothing."""
    return _bureau_acls(user) if user.startswith(BUREAU) else _service_acls(user)


def _service_acls(service: str) -> list[ACL]:
    writes = [topic.name for topic in TOPICS.values() if topic.owner == service]
    reads = [topic.name for topic in TOPICS.values() if service in topic.consumers]
    return [
        *_allow(service, ResourceType.TOPIC, writes, ACLOperation.WRITE, ACLOperation.DESCRIBE),
        *_allow(service, ResourceType.TOPIC, reads, ACLOperation.READ, ACLOperation.DESCRIBE),
        *_allow(
            service,
            ResourceType.TRANSACTIONAL_ID,
            [f"{service}-relay-"] if writes else [],
            ACLOperation.WRITE,
            ACLOperation.DESCRIBE,
            prefix=True,
        ),
        *_allow(service, ResourceType.GROUP, [f"{service}-"] if reads else [], ACLOperation.READ, prefix=True),
    ]


def _bureau_acls(user: str) -> list[ACL]:
    public = [topic.name for topic in TOPICS.values() if topic.public]
    return [
        *_allow(user, ResourceType.TOPIC, public, ACLOperation.READ, ACLOperation.DESCRIBE),
        *_allow(user, ResourceType.GROUP, [f"{user}-"], ACLOperation.READ, prefix=True),
    ]


def _allow(
    user: str, kind: ResourceType, names: Iterable[str], *operations: ACLOperation, prefix: bool = False
) -> list[ACL]:
    pattern = ACLResourcePatternType.PREFIXED if prefix else ACLResourcePatternType.LITERAL
    return list(
        {
            ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, ResourcePattern(kind, name, pattern))
            for name in names
            for operation in operations
        }
    )
