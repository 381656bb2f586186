"""How a client reaches the cluster: plain, with SCRAM where users are told apart, by TLS where a CA is named."""

import ssl
from typing import Any, Protocol

from aiokafka.conn import create_conn
from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError, SaslAuthenticationFailed
from pydantic import SecretStr

from kit.away import told


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


async def why_away(service: str, client: dict[str, Any], error: Exception) -> str:
    """In a word, or with the remedy: the client says of a wrong password no more than that it cannot connect."""
    if isinstance(error, KafkaConnectionError) and await _is_refused(client):
        return f"Kafka refuses the password: set {service.upper()}_KAFKA_PASSWORD, or run `baiyang topics lay`"
    return told(error)


async def _is_refused(client: dict[str, Any]) -> bool:
    host, _, port = client["bootstrap_servers"][0].rpartition(":")
    rest = {name: value for name, value in client.items() if name != "bootstrap_servers"}
    try:
        connection = await create_conn(host, int(port), request_timeout_ms=5_000, **rest)
    except (AuthenticationFailedError, SaslAuthenticationFailed):
        return True
    except Exception:  # noqa: BLE001  # away in any other way
        return False
    connection.close()
    return False
