"""The commands about money: the renewal run, and invoices one by one until banks and providers tell of payments."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kolofon.command_line import tools

if TYPE_CHECKING:
    from kolofon.commands.billing import Shown

_PARTNER_HELP = "The partner's code; needed when several have such a company."


class _Amount(click.ParamType[Decimal]):
    """An amount of money, such as 299 or 299.50."""

    name = "amount"

    def convert(self, value: str | Decimal, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = Decimal(0)
        if not amount.is_finite() or amount == 0:
            self.fail("expected an amount such as 299.50", param, ctx)
        return amount


@click.command()
@click.option("--partner", help="Only this partner's, by its code.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done and the money it means; change nothing.")
def renew(partner: str | None, dry_run: bool) -> None:
    """Prepare the next period of every subscription that is due, and make the invoices.

    The worker does so by itself. It can be ended and started again: it goes on.
    """
    from kolofon.commands import billing

    if dry_run:
        with tools.database() as url:
            previews = tools.run(url, lambda connection, clock: billing.preview_renewal(connection, clock, partner))
        for code, rows in previews.items():
            _print_preview(code, rows)
        return
    with tools.database() as url, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("renewals", total=None)

        def progress(done: int, due: int) -> None:
            bar.update(task, completed=done, total=due)

        lines = tools.run(
            url,
            lambda connection, clock: billing.renew(connection, clock, partner, progress, tools.actor()),
        )
    click.echo("\n".join(lines))


@click.group()
def invoice() -> None:
    """Look at an invoice, take its payment, take it back or give it up."""


@invoice.command("show")
@click.argument("company")
@click.argument("number", type=click.IntRange(1, 10**16 - 1))
@click.option("--partner", help=_PARTNER_HELP)
def invoice_show(company: str, number: int, partner: str | None) -> None:
    """Show invoice NUMBER of COMPANY, with its lines and what was paid."""
    from kolofon.commands import billing

    with tools.database() as url:
        shown = tools.run(url, lambda connection, _: billing.show_invoice(connection, partner, company, number))
    _print_invoice(shown)


@invoice.command("pay")
@click.argument("company")
@click.argument("number_or_kid")
@click.argument("amount", type=_Amount())
@click.option("--reference", required=True, help="The bank's own name for the payment; the same one is taken once.")
@click.option("--partner", help=_PARTNER_HELP)
def invoice_pay(company: str, number_or_kid: str, amount: Decimal, reference: str, partner: str | None) -> None:
    """Take a payment of AMOUNT for an invoice of COMPANY, by its number or its payment reference (KID).

    After `--` an amount may be negative: it was given back.
    """
    from kolofon.commands import billing

    new = billing.NewPayment(partner, company, number_or_kid, amount, reference)
    with tools.database() as url:
        line = tools.run(url, lambda connection, clock: billing.pay(connection, clock, new, tools.actor()))
    click.echo(line)


@invoice.command("credit")
@click.argument("company")
@click.argument("number", type=click.IntRange(1, 10**16 - 1))
@click.option("--partner", help=_PARTNER_HELP)
def invoice_credit(company: str, number: int, partner: str | None) -> None:
    """Take invoice NUMBER of COMPANY back as a whole, by a credit note."""
    from kolofon.commands import billing

    with tools.database() as url:
        credit_note = tools.run(
            url,
            lambda connection, clock: billing.credit(connection, clock, (partner, company, number), tools.actor()),
        )
    click.echo(f"credit note {credit_note} of {company} takes invoice {number} back")


@invoice.command("write-off")
@click.argument("company")
@click.argument("number", type=click.IntRange(1, 10**16 - 1))
@click.option("--partner", help=_PARTNER_HELP)
def invoice_write_off(company: str, number: int, partner: str | None) -> None:
    """Give up the money of invoice NUMBER of COMPANY. Nobody is reminded of it any more."""
    from kolofon.commands import billing

    with tools.database() as url:
        tools.run(
            url,
            lambda connection, clock: billing.give_up(connection, clock, (partner, company, number), tools.actor()),
        )
    click.echo(f"invoice {number} of {company} is written off")


def _print_preview(partner_code: str, rows: list[tuple[str, ...]]) -> None:
    click.echo(f"{partner_code}: {'' if rows else 'nothing is due'}")
    if rows:
        table = Table("product", "periods", "ending", "invoices", "net", "VAT", "total", box=None)
        for row in rows:
            table.add_row(*row)
        Console().print(table)


def _print_invoice(shown: "Shown") -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in shown.members:
        table.add_row(name, value)
    Console().print(table)
    lines = Table("line", "quantity", "with VAT", box=None)
    for words in shown.lines:
        lines.add_row(*words)
    Console().print(lines)
