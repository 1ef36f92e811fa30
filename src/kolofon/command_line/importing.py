"""The commands that take over what another system knows."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from kolofon.command_line import tools

if TYPE_CHECKING:
    from kolofon.commands.importing import Imported
    from kolofon.engine.customers.importing.queries import Import

SOME_REFUSED = 3
_LINE_EVERY = 50_000  # rows, where there is no terminal

_errors = Console(stderr=True)


@click.group("import")
def import_group() -> None:
    """Take over customers from another system.

    docs/importing.md describes the files.
    """


@import_group.command("customers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", required=True, help="The partner's code.")
@click.option(
    "--format", "file_format", type=click.Choice(["csv", "jsonl"]), help="When the file's name does not tell."
)
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would be refused and why, and the totals.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the refused rows there, as CSV.")
@click.option(
    "--trust-levels",
    is_flag=True,
    help="Credentials that the other system has verified count as verified. Without it they are verified anew.",
)
def import_customers(
    file: Path,
    partner: str,
    file_format: Literal["csv", "jsonl"] | None,
    dry_run: bool,
    report: Path | None,
    trust_levels: bool,
) -> None:
    """Import the customers in FILE: a table (CSV), or JSON lines.

    A row is taken whole or refused whole. Customers that are here already are left as they are. It can be ended at any
    moment and started again with the same file: it goes on. The exit code is 3 when rows were refused, and 1 when the
    import could not be finished.
    """
    from kolofon.commands.importing import run_import
    from kolofon.engine.customers.importing.service import Order, Tell

    settings = tools.settings()
    order = Order(path=file, format=file_format, trusting=trust_levels, dry=dry_run, actor=tools.actor())
    with tools.database(settings) as url, _bar() as bar:
        tell = Tell(_waiting, _Meter(bar).show)
        imported = tools.run(
            url, lambda connection, clock: run_import(url, connection, clock, settings, partner, order, report, tell)
        )
    _print(imported, dry_run, report)
    if imported.totals.rows_refused:
        raise SystemExit(SOME_REFUSED)


def _bar() -> Progress:
    return Progress(console=_errors, transient=True, disable=not sys.stderr.isatty())


class _Meter:
    """Shows how far it is: a bar on a terminal, else a line now and then."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = bar.add_task("customers", total=1.0) if sys.stderr.isatty() else None
        self._told = 0

    def show(self, done: "Import", part: float) -> None:
        if self._task is not None:
            text = f"{done.rows_done:,} rows, {done.rows_refused:,} refused"
            self._bar.update(self._task, completed=part, description=text)
        elif done.rows_done - self._told >= _LINE_EVERY:
            self._told = done.rows_done
            click.echo(f"{done.rows_done:,} rows, {done.rows_refused:,} refused, {part:.0%} of the file", err=True)


def _waiting() -> None:
    click.echo("another import of this partner is running; waiting for its end", err=True)


def _print(imported: "Imported", dry_run: bool, report: Path | None) -> None:
    totals = imported.totals
    if imported.resumed:
        click.echo(f"went on behind {imported.resumed:,} rows that were done before")
    if dry_run:
        click.echo("nothing was written; an import would come to")
    rows = {
        "rows": totals.rows_done,
        "customers made": totals.customers_made,
        "known before, left": totals.customers_known,
        "refused": totals.rows_refused,
        "accounts made": totals.accounts_made,
        "accounts linked": totals.accounts_linked,
    }
    for name, count in rows.items():
        click.echo(f"{name:<20}{count:>14,}")
    if not dry_run:
        click.echo("rows = made + known + refused, as counted in the database")
    if report is not None:
        click.echo(f"refused rows are in {report}")
        return
    for line, customer, problems in imported.refused:
        click.echo(tools.printable(f"line {line}{f' ({customer})' if customer else ''}: {problems}"))
    if totals.rows_refused > len(imported.refused):
        click.echo(f"and {totals.rows_refused - len(imported.refused):,} more; --report FILE writes all of them")
