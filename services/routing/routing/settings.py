"""What routing is told by its environment: ``ROUTING_…``."""

from kit.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="ROUTING_"):
    pass
