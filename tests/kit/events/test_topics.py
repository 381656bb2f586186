"""Topics, users and rights, on a real broker."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.topics import TOPICS
from kafka.consumer import KafkaConsumer
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from kafka.structs import OffsetAndMetadata, TopicPartition
from kit import topics
from kit.kafka.record import Record
from kit.kafka.security import client_settings
from kit.topics import Cluster
from kit.topics.declared import declared

USERS = dict.fromkeys(["grid", "intake", "routing", "notify", "bureau-water"], "for-tests")
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "bureau_subscriber.py"


def test_what_has_been_laid_is_as_the_registry_says_and_laying_again_changes_nothing(node: Any) -> None:
    assert topics.drift(node.admin, USERS) == []
    assert node.lay() == []
    with Cluster(node.admin) as cluster:
        found = cluster.topics()
        assert {name: found[name].partitions for name in TOPICS} == {n: t.partitions for n, t in TOPICS.items()}
        assert cluster.settings("grid.place.v1")["cleanup.policy"] == "compact"
        assert cluster.settings("city.case.v1")["retention.ms"] == str(14 * 24 * 3600 * 1000)


def test_what_differs_is_named_with_its_remedy_and_put_right(node: Any) -> None:
    node.delete("notify.message.v1")
    with Cluster(node.admin) as cluster:
        cluster.change_settings("city.case.v1", {"retention.ms": "1000"})
        cluster.forbid(list(cluster.acls("bureau-water"))[:1])
        cluster.create_topics({"stray": {"num_partitions": 1, "replication_factor": 1}})
    found = "\n".join(topics.drift(node.admin, USERS))
    assert "topic notify.message.v1 is missing: run `baiyang topics lay`" in found
    assert "topic city.case.v1 differs in retention.ms" in found
    assert "user bureau-water lacks 1 rights" in found
    assert "topic stray is in no registry" in found
    node.lay()
    assert [line for line in topics.drift(node.admin, USERS) if "stray" not in line] == []


def test_who_has_taken_nothing_is_behind_by_all_of_it(node: Any) -> None:
    for partition in (0, 1):
        asyncio.run(node.put(Record("intake.appeal.v1", partition, 0, b"k", b"{}", ())))
    found = {(group, topic): behind for group, topic, behind in topics.lag(node.admin)}
    assert found["routing-intake.appeal.v1", "intake.appeal.v1"] == 2
    assert found["notify-routing.case.v1", "routing.case.v1"] == 0
    with KafkaConsumer(group_id="routing-intake.appeal.v1", **client_settings(node.access("routing"))) as consumer:
        consumer.commit({TopicPartition("intake.appeal.v1", 0): OffsetAndMetadata(1, "", -1)})
    found = {(group, topic): behind for group, topic, behind in topics.lag(node.admin)}
    assert found["routing-intake.appeal.v1", "intake.appeal.v1"] == 1


def test_too_few_partitions_are_named_and_never_added(node: Any) -> None:
    node.delete("intake.appeal.v1")
    with Cluster(node.admin) as cluster:
        cluster.create_topics({"intake.appeal.v1": {"num_partitions": 3, "replication_factor": 1}})
    node.lay()
    [line] = [line for line in topics.drift(node.admin, USERS) if "partitions" in line]
    assert "has 3 partitions, not 24" in line
    assert "would move keys" in line
    assert "delete the topic" in line


def test_a_right_that_the_registry_does_not_know_is_taken_away(node: Any) -> None:
    from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

    pattern = ResourcePattern(ResourceType.TOPIC, "intake.contact.v1")
    stray = ACL("User:bureau-water", "*", ACLOperation.READ, ACLPermissionType.ALLOW, pattern)
    with Cluster(node.admin) as cluster:
        cluster.allow([stray])
        while stray not in cluster.acls("bureau-water"):
            pass
    assert any("1 rights too many" in line for line in topics.drift(node.admin, USERS))
    node.lay()
    with Cluster(node.admin) as cluster:
        assert stray not in cluster.acls("bureau-water")


def test_more_brokers_hold_more_replicas() -> None:
    assert {d.replicas for d in declared(1)} == {1}
    assert {d.replicas for d in declared(5)} == {3}
    assert {d.settings["min.insync.replicas"] for d in declared(5)} == {"2"}


def consumer_of(node: Any, user: str, topic: str, group: str) -> KafkaConsumer:
    return KafkaConsumer(
        topic,
        group_id=group,
        auto_offset_reset="earliest",
        consumer_timeout_ms=8000,
        **client_settings(node.access(user)),
    )


def test_a_bureau_reads_the_citys_feed(node: Any) -> None:
    record = Record("city.case.v1", 0, 0, b"case", b'{"version": 1}', (("ce_type", b"city.case.opened.v1"),))
    asyncio.run(node.put(record))
    consumer = consumer_of(node, "bureau-water", "city.case.v1", "bureau-water-sample")
    try:
        assert next(iter(consumer)).value == b'{"version": 1}'
    finally:
        consumer.close()


@pytest.mark.parametrize(
    "user,topic",
    [("bureau-water", "intake.contact.v1"), ("bureau-water", "routing.case.v1"), ("routing", "intake.contact.v1")],
)
def test_a_topic_is_closed_to_all_but_its_consumers(node: Any, user: str, topic: str) -> None:
    with Cluster(node.access(user)) as cluster:
        [told] = cluster._admin.describe_topics([topic])
    assert told["error_code"] == TopicAuthorizationFailedError.errno
    assert told["partitions"] == []


@pytest.mark.parametrize("group", ["bureau-gas-sample", "routing-intake.appeal.v1"])
def test_a_bureau_cannot_use_a_group_of_anothers(node: Any, group: str) -> None:
    consumer = consumer_of(node, "bureau-water", "city.case.v1", group)
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            next(iter(consumer))
    finally:
        consumer.close(autocommit=False)


def test_the_sample_subscriber_shows_the_feed(node: Any) -> None:
    body = b'{"version": 1, "number": "C7K2-9QXM-4", "state": "received"}'
    headers = (("ce_type", b"city.case.opened.v1"), ("ce_id", b"5f0c7a34-0000-7000-8000-000000000000"))
    asyncio.run(node.put(Record("city.case.v1", 0, 0, b"case", body, headers)))
    ran = subprocess.run(
        [sys.executable, str(EXAMPLE), "--once"],
        env={
            "KAFKA_BOOTSTRAP_SERVERS": node.server.bootstrap_servers,
            "KAFKA_BUREAU_USERNAME": "bureau-water",
            "KAFKA_BUREAU_PASSWORD": "for-tests",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "city.case.opened.v1" in ran.stdout
    assert "C7K2-9QXM-4" in ran.stdout


def put(node: Any, topic: str, event_id: UUID, body: bytes | None = b"{}") -> None:
    headers = (("ce_id", str(event_id).encode()), ("ce_type", b"intake.appeal.received.v1"))
    asyncio.run(node.put(Record(topic, 3, 0, b"key", body, headers)))


def test_what_was_published_since_is_told_and_all_of_a_topic_that_was_another_then(node: Any) -> None:
    first, second, strange = uuid4(), uuid4(), Record("intake.appeal.v1", 0, 0, b"k", b"{}", ())
    put(node, "intake.appeal.v1", first)
    then = topics.positions(node.admin)
    put(node, "intake.appeal.v1", second)
    asyncio.run(node.put(strange))
    put(node, "grid.contact.v1", second, None)
    names = ["intake.appeal.v1", "grid.contact.v1"]
    found = list(topics.published_since(node.admin, names, then))
    assert {(p.topic, p.key, p.event_id, p.body) for p in found} == {
        ("intake.appeal.v1", "key", second, b"{}"),
        ("grid.contact.v1", "key", second, None),
    }
    of_another = then | {"intake.appeal.v1": ("another", then["intake.appeal.v1"][1])}
    found = list(topics.published_since(node.admin, names, of_another))
    assert {first, second} <= {p.event_id for p in found}


def test_topics_that_begin_anew_have_other_ids_and_nothing_in_them_and_nobody_stands_anywhere(node: Any) -> None:
    put(node, "intake.appeal.v1", uuid4())
    with KafkaConsumer(group_id="routing-intake.appeal.v1", **client_settings(node.access("routing"))) as consumer:
        consumer.commit({TopicPartition("intake.appeal.v1", 3): OffsetAndMetadata(1, "", -1)})
    before = topics.positions(node.admin)
    topics.begin_anew(node.admin, USERS)
    after = topics.positions(node.admin)
    assert set(after) == set(TOPICS)
    assert all(after[name][0] != before[name][0] and not any(after[name][1]) for name in TOPICS)
    assert [line for line in topics.drift(node.admin, USERS) if "stray" not in line] == []
    with Cluster(node.admin) as cluster:
        assert cluster.positions("routing-intake.appeal.v1") == {}
