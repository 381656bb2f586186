"""A bureau's subscriber to the city's feed of cases, in kafka-python alone: no compiler, no asyncio, nothing of ours.

    pip install kafka-python==3.0.12
    KAFKA_BOOTSTRAP_SERVERS=… KAFKA_BUREAU_USERNAME=bureau-water KAFKA_BUREAU_PASSWORD=… python bureau_subscriber.py

What to know:

- The user may read ``city.case.v1`` and use groups whose names begin with its own name and a dash; nothing else.
- Events are CloudEvents 1.0 in Kafka's binary mode: attributes in ``ce_…`` headers, the fact as JSON in the body. The
  key is the case's id, and one case's events come in order.
- At least once: keep what you have taken by ``ce_id`` (here: in memory; yours: in your database, in the same
  transaction as its effect), and commit the position after that.
- Types that you do not know are to be passed over: new ones come without warning; a type never changes its meaning.
- ``read_committed`` is needed: what was begun and given up by the city is otherwise seen too.
"""

import json
import os
import sys
from typing import Any

from kafka import KafkaConsumer

TOPIC = "city.case.v1"
TYPES = {"city.case.opened.v1", "city.case.progressed.v1", "city.case.closed.v1"}


def main(*, once: bool) -> None:
    user = os.environ["KAFKA_BUREAU_USERNAME"]
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"].split(","),
        group_id=f"{user}-sample",
        security_protocol="SASL_PLAINTEXT",  # SASL_SSL outside the city's own network
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=user,
        sasl_plain_password=os.environ["KAFKA_BUREAU_PASSWORD"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    taken: set[str] = set()
    try:
        for record in consumer:
            take(record, taken)
            consumer.commit()
            if once:
                return
    finally:
        consumer.close()


def take(record: Any, taken: set[str]) -> None:
    attributes = {name: value.decode() for name, value in record.headers}
    if attributes["ce_type"] not in TYPES or attributes["ce_id"] in taken:
        return
    case = json.loads(record.value)
    print(attributes["ce_type"], case["number"], case["state"], flush=True)
    taken.add(attributes["ce_id"])


if __name__ == "__main__":
    main(once="--once" in sys.argv)
