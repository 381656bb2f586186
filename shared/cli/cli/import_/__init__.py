"""``baiyang import FILE``: appeals of another system through the public API, each taken once however often it runs."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli import settings as cli_settings
from cli.import_.reading import Table, UnreadableFile, open_table
from cli.import_.record import Record
from cli.import_.rows import CHANNELS, Defaults, to_appeal
from cli.import_.sending import Platform, PlatformAway, Sending, choose_city
from cli.import_.summary import Tally, show_summary

__all__ = ["import_appeals"]


@dataclass(frozen=True)
class Asked:
    """What the command line said."""

    file: Path
    source: str
    concurrency: int
    patience: float
    signed_in_as: str
    city: str | None
    send_again: bool


def import_appeals(  # noqa: PLR0917 - typer makes options of them
    file: Annotated[Path, typer.Argument(help="JSON lines, CSV or XLSX; .gz is read too", dir_okay=False)],
    channel: Annotated[str, typer.Option(help=" | ".join(CHANNELS))] = "web",
    source: Annotated[str, typer.Option(help="the system that it comes from; else the file's name")] = "",
    historic: Annotated[bool, typer.Option(help="a finished past: received then, no clock, nobody told")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="requests at a time")] = 16,
    city: Annotated[str, typer.Option(help="the place code of the city it speaks of; else the one it names most")] = "",
    column: Annotated[list[str] | None, typer.Option(help="FIELD=NAME where the file calls a column otherwise")] = None,
    encoding: Annotated[str, typer.Option(help="of the text; gb18030 for GBK")] = "utf-8",
    zone: Annotated[str, typer.Option(help="of dates without an offset")] = "Asia/Shanghai",
    as_: Annotated[str, typer.Option("--as", help="who signs in")] = "importer",
    patience: Annotated[float, typer.Option(help="seconds to wait for a platform that does not answer")] = 180.0,
    again: Annotated[
        bool, typer.Option(help="send also what the record says was taken (it is taken once all the same)")
    ] = False,
) -> None:
    """Take every appeal of FILE. What was taken before is not taken twice; an interrupted import goes on."""
    console = Console()
    if channel not in CHANNELS:
        _end(console, f"--channel {channel}: not a channel: {', '.join(CHANNELS)}")
    asked = Asked(file, source or _name_of(file), concurrency, patience, as_, city or None, again)
    try:
        defaults = Defaults(channel, asked.source, historic=historic, zone=zone)
        table = open_table(file, encoding=encoding, columns=_columns(column or []))
        done = asyncio.run(_import(asked, table, defaults, console))
    except (UnreadableFile, PlatformAway) as error:
        _end(console, str(error))
    raise typer.Exit(0 if done else 1)


async def _import(asked: Asked, table: Table, defaults: Defaults, console: Console) -> bool:
    """Whether nothing was refused."""
    settings = cli_settings.load()
    tally = Tally()
    async with Platform(
        settings, asked.signed_in_as, connections=asked.concurrency, patience=asked.patience
    ) as platform:
        await platform.wait_for_copies()
        city = asked.city or choose_city(await platform.list_cities(), table)
        with Record(settings.home / "imports", asked.source) as record:
            sending = Sending(platform, record, tally, concurrency=asked.concurrency, again=asked.send_again)
            rows = (to_appeal(row, defaults, city=city) for row in table.rows())
            await sending.send_all(rows, total=table.count, console=console)
        show_summary(tally, await platform.names_of(tally.places), console, record=record.path, city=city)
    return not tally.refused


def _columns(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = next((field for field, equals, name in pairs if not (field and equals and name)), None)
    if wrong is not None:
        raise UnreadableFile(f"--column {wrong}: write FIELD=NAME, as --column words=留言详情")
    return {field: name for field, _, name in pairs}


def _name_of(file: Path) -> str:
    return file.name.split(".")[0] or "import"


def _end(console: Console, message: str) -> None:
    console.print(message, style="red", highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(2)
