"""A cluster as its administrator sees it. Blocking: run it in a thread from async code."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from uuid import UUID

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    OffsetSpec,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialUpsertion,
)
from kafka.errors import CoordinatorLoadInProgressError
from kafka.structs import TopicPartition
from pydantic import SecretStr

from kit.kafka.security import client_settings

#: How many seconds a broker may take to settle what it was just asked, or started with.
_PATIENCE = 60


@dataclass(frozen=True)
class Access:
    """How an administrator reaches a cluster."""

    kafka_bootstrap_servers: str
    kafka_username: str = ""
    kafka_password: SecretStr = field(default_factory=lambda: SecretStr(""))
    kafka_ca_file: str = ""


class _Settings(Protocol):
    @property
    def kafka_bootstrap_servers(self) -> str: ...
    @property
    def kafka_username(self) -> str: ...
    @property
    def kafka_password(self) -> SecretStr: ...
    @property
    def kafka_ca_file(self) -> str: ...


@dataclass(frozen=True)
class Found:
    """A topic as it stands."""

    name: str
    id: UUID
    partitions: int


class Cluster:
    """Opened by ``with``; the few administrative calls that topics, lag and the command line need."""

    def __init__(self, access: _Settings) -> None:
        self._access = access

    def __enter__(self) -> Self:
        self._admin = KafkaAdminClient(
            **client_settings(self._access), client_id="baiyang-admin", bootstrap_timeout_ms=15_000
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._admin.close()

    def brokers(self) -> int:
        return len(self._admin.describe_cluster()["brokers"])

    def topics(self) -> dict[str, Found]:
        return {
            t["name"]: Found(t["name"], t["topic_id"], len(t["partitions"])) for t in self._admin.describe_topics(None)
        }

    def settings(self, topic: str) -> dict[str, str]:
        """The settings that a topic has of its own."""
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        found: Mapping[str, Any] = self._admin.describe_configs([resource], config_filter="all")["topic"][topic]
        return {name: str(entry["value"]) for name, entry in found.items()}

    def create_topics(self, topics: Mapping[str, Mapping[str, Any]]) -> None:
        if topics:
            self._admin.create_topics(dict(topics), wait_for_metadata=True)

    def delete_topics(self, names: Iterable[str]) -> None:
        """Until the broker has none of them any more."""
        wanted = set(names)
        if there := sorted(wanted & set(self.topics())):
            self._admin.delete_topics(there)
        until = time.monotonic() + _PATIENCE
        while wanted & set(self.topics()):
            if time.monotonic() > until:
                raise TimeoutError("Kafka does not delete its topics: look at its log")
            time.sleep(0.05)

    def change_settings(self, topic: str, settings: Mapping[str, str]) -> None:
        outcome = self._admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dict(settings))])
        _insist(topic, outcome["topic"][topic], "OK")

    def users(self) -> set[str]:
        return {name for name, found in self._admin.describe_user_scram_credentials().items() if not found["error"]}

    def set_passwords(self, users: Mapping[str, str]) -> None:
        wanted = [UserScramCredentialUpsertion(name, "SCRAM-SHA-512", password) for name, password in users.items()]
        if wanted:
            for name, error in self._admin.alter_user_scram_credentials(wanted).items():
                _insist(name, error, None)

    def acls(self, user: str) -> set[ACL]:
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        wanted = ACLFilter(f"User:{user}", None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
        return set(self._admin.describe_acls(wanted)[0])

    def allow(self, acls: Iterable[ACL]) -> None:
        if wanted := list(acls):
            for error in self._admin.create_acls(wanted)["failed"]:
                _insist("ACL", error.__name__, None)

    def forbid(self, acls: Iterable[ACL]) -> None:
        if unwanted := list(acls):
            self._admin.delete_acls(
                [
                    ACLFilter(
                        acl.principal,
                        acl.host,
                        acl.operation,
                        acl.permission_type,
                        ResourcePatternFilter(
                            acl.resource_pattern.resource_type,
                            acl.resource_pattern.resource_name,
                            acl.resource_pattern.pattern_type,
                        ),
                    )
                    for acl in unwanted
                ]
            )

    def shows(self, users: Mapping[str, set[ACL]]) -> bool:
        """Whether the broker knows these users with these rights: it learns of changes a moment after they are made."""
        return self.users() >= set(users) and all(self.acls(user) == acls for user, acls in users.items())

    def groups(self) -> list[str]:
        """A broker that has just started reads for a while who its groups are."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return sorted(group["group_id"] for group in self._admin.list_groups())
            except CoordinatorLoadInProgressError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def positions(self, group: str) -> dict[TopicPartition, int]:
        """What a group has committed."""
        found = self._admin.list_group_offsets([group])[group]
        return {partition: offset.offset for partition, offset in found.items() if offset.offset >= 0}

    def ends(self, partitions: Iterable[TopicPartition], *, beginning: bool = False) -> dict[TopicPartition, int]:
        spec = OffsetSpec.EARLIEST if beginning else OffsetSpec.LATEST
        found = self._admin.list_partition_offsets(dict.fromkeys(partitions, spec))
        return {partition: offset.offset for partition, offset in found.items()}


def _insist(what: str, outcome: object, expected: object) -> None:
    if outcome != expected:
        raise RuntimeError(f"Kafka refused {what}: {outcome}")
