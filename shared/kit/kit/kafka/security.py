"""How a client reaches the cluster: plain, with SCRAM where users are told apart, by TLS where a CA is named."""

import ssl
from typing import Any, Protocol

from pydantic import SecretStr


class KafkaSettings(Protocol):
    @property
    def kafka_bootstrap_servers(self) -> str: ...
    @property
    def kafka_username(self) -> str: ...
    @property
    def kafka_password(self) -> SecretStr: ...
    @property
    def kafka_ca_file(self) -> str: ...


def client_settings(settings: KafkaSettings) -> dict[str, Any]:
    """Connection arguments that aiokafka and kafka-python share."""
    found: dict[str, Any] = {"bootstrap_servers": settings.kafka_bootstrap_servers.split(",")}
    tls = bool(settings.kafka_ca_file)
    if tls:
        found["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if settings.kafka_username:
        found |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    protocol = ("SASL_" if settings.kafka_username else "") + ("SSL" if tls else "PLAINTEXT")
    return found | {"security_protocol": protocol}
