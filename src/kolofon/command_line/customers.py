"""The commands about customers: what is known of one, whose it is, and making one of two."""

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from kolofon.command_line import tools
from kolofon.command_line.customer_search import customer_search

if TYPE_CHECKING:
    from kolofon.commands.customer_overview import Overview
    from kolofon.engine.customers.merging.service import Merged

_NUMBER = click.IntRange(1, 2**53 - 1)
_PARTNER = click.option("--partner", required=True, help="The partner's code.")
# What is told of a merge; the audit log has all tables.
_MOVED = {
    "user_customer": "users",
    "subscription": "subscriptions",
    "subscription_payer": "subscriptions of others that it pays for",
    "customer_access": "single things it may read",
    "customer_order": "orders",
    "order_line": "lines of orders for it",
    "customer_reward": "rewards",
    "invoice": "invoices",
    "invoice_payment": "payments",
    "invoice_reminder": "reminders",
    "invoice_line_receiver": "lines of invoices for it",
    "customer_email": "e-mail addresses",
    "customer_phone_number": "phone numbers",
    "customer_address": "addresses",
    "customer_category": "categories",
    "customer_external_reference": "external references",
    "customer_metadata": "metadata of clients",
    "customer_case": "cases with customer service",
    "customer_merge": "numbers that were merged into it before",
}
_LET_GO = {
    "columns": "names and the like, since others are there",
    "addresses": "addresses that do not count any more",
    "purposes": "purposes that only one of the two permits",
    "permissions": "permissions that only one of the two has given, or that meet a shield",
    "categories": "free values of categories, since others are there",
    "metadata": "metadata of clients that have some of the other one",
}


@click.group()
def customer() -> None:
    """See customers, tie users to them, and merge those that are one."""


customer.add_command(customer_search)


@customer.command("show")
@click.argument("number", type=_NUMBER)
@_PARTNER
def customer_show(number: int, partner: str) -> None:
    """Show customer NUMBER: contacts, users, addresses, subscriptions, open invoices, and the latest changes."""
    from kolofon.commands import customer_overview

    with tools.database() as url:
        shown = tools.run(url, lambda connection, clock: customer_overview.show(connection, clock, partner, number))
    _print(shown)


@customer.command("history")
@click.argument("number", type=_NUMBER)
@_PARTNER
def customer_history(number: int, partner: str) -> None:
    """Tell who changed what of customer NUMBER and when, the newest first, with what was merged into it."""
    from kolofon.commands import customer_overview

    with tools.database() as url:
        numbers, rows = tools.run(url, lambda connection, _: customer_overview.history(connection, partner, number))
    click.echo(f"customer {numbers[0]}")
    for merged in numbers[1:]:
        click.echo(f"customer {merged} was merged into {numbers[0]}")
    if not rows:
        click.echo("no change is recorded")
    for when, who, what, subject, before, after in rows:
        click.echo(f"\n{when}  {subject}  {what}  by {tools.printable(who)}")
        if before:
            click.echo(f"  before  {tools.printable(before)}")
        if after:
            click.echo(f"  after   {tools.printable(after)}")
    if len(rows) == customer_overview.MOST_CHANGES:
        click.echo(f"\nonly the newest {len(rows)} changes are shown")


@customer.command("link")
@click.argument("number", type=_NUMBER)
@click.argument("credential")
@_PARTNER
def customer_link(number: int, credential: str, partner: str) -> None:
    """Make the user with CREDENTIAL, an e-mail address or mobile number, a user of customer NUMBER.

    Make sure before that it is the user's customer: the user reads, orders and changes as that customer from now on.
    """
    from kolofon.commands import customers

    with tools.database() as url:
        user = tools.run(
            url,
            lambda connection, clock: customers.link(connection, clock, partner, number, credential, tools.actor()),
        )
    click.echo(f"user {user} is customer {number}")


@customer.command("unlink")
@click.argument("number", type=_NUMBER)
@click.argument("credential")
@_PARTNER
def customer_unlink(number: int, credential: str, partner: str) -> None:
    """End that the user with CREDENTIAL is customer NUMBER. What the customer has stays with it."""
    from kolofon.commands import customers

    with tools.database() as url:
        user = tools.run(
            url,
            lambda connection, clock: customers.unlink(connection, clock, partner, number, credential, tools.actor()),
        )
    click.echo(f"user {user} is not customer {number} any more")


@customer.command("merge")
@click.argument("merged", metavar="FROM", type=_NUMBER)
@click.argument("into", type=_NUMBER)
@_PARTNER
@click.option("--dry-run", is_flag=True, help="Tell what would move; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--although-different",
    is_flag=True,
    help="Also when national identity numbers or birth dates differ; those of INTO stay.",
)
def customer_merge(merged: int, into: int, partner: str, dry_run: bool, yes: bool, although_different: bool) -> None:
    """Merge customer FROM into customer INTO: everything becomes INTO's, and the number FROM leads there.

    It cannot be undone. What would move is shown first.
    """
    from kolofon.commands import customers
    from kolofon.platform.sealing import read_secrets

    settings = tools.settings()
    secrets = read_secrets(settings)
    wanted = customers.Merge(
        partner_code=partner, merged_number=merged, into_number=into, although_different=although_different
    )
    with tools.database(settings) as url:
        preview = tools.run(
            url,
            lambda connection, clock: customers.preview_merge(connection, clock, wanted, secrets, tools.actor()),
        )
        _print_merge(preview)
        if dry_run:
            return
        if not yes:
            click.confirm(f"Merge customer {merged} into {into}?", abort=True)
        tools.run(url, lambda connection, clock: customers.merge(connection, clock, wanted, secrets, tools.actor()))
    click.echo(f"customer {merged} was merged into {into}")


def _print(shown: "Overview") -> None:
    members = Table.grid(padding=(0, 2))
    for name, value in shown.members:
        members.add_row(*tools.cells((name, value)))
    Console().print(members)
    for section in shown.sections:
        if section.rows:
            click.echo()
            tools.print_table(section.headings, section.rows)


def _print_merge(preview: "Merged") -> None:
    click.echo(f"from customer {preview.merged_number} to {preview.customer_number} move")
    for name, words in _MOVED.items():
        if name in preview.moved:
            click.echo(f"{preview.moved[name]:>7}  {words}")
    for name, words in _LET_GO.items():
        if name in preview.let_go:
            click.echo(f"let go: {len(preview.let_go[name])}  {words}")
