"""The ``baiyang`` command: one module a subcommand, each named here by one line."""

from typing import Any

import httpx
import typer
from kit.away import is_away
from kit.topics import Refused
from typer.core import TyperGroup

from cli import (
    backup,
    calendars,
    databases,
    dead_letters,
    demo,
    explain,
    figures,
    hotline,
    import_,
    import_categories,
    import_places,
    lag,
    outbox,
    reconcile,
    rosters,
    rules,
    simulate,
    token,
    topics,
)


class Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """A command that finds a part of the platform away says so in one line, and exits 2."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if (what := _away(error)) is None:
                raise
            why = " ".join(str(error).split()) or type(error).__name__
            typer.echo(f"{what} does not answer ({why}): see `make status`, or start it with `make up`.", err=True)
            raise typer.Exit(2) from None


def _away(error: Exception) -> str | None:
    if isinstance(error, BrokenPipeError):
        return None  # who reads what is said has gone: `| head`
    if isinstance(error, Refused):
        return "Kafka"
    if isinstance(error, httpx.TransportError):
        return "The platform's address"
    return "PostgreSQL" if is_away(error) else None


app = typer.Typer(
    name="baiyang",
    cls=Commands,
    help="What operators and importers do with a city's platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def baiyang() -> None:
    """Named so that a single subcommand is still a subcommand."""


app.command("import")(import_.import_appeals)
app.command("import-places")(import_places.import_places)
app.command("demo")(demo.demo)
app.command("import-categories")(import_categories.import_categories)
app.command("explain")(explain.explain)
app.command("reconcile")(reconcile.reconcile)
app.command("simulate")(simulate.simulate)
app.command("token")(token.token)
app.command("databases")(databases.databases)
app.command("lag")(lag.lag)
app.command("outbox")(outbox.outbox)
app.add_typer(backup.app, name="backup")
app.add_typer(calendars.app, name="calendars")
app.add_typer(rosters.app, name="rosters")
app.add_typer(hotline.app, name="hotline")
app.add_typer(figures.app, name="figures")
app.add_typer(rules.app, name="rules")
app.add_typer(topics.app, name="topics")
app.add_typer(dead_letters.app, name="dead-letters")

if __name__ == "__main__":
    app()
