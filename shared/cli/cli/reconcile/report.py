"""What the auditor prints: counts, what was set aside, and each exception with what to do about it."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from cli.reconcile.findings import FLOW, REMEDIES, Audit
from cli.reconcile.owed import STEPS, TEMPLATES


def show(console: Console, audit: Audit, *, imported: bool) -> None:
    console.print(_counts("Appeals", {name: audit.flow[name] for name in FLOW}))
    console.print(_counts("Steps of cases", {step: audit.steps[step] for step in STEPS if audit.steps[step]}))
    console.print(_templates(audit))
    _say_what_has_not_come(console, audit, imported=imported)
    for name, number in sorted(audit.set_aside.items()):
        console.print(f"Set aside, still on their way: {number} {name}")
    _show_findings(console, audit)


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title, title_justify="left", min_width=40)
    table.add_column("")
    table.add_column("count", justify="right")
    for name, number in counts.items():
        table.add_row(name, f"{number:,}")
    return table


def _templates(audit: Audit) -> Table:
    table = Table(title="Notices", title_justify="left")
    for heading in ("template", "owed", "made", "sent", "in the sandbox's log"):
        table.add_column(heading, justify="left" if heading == "template" else "right")
    for template in TEMPLATES:
        counts = [counter[template] for counter in (audit.owed, audit.made, audit.sent, audit.logged)]
        if any(counts):
            *others, logged = counts
            table.add_row(template, *[f"{number:,}" for number in others], f"{logged:,}" if logged else "–")
    return table


def _say_what_has_not_come(console: Console, audit: Audit, *, imported: bool) -> None:
    if not imported:
        console.print("No record of an import: what was acknowledged was compared with nothing. (--import names one.)")
    if not any(audit.flow.values()):
        console.print("There is no appeal so far: nothing was shown about any.")
    missing = [step for step in STEPS if not audit.steps[step]]
    if missing:
        console.print(f"No case has come to: {', '.join(missing)}. (--every-step makes this an exception.)")


def _show_findings(console: Console, audit: Audit) -> None:
    """A line each, unwrapped, so that it can be searched for; and once a kind, the remedy."""
    for finding in audit.findings:
        console.print(f"{finding.kind}  {finding.ids}  {finding.detail}".rstrip(), soft_wrap=True, markup=False)
    for kind in sorted({finding.kind for finding in audit.findings}):
        console.print(f"What to do about {kind}: {REMEDIES[kind]}", soft_wrap=True, markup=False)
    console.print(f"{len(audit.findings)} exceptions")
