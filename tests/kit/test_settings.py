import pytest
from kit import crypto
from kit.settings import ServiceSettings
from pydantic import ValidationError


class Settings(ServiceSettings, env_prefix="SCRATCH_"): ...


URL = "postgresql+asyncpg://{role}@127.0.0.1:5432/scratch"


def test_settings_come_from_the_environment_under_the_services_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRATCH_DATABASE_URL", URL)
    monkeypatch.setenv("SCRATCH_SERVICE_KEYS", crypto.new_key("k1"))
    monkeypatch.setenv("SCRATCH_PORT", "8123")
    settings = Settings()
    assert settings.port == 8123
    assert settings.service_ring.ids == ("k1",)
    assert settings.city_zone.key == "Asia/Shanghai"


@pytest.mark.parametrize(
    "name, value",
    [
        ("database_url", "postgresql://fixed@127.0.0.1/x"),
        ("service_keys", "k1:c2hvcnQ="),
        ("transport_keys", "nonsense-but-secret"),
        ("oidc_jwks_url", "not a url"),
        ("zone", "Asia/Nowhere"),
        ("port", 70000),
    ],
)
def test_a_setting_that_cannot_be_is_refused_without_repeating_it(name: str, value: object) -> None:
    given = {"database_url": URL, "service_keys": crypto.new_key("k1")} | {name: value}
    with pytest.raises(ValidationError) as refused:
        Settings(**given)  # type: ignore[arg-type]
    assert [error["loc"] for error in refused.value.errors()] == [(name,)]
    assert str(value) not in str(refused.value)


def test_keys_are_not_shown() -> None:
    key = crypto.new_key("k1")
    assert key not in repr(Settings(database_url=URL, service_keys=key))  # type: ignore[arg-type]
