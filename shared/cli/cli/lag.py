"""``baiyang lag``: how far each group is behind."""

import typer
from kit import topics

from cli import services
from cli import settings as cli_settings


def lag() -> None:
    """Say how many records each group has not taken yet."""
    found = topics.lag(services.administrator(cli_settings.load()))
    width = max((len(group) for group, _, _ in found), default=5)
    typer.echo(f"{'group':{width}}  {'topic':20}  behind")
    for group, topic, behind in found:
        typer.echo(f"{group:{width}}  {topic:20}  {behind}")
