"""What intake is told by its environment."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from kit.settings import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """``INTAKE_TRANSPORT_KEYS`` must be set: contacts and query codes travel sealed under it."""

    trusted_proxies: Annotated[
        str, Field(description="Networks whose X-Forwarded-For is believed, by comma: where the gateway runs.")
    ] = "127.0.0.0/8,::1/128"

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip())
