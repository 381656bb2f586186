import base64
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import Mock

import jwt
import pytest
from httpx2 import AsyncClient
from kit import tokens
from kit.auth import Claims, NotSignedIn
from kit.errors import Unavailable
from kit.testing.tokens import AUDIENCE, Identity
from kit.tokens import Tokens

NOTES = "/scratch/v1/notes"


@pytest.fixture
def own_identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


def tokens_of(identity: Identity) -> Tokens:
    return Tokens(issuer=identity.issuer, jwks_url=identity.jwks_url, audience=identity.audience)


async def test_a_good_token_says_who_it_is_and_their_roles(own_identity: Identity) -> None:
    claims = await tokens_of(own_identity).check(own_identity.token("wang.min", "operator", azp="desk"))
    assert claims == Claims("wang.min", frozenset({"operator"}), "desk")


@pytest.mark.parametrize(
    "said, code",
    [
        ({"lasts": timedelta(seconds=-60)}, "token_expired"),
        ({"nbf": 4_000_000_000}, "token_not_yet_valid"),
        ({"aud": "elsewhere"}, "token_for_another"),
        ({"iss": "https://elsewhere.test"}, "token_of_another"),
        ({"exp": None}, "token_not_genuine"),
        ({"aud": None}, "token_not_genuine"),
        ({"sub": ""}, "token_not_genuine"),
        ({"sub": "x" * 121}, "token_not_genuine"),
        ({"sub": "a\0b"}, "token_not_genuine"),
    ],
)
async def test_a_token_that_is_not_taken_says_why(own_identity: Identity, said: dict[str, object], code: str) -> None:
    with pytest.raises(NotSignedIn) as refused:
        await tokens_of(own_identity).check(own_identity.token(**said))  # type: ignore[arg-type]
    assert refused.value.code == code


async def test_a_clock_that_is_a_little_off_is_forgiven(own_identity: Identity) -> None:
    claims = await tokens_of(own_identity).check(own_identity.token(lasts=timedelta(seconds=-10)))
    assert claims.subject == "wang.min"


async def test_a_forged_token_is_refused(own_identity: Identity) -> None:
    for token in (own_identity.forged(), "", "x", "a.b.c", "x" * 9000, own_identity.token()[:-4] + "AAAA"):
        with pytest.raises(NotSignedIn):
            await tokens_of(own_identity).check(token)


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(own_identity: Identity) -> None:
    """The old confusion of algorithms: HS256 under the key that everybody knows; and no signature at all."""
    said = jwt.decode(own_identity.token(), options={"verify_signature": False})
    public = own_identity.jwks["keys"][0]["x"]
    for algorithm, key in (("HS256", public), ("none", "")):
        token = jwt.encode(said, key, algorithm, headers={"kid": own_identity.key_id})
        with pytest.raises(NotSignedIn):
            await tokens_of(own_identity).check(token)


async def test_keys_are_fetched_once_and_a_new_key_is_found(
    own_identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_BETWEEN_FETCHES_SECONDS", 0.0)
    checked = tokens_of(own_identity)
    for _ in range(5):
        await checked.check(own_identity.token())
    assert own_identity.asked == 1
    own_identity.rotate()
    await checked.check(own_identity.token())
    assert own_identity.asked == 2


async def test_made_up_keys_do_not_make_us_ask_each_time(own_identity: Identity) -> None:
    checked = tokens_of(own_identity)
    await checked.check(own_identity.token())
    header = base64.urlsafe_b64encode(b'{"alg":"ES256","kid":"made-up"}').decode().rstrip("=")
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await checked.check(".".join([header, *own_identity.token().split(".")[1:]]))
    assert own_identity.asked == 1


async def test_with_the_provider_away_known_keys_work_and_unknown_ones_wait(
    own_identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_BETWEEN_FETCHES_SECONDS", 0.0)
    checked = tokens_of(own_identity)
    known = own_identity.token()
    await checked.check(known)
    own_identity.answers = False
    assert (await checked.check(known)).subject == "wang.min"
    own_identity.rotate()
    with pytest.raises(Unavailable):
        await checked.check(own_identity.token())
    assert (await checked.check(known)).subject == "wang.min"
    own_identity.answers = True
    assert (await checked.check(own_identity.token())).subject == "wang.min"


async def test_known_keys_are_looked_at_again_after_a_while_without_making_anybody_wait(
    own_identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_BETWEEN_FETCHES_SECONDS", 0.0)
    monkeypatch.setattr(tokens, "_FRESH_SECONDS", -1.0)
    checked = tokens_of(own_identity)
    await checked.check(own_identity.token())
    withdrawn = own_identity.token()
    own_identity._keys.clear()
    own_identity.rotate()
    own_identity.key_id = "key-2"
    own_identity._keys = {"key-2": own_identity._keys["key-1"]}
    assert (await checked.check(withdrawn)).subject == "wang.min"
    assert checked._refreshing
    await checked._refreshing
    with pytest.raises(NotSignedIn):
        await checked.check(withdrawn)


async def test_the_signature_of_a_token_is_checked_once(
    own_identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked, token = tokens_of(own_identity), own_identity.token()
    decode = Mock(wraps=jwt.decode)
    monkeypatch.setattr(jwt, "decode", decode)
    assert await checked.check(token) == await checked.check(token)
    assert decode.call_count == 1
    with pytest.raises(NotSignedIn):
        await checked.check(token[:-4] + "AAAA")


async def test_a_token_that_was_good_ends_when_it_says(own_identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    checked, token = tokens_of(own_identity), own_identity.token(lasts=timedelta(seconds=-10))
    await checked.check(token)
    monkeypatch.setattr(tokens, "_LEEWAY_SECONDS", 5)
    with pytest.raises(NotSignedIn) as refused:
        await checked.check(token)
    assert refused.value.code == "token_expired"


async def test_tokens_that_are_remembered_are_bounded(own_identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_REMEMBERED", 2)
    checked = tokens_of(own_identity)
    for name in ("a", "b", "c"):
        assert (await checked.check(own_identity.token(name))).subject == name
    assert len(checked._genuine) == 2


async def test_without_an_identity_provider_nobody_can_be_judged() -> None:
    nobody = Tokens(issuer="", jwks_url="", audience=AUDIENCE)
    with pytest.raises(Unavailable):
        await nobody.check(Identity().token())


async def test_over_http_a_missing_token_is_challenged_and_a_bad_one_is_named(
    client: AsyncClient, identity: Identity
) -> None:
    missing = await client.get(NOTES)
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, 'Bearer realm="baiyang"')
    token = identity.token(lasts=timedelta(seconds=-60))
    expired = await client.get(NOTES, headers={"Authorization": f"Bearer {token}"})
    assert expired.status_code == 401
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]
    assert expired.json()["code"] == "token_expired"
    basic = await client.get(NOTES, headers={"Authorization": "Basic eDp5"})
    assert basic.json()["code"] == "no_token"
