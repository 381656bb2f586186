"""``baiyang token NAME``: sign in at the platform's identity provider and print the bearer token."""

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import httpx
import typer

from cli import settings as cli_settings
from cli.settings import Settings

#: Where the provider would send a browser back to; the code is read from the redirect and never followed.
_CALLBACK = "http://127.0.0.1/signed-in"


def token(name: Annotated[str, typer.Argument(help="who signs in: lin.yue, operator, …")]) -> None:
    """Print a bearer token of NAME, for curl and scripts."""
    typer.echo(bearer_of(name, cli_settings.load()))


def bearer_of(name: str, settings: Settings) -> str:
    """The token in BAIYANG_TOKEN where one is set (a real provider's), else that of a sign-in as ``name``."""
    given = settings.get("BAIYANG_TOKEN")
    return given or sign_in(name, issuer=settings["OIDC_ISSUER"], audience=settings.get("OIDC_AUDIENCE", "baiyang"))


def sign_in(name: str, *, issuer: str, audience: str) -> str:
    """The authorization code flow against a provider that asks for nothing but the name (the local one)."""
    try:
        with httpx.Client(timeout=10) as http:
            return _code_flow(http, name, issuer, audience)
    except httpx.HTTPError as error:
        typer.echo(f"The identity provider at {issuer} gives no token for {name}: {error}", err=True)
        raise typer.Exit(1) from error


def _code_flow(http: httpx.Client, name: str, issuer: str, audience: str) -> str:
    endpoints = http.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
    asked = {
        "client_id": audience,
        "redirect_uri": _CALLBACK,
        "response_type": "code",
        "scope": "openid profile",
    }
    answer = http.post(endpoints["authorization_endpoint"], params=asked, data={"sub": name})
    codes = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("code")
    if not codes:
        raise httpx.HTTPError(f"no code in the answer {answer.status_code}")
    granted = http.post(
        endpoints["token_endpoint"],
        data={"grant_type": "authorization_code", "code": codes[0], "redirect_uri": _CALLBACK},
        auth=(audience, "local"),
    )
    return str(granted.raise_for_status().json()["id_token"])
