"""A window's records are divided as Kafka's own clients would, and each partition keeps its order."""

from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st
from kit.relay.batches import murmur2, partition_of


@given(st.binary(max_size=300))
def test_a_key_is_hashed_as_every_client_of_kafka_hashes_it(key: bytes) -> None:
    assert murmur2(key) == reference(key)


@given(st.binary(min_size=1, max_size=64), st.integers(min_value=1, max_value=100))
def test_a_key_lies_in_one_of_the_partitions(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
