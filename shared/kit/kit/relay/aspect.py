"""What the relay of a service runs."""

from kit.app import Aspect
from kit.db import Database
from kit.relay.relay import Relay
from kit.relay.window import WALKING
from kit.settings import ServiceSettings


def relaying(service: str, settings: ServiceSettings, *, knows: str = "") -> Aspect:
    database = Database(settings.database_url, role=f"{service}_relay", knows=knows, planning=WALKING)
    return Aspect(components=[Relay(service=service, database=database, settings=settings)], databases=[database])
