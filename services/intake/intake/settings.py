"""What intake is told by its environment."""

from kit.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """``INTAKE_TRANSPORT_KEYS`` must be set: contacts and query codes travel sealed under it."""
