"""What grid is told by its environment: ``GRID_DATABASE_URL`` and so on."""

from kit.settings import ServiceSettings
from pydantic_settings import SettingsConfigDict


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="GRID_")
