"""A relay as a process of its own, to be stopped and killed: BOOTSTRAP PASSWORD DATABASE_URL LEASE_SECONDS [hold].

With ``hold`` it stops before it commits its first transaction to Kafka, says so, and goes on when told to.
"""

import asyncio
import sys
from datetime import timedelta

from aiokafka import AIOKafkaProducer
from kit.db import Database
from kit.relay import Relay
from kit.topics import Access
from pydantic import SecretStr

commit = AIOKafkaProducer.commit_transaction


async def hold_before_commit(self: AIOKafkaProducer) -> None:
    AIOKafkaProducer.commit_transaction = commit
    print("holding", flush=True)
    sys.stdin.readline()
    try:
        await commit(self)
    except Exception as error:
        print(type(error).__name__, flush=True)
        raise
    print("committed", flush=True)


async def main() -> None:
    bootstrap, password, url, lease, *hold = sys.argv[1:]
    if hold:
        AIOKafkaProducer.commit_transaction = hold_before_commit
    relay = Relay(
        service="intake",
        database=Database(url, role="intake_relay", pool_size=10),
        settings=Access(bootstrap, "intake", SecretStr(password)),
        lease=timedelta(seconds=float(lease)),
        window_size=20,
    )
    await relay.run()


asyncio.run(main())
