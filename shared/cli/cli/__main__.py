"""The ``baiyang`` command: one module a subcommand, each named here by one line."""

import typer

from cli import reconcile, token

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


app.command("reconcile")(reconcile.reconcile)
app.command("token")(token.token)

if __name__ == "__main__":
    app()
