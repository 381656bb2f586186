"""``baiyang dead-letters``: what died in the services' databases, until somebody replays or discards it."""

import getpass
from typing import Annotated
from uuid import UUID

import typer
from kit.db import UnitOfWork
from kit.errors import ServiceError
from kit.kafka import dead_letters
from kit.kafka.dead_letters import DeadLetter

from cli import services
from cli import settings as cli_settings

app = typer.Typer(help="Events that could not be taken: list, show, replay, discard.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(help="whose consumer: grid, intake, routing, notify", callback=services.check)]
Letter = Annotated[UUID, typer.Argument(help="its id, as `list` shows it")]
Reason = Annotated[str, typer.Option(help="why, for those who look later", prompt=True)]


@app.command("list")
def list_() -> None:
    """Say what nobody has settled, oldest first; exit 1 if there is any."""
    settings, any_ = cli_settings.load(), False
    for service in services.SERVICES:
        for letter in services.run_in(settings, service, dead_letters.list_dead_letters):
            any_ = True
            behind = ", its key waits behind it" if letter.blocks else ""
            typer.echo(f"{service} {letter.id} {letter.type or letter.topic} {letter.reason}: {letter.detail}{behind}")
    if any_:
        raise typer.Exit(1)
    typer.echo("There are none.")


@app.command()
def show(service: Service, letter: Letter) -> None:
    """Say all of one but its body, which may be personal."""
    found = services.run_in(cli_settings.load(), service, lambda uow: _get(uow, letter))
    for name, value in vars(found).items():
        typer.echo(f"{name.replace('_', ' '):15} {'' if value is None else value}")


@app.command()
def replay(service: Service, letter: Letter, reason: Reason) -> None:
    """Have the consumer take it again; it does so within seconds."""
    settings = cli_settings.load()
    services.run_in(
        settings,
        service,
        lambda uow: _settle(uow, letter, reason, replay=True),
        role="api",
    )
    typer.echo("The consumer takes it again; see `baiyang dead-letters show` in a moment.")


@app.command()
def discard(service: Service, letter: Letter, reason: Reason) -> None:
    """Give it up; what waits behind it goes on."""
    settings = cli_settings.load()
    services.run_in(settings, service, lambda uow: _settle(uow, letter, reason, replay=False), role="api")
    typer.echo("It is given up.")


def _get(uow: UnitOfWork, letter: UUID) -> DeadLetter:
    try:
        return dead_letters.get_dead_letter(uow, letter)
    except ServiceError as error:
        raise typer.BadParameter(error.detail) from error


def _settle(uow: UnitOfWork, letter: UUID, reason: str, *, replay: bool) -> None:
    settle = dead_letters.request_replay if replay else dead_letters.discard
    try:
        settle(uow, letter, by=getpass.getuser(), reason=reason)
    except ServiceError as error:
        raise typer.BadParameter(error.detail) from error
