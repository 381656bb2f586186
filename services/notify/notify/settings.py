"""What notify is told by its environment: ``NOTIFY_DATABASE_URL`` and so on."""

from typing import Annotated

from kit.settings import ServiceSettings
from pydantic import Field, SecretStr, field_validator


class Settings(ServiceSettings, env_prefix="NOTIFY_"):
    public_url: Annotated[str, Field(description="where residents find the progress page: https://city.example")] = (
        "http://127.0.0.1:8080"
    )
    sandbox: Annotated[
        bool, Field(description="keep messages in a log that anybody can read in a page: demonstrations only")
    ] = False
    sms_url: Annotated[str, Field(description="the text message gateway; empty: none")] = ""
    sms_token: SecretStr = SecretStr("")
    sms_sender: str = ""
    sms_idempotency_header: Annotated[str, Field(description="Idempotency-Key, or as the gateway calls it")] = ""
    sms_timeout_seconds: Annotated[float, Field(gt=0, le=10)] = 10

    @field_validator("sms_url", "public_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http:// on this machine)")
        return url.rstrip("/")
