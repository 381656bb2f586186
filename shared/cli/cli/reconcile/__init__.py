"""``baiyang reconcile``: the auditor. Nothing acknowledged was lost, nothing owed was left unsaid or said twice."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli import settings as cli_settings
from cli.reconcile import acknowledgements, report
from cli.reconcile.acknowledgements import UnreadableRecord
from cli.reconcile.audit import Tell, check_acknowledged, check_appeals, check_cases, check_figures, check_strays
from cli.reconcile.books import SERVICES, Books
from cli.reconcile.findings import FIRST_STEPS, FIRST_TEMPLATES, Audit, check_counts
from cli.reconcile.flow import check_flow, wait_until_drained
from cli.reconcile.owed import STEPS, TEMPLATES
from cli.settings import Settings


def reconcile(
    imports: Annotated[
        list[Path] | None,
        typer.Option("--import", help="an importer's record; without it all of BAIYANG_HOME/imports", exists=True),
    ] = None,
    wait: Annotated[int, typer.Option(min=0, help="seconds to wait for what is on its way")] = 60,
    grace: Annotated[
        int,
        typer.Option(
            help="what happened in these last seconds is set aside; below zero, so much of what is stamped ahead is not"
        ),
    ] = 5,
    every_step: Annotated[
        bool, typer.Option("--every-step", help="every step and template must have come, not only the first ones")
    ] = False,
) -> None:
    """Compare what was acknowledged, what history owes and what was told; name each exception, and then exit 1."""
    settings = cli_settings.load()
    settings.export()
    files = acknowledgements.files_of(settings.home, imports or [])
    console = Console()
    try:
        audit = asyncio.run(_audit(settings, files, wait=wait, grace=timedelta(seconds=grace), console=console))
    except UnreadableRecord as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if files or every_step or any(audit.flow.values()):
        steps, templates = (STEPS, TEMPLATES) if every_step else (FIRST_STEPS, FIRST_TEMPLATES)
        check_counts(audit, steps=steps, templates=templates, imported=bool(files))
    report.show(console, audit, imported=bool(files))
    if audit.findings:
        raise typer.Exit(1)


async def _audit(settings: Settings, files: Sequence[Path], *, wait: int, grace: timedelta, console: Console) -> Audit:
    books = Books({service: settings[f"{service.upper()}_DATABASE_URL"] for service in SERVICES})
    try:
        with console.status("") as status:
            return await audit_books(books, files, wait=wait, grace=grace, tell=status.update)
    finally:
        await books.close()


async def audit_books(books: Books, files: Sequence[Path], *, wait: float, grace: timedelta, tell: Tell) -> Audit:
    audit = Audit()
    await wait_until_drained(books, seconds=wait, tell=tell)
    watermark = datetime.now(UTC) - grace
    await check_acknowledged(books, audit, acknowledgements.read(files), tell)
    await check_appeals(books, audit, watermark=watermark, tell=tell)
    await check_cases(books, audit, watermark=watermark, tell=tell)
    await check_strays(books, audit, watermark=watermark)
    await check_flow(books, audit, watermark=watermark)
    await check_figures(books, audit, watermark=watermark)
    return audit
