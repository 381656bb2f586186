"""An identity provider of the tests' own: a signing key, the keys' address, and a token for whomever."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm
from sqlalchemy import Connection, text

from kit.auth import Claims, Person, Post
from kit.http import people

ISSUER = "https://identity.test"
AUDIENCE = "baiyang"


class Identity:
    """Signs tokens; its published keys are at ``jwks_url`` while ``serving`` is entered."""

    def __init__(self) -> None:
        self.issuer = ISSUER
        self.audience = AUDIENCE
        self.jwks_url = ""
        self.answers = True
        self.asked = 0
        self._keys: dict[str, EllipticCurvePrivateKey] = {}
        self.rotate()

    def rotate(self) -> None:
        """A further key, which signs from now on; the ones before stay published."""
        self.key_id = f"key-{len(self._keys) + 1}"
        self._keys[self.key_id] = generate_private_key(SECP256R1())

    def token(
        self, subject: str = "wang.min", *roles: str, lasts: timedelta = timedelta(minutes=10), **claims: Any
    ) -> str:
        """``claims`` replace what is said; one that is None is left out."""
        now = datetime.now(UTC)
        said: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "roles": list(roles),
            "iat": now,
            "exp": now + lasts,
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, self._keys[self.key_id], "ES256", headers={"kid": self.key_id})

    def forged(self, subject: str = "wang.min", *roles: str) -> str:
        """A token under our key's name that somebody else signed."""
        stranger = Identity()
        stranger.key_id, stranger._keys = self.key_id, {self.key_id: stranger._keys[stranger.key_id]}
        return stranger.token(subject, *roles)

    def headers(self, subject: str = "wang.min", *roles: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(subject, *roles)}"}

    @property
    def jwks(self) -> dict[str, Any]:
        return {
            "keys": [
                ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": key_id, "alg": "ES256", "use": "sig"}
                for key_id, key in self._keys.items()
            ]
        }

    @contextmanager
    def serving(self) -> Iterator["Identity"]:
        identity = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                identity.asked += 1
                body = json.dumps(identity.jwks).encode()
                self.send_response(200 if identity.answers else 503)
                self.send_header("Content-Length", str(len(body) if identity.answers else 0))
                self.end_headers()
                if identity.answers:
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
            self.jwks_url = f"http://127.0.0.1:{server.server_port}/keys"
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def make_person(subject: str = "wang.min", *posts: Post, roles: frozenset[str] = frozenset()) -> Person:
    return Person(subject, roles, posts)


class People(people.People):
    """A service's people, as a fake: whoever is not known holds nothing."""

    def __init__(self, *known: Person) -> None:
        super().__init__("null")
        self._people = {person.subject: person for person in known}

    def person(self, claims: Claims, found: str | None) -> Person:
        del found
        known = self._people.get(claims.subject, Person(claims.subject))
        return Person(known.subject, known.roles | claims.roles, known.posts)


def find_person(posts: str, connection: Connection, claims: Claims, now: datetime) -> Person:
    """Who it is by a service's own expression, for who is at no door."""
    found = connection.execute(text(f"select cast({posts} as text)"), {"subject": claims.subject, "now": now})
    return people.People(posts).person(claims, found.scalar_one())
