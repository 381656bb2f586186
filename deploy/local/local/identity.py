"""The identity provider of one machine: a mock that asks for a name and for no password."""

import json
import os
import sys
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn

from local.people import PEOPLE
from local.processes import write

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the mock's own libraries announce their next versions
    import oidc_provider_mock
    from oidc_provider_mock import _app as mock
    from oidc_provider_mock._storage import Storage, storage

_SIGNED_IN_FOR = timedelta(hours=12)


def serve(host: str, port: int, *, key_file: Path) -> None:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    print("identity: a mock provider for this machine only; every name signs in", file=sys.stderr)
    _keep_the_key(key_file)
    _name_the_key()
    app = oidc_provider_mock.app(
        access_token_max_age=_SIGNED_IN_FOR,
        user_claims=[
            oidc_provider_mock.User(sub=name, claims={"name": name, "roles": list(roles)})
            for name, roles in PEOPLE.items()
        ],
    )
    uvicorn.run(app, interface="wsgi", host=host, port=port, log_level="warning")


def _keep_the_key(file: Path) -> None:
    """The mock makes a signing key a start; with one kept, who is signed in stays so when it starts again."""

    class KeepingStorage(Storage):  # type: ignore[misc]  # the mock has no types of its own here
        def __init__(self) -> None:
            super().__init__()
            if file.exists():
                self.jwk = mock.jose.RSAKey.import_key(json.loads(file.read_text()))
            else:
                write(file, json.dumps(self.jwk.as_dict(is_private=True)))

    mock.Storage = KeepingStorage


def _name_the_key() -> None:
    """The mock signs without naming its key, which services look up by name."""
    unnamed = mock.OpenIDCode.get_jwt_config

    def named(self: Any, grant: Any, client: Any = None) -> dict[str, Any]:
        return {**unnamed(self, grant, client), "kid": storage.jwk.thumbprint()}

    mock.OpenIDCode.get_jwt_config = named
