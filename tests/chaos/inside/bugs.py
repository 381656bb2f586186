"""Mistakes that the platform does not make, made on purpose: a harness that does not find them proves nothing."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from tests.chaos.inside.arming import Arming

Function = Callable[..., Any]


def _ack_before_commit(take_records: Function, arming: Arming) -> Function:
    """The broker is told that a batch is done before it has been taken."""
    del arming

    async def take(self: Any, topic: str, consumer: Any, raw: Sequence[Any]) -> None:
        from aiokafka import TopicPartition

        await consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in raw})
        await take_records(self, topic, consumer, raw)

    return take


def _delete_before_acks(send_and_mark: Function, arming: Arming) -> Function:
    """Events are forgotten before Kafka has them."""
    del send_and_mark, arming

    async def send(self: Any, producer: Any, events: Sequence[Any], ids: dict[str, str]) -> None:
        from kit.relay import window

        await self._database.run(lambda uow: window.mark_sent(uow, self.lease, events))
        await self._send(producer, events, ids)

    return send


def _skip_inbox(claim: Function, arming: Arming) -> Function:
    """Whatever comes is taken for new."""
    del arming

    def every(uow: Any, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
        claim(uow, consumer, event_ids)
        return set(event_ids)

    return every


#: By the name in BAIYANG_CHAOS_BUG: module, function, and what stands in its place.
BUGS = {
    "ack_before_commit": ("kit.kafka.consumers", "Consumers._take_records", _ack_before_commit),
    "delete_before_acks": ("kit.relay.shards", "Sender._send_and_mark", _delete_before_acks),
    "skip_inbox": ("kit.inbox", "claim", _skip_inbox),
}
