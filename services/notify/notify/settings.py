"""What notify is told by its environment: ``NOTIFY_DATABASE_URL`` and so on."""

from typing import Annotated

from kit.settings import ServiceSettings
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    PUBLIC_URL: Annotated[str, Field(description="Where residents find the progress page: https://city.example")] = (
        "http://127.0.0.1:8080"
    )
    SANDBOX: Annotated[
        bool, Field(description="Keep messages in a log that anybody can read in a page. Demonstrations only.")
    ] = False
    SMS_URL: Annotated[str, Field(description="The text message gateway; empty: none")] = ""
    SMS_TOKEN: SecretStr = SecretStr("")
    SMS_SENDER: str = ""
    SMS_IDEMPOTENCY_HEADER: Annotated[str, Field(description="Idempotency-Key, or as the gateway calls it")] = ""
    SMS_TIMEOUT_SECONDS: Annotated[float, Field(gt=0, le=10)] = 10

    @field_validator("SMS_URL", "PUBLIC_URL")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http:// on this machine)")
        return url.rstrip("/")
