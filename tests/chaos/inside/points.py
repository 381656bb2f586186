"""Where a process can be made to die: each between two steps that cannot be one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

#: Whether this pass is one that counts: the call's arguments, and its result where the point lies behind it.
When = Callable[[tuple[Any, ...], Any], bool]

EVERY = ("grid", "intake", "routing", "notify")
CONSUMING = ("intake", "routing", "notify")


def _always(args: tuple[Any, ...], result: Any) -> bool:
    del args, result
    return True


@dataclass(frozen=True)
class Point:
    """``before`` or ``after`` the function ``name`` of ``module``, in the processes of ``services``."""

    name: str
    between: str
    module: str
    function: str
    side: Literal["before", "after"]
    services: tuple[str, ...]
    when: When = _always


def _changes(args: tuple[Any, ...], result: Any) -> bool:
    del result
    return not args[1].reads


def _applied(args: tuple[Any, ...], result: Any) -> bool:
    del args
    return bool(result.applied)


def _any_resumed(args: tuple[Any, ...], result: Any) -> bool:
    del args
    return bool(result[0].applied)


def _some(args: tuple[Any, ...], result: Any) -> bool:
    del args
    return bool(result)


_SENDER, _RELAYED = "kit.relay.shards", ("intake", "routing")

POINTS = (
    Point("commit-publish", "commit and publish", _SENDER, "Sender._send", "before", _RELAYED),
    Point(
        "publishing",
        "sending and Kafka's commit",
        "aiokafka",
        "AIOKafkaProducer.commit_transaction",
        "before",
        _RELAYED,
    ),
    Point("publish-delete", "publish and delete", _SENDER, "Sender._send", "after", _RELAYED),
    Point("claim-call", "claim and the provider's call", "notify.clock", "Sender._call", "before", ("notify",)),
    Point(
        "answer-commit",
        "the provider's answer and commit",
        "notify.service.send",
        "settle_sent",
        "before",
        ("notify",),
    ),
    Point("sent-commit", "settling and commit", "notify.service.send", "settle_sent", "after", ("notify",)),
    Point(
        "sweep-commit",
        "sweep and commit",
        "routing.service.sweeping",
        "sweep_due",
        "after",
        ("routing",),
        _some,
    ),
    Point("handler-commit", "handler and commit", "kit.kafka.taking", "take", "after", CONSUMING, _applied),
    Point("commit-ack", "commit and ack", "kit.kafka.taker", "Taker.take", "after", CONSUMING),
    Point(
        "resume-commit", "what was parked and commit", "kit.kafka.taking", "resume", "after", CONSUMING, _any_resumed
    ),
    Point("work-commit", "a request's work and commit", "kit.http.door", "DoorFor._run", "after", _RELAYED, _changes),
    Point("commit-answer", "commit and the answer", "kit.http.door", "DoorFor._answer", "after", _RELAYED, _changes),
    Point(
        "again-commit",
        "finding a topic laid anew and commit",
        "kit.relay.destinations",
        "arrive",
        "after",
        EVERY,
        _some,
    ),
    Point("rewind-see", "rewinding and keeping the id", "kit.kafka.watch", "Rewinder._see", "before", CONSUMING),
)
