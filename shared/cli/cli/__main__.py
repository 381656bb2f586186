"""The ``baiyang`` command: one module a subcommand, each named here by one line."""

import typer

from cli import dead_letters, demo, import_, import_categories, import_places, lag, outbox, reconcile, token, topics

app = typer.Typer(
    name="baiyang",
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
app.command("reconcile")(reconcile.reconcile)
app.command("token")(token.token)
app.command("lag")(lag.lag)
app.command("outbox")(outbox.outbox)
app.add_typer(topics.app, name="topics")
app.add_typer(dead_letters.app, name="dead-letters")

if __name__ == "__main__":
    app()
