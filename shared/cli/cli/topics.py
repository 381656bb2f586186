"""``baiyang topics``: lay them from the registry, say what differs, send a topic's last states again."""

from typing import Annotated

import typer
from contracts.topics import TOPICS
from kit import outbox
from kit import topics as kit_topics

from cli import services
from cli import settings as cli_settings

app = typer.Typer(help="Topics, users and rights of the cluster, from the registry.", no_args_is_help=True)


@app.command()
def lay() -> None:
    """Make what is missing and put right what differs; again as often as you like."""
    settings = cli_settings.load()
    done = kit_topics.lay(services.administrator(settings), services.users(settings))
    for line in done or ["Everything is as the registry says."]:
        typer.echo(line)


@app.command()
def drift() -> None:
    """Say what differs from the registry; exit 1 if anything does."""
    settings = cli_settings.load()
    found = kit_topics.drift(services.administrator(settings), services.users(settings))
    for line in found or ["Everything is as the registry says."]:
        typer.echo(line)
    if found:
        raise typer.Exit(1)


@app.command()
def republish(topic: Annotated[str, typer.Argument(help="a compacted topic: grid.place.v1, …")]) -> None:
    """Send the last state of every subject of TOPIC again, so that the copies of it are rebuilt."""
    found = TOPICS.get(topic)
    if found is None or not found.compacted:
        names = ", ".join(sorted(name for name, t in TOPICS.items() if t.compacted))
        raise typer.BadParameter(f"{topic} keeps no last states; those that do: {names}")
    settings = cli_settings.load()
    count = services.run_in(settings, found.owner, lambda uow: outbox.republish(uow, topic), role="api")
    typer.echo(f"{count} states of {topic} are sent again.")
