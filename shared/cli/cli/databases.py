"""``baiyang databases``: what a PostgreSQL server must have before the first migration."""

from collections.abc import Iterator

import typer
from kit.migrations import ASPECTS, role_statements

from cli.services import SERVICES


def databases() -> None:
    """Print the SQL, for psql as the server's superuser, that makes roles and databases; passwords are set apart."""
    for service in SERVICES:
        for statement in statements(service):
            typer.echo(f"{statement};")


def statements(service: str) -> Iterator[str]:
    """A database is open to its own service's roles only."""
    yield from role_statements(service)
    yield f"create database {service} owner {service}_owner template template0 encoding 'UTF8' locale 'C.UTF-8'"
    yield f"revoke all on database {service} from public"
    yield f"grant connect on database {service} to {', '.join(f'{service}_{aspect}' for aspect in ASPECTS)}"
