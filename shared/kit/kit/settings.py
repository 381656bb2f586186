"""What every service is told by its environment: ``<NAME>_DATABASE_URL`` and so on."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, HttpUrl, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.crypto import KeyRing


class ServiceSettings(BaseSettings):
    """A service names its prefix: ``class Settings(ServiceSettings, env_prefix="INTAKE_")``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: Annotated[str, Field(description="postgresql+asyncpg://{role}@host:port/service")]

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: str = ""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000

    oidc_issuer: str = ""
    oidc_jwks_url: str = ""
    oidc_audience: str = "baiyang"

    service_keys: Annotated[
        SecretStr, Field(description="id:base64,id:base64; the first is current; 32 bytes: AES-256, 16: SM4")
    ]
    transport_keys: Annotated[SecretStr, Field(description="as service_keys; only who seals or opens contacts")] = (
        SecretStr("")
    )

    otlp_endpoint: Annotated[str, Field(description="http://collector:4318; empty: traces off")] = ""
    log_level: str = "INFO"
    zone: str = "Asia/Shanghai"

    @field_validator("database_url")
    @classmethod
    def _names_the_role(cls, url: str) -> str:
        if "{role}" not in url:
            raise ValueError("DATABASE_URL must hold {role} where the user stands")
        return url

    @field_validator("oidc_issuer", "oidc_jwks_url", "otlp_endpoint")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        if url:
            HttpUrl(url)
        return url

    @field_validator("service_keys", "transport_keys")
    @classmethod
    def _is_a_key_ring(cls, keys: SecretStr) -> SecretStr:
        if keys.get_secret_value():
            KeyRing.parse(keys.get_secret_value())
        return keys

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except ZoneInfoNotFoundError:
            raise ValueError("is no time zone, as Asia/Shanghai") from None
        return zone

    @property
    def service_ring(self) -> KeyRing:
        return KeyRing.parse(self.service_keys.get_secret_value())

    @property
    def transport_ring(self) -> KeyRing:
        return KeyRing.parse(self.transport_keys.get_secret_value())

    @property
    def city_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)
