"""The commands of customer service: cases that customers opened, and notices that customers are shown."""

import sys
from typing import TYPE_CHECKING, BinaryIO

import click
from rich.console import Console
from rich.table import Table

from kolofon.command_line import tools

if TYPE_CHECKING:
    from kolofon.commands.messages import ShownCase

_NUMBER = click.IntRange(1, 2**63 - 1)
_PARTNER_HELP = "Only this partner's, by its code."


@click.group()
def message() -> None:
    """See what customers have written to customer service, and answer it.

    A message opens a case, which waits until it is answered or closed.
    """


@message.command("list")
@click.option("--partner", help=_PARTNER_HELP)
@click.option(
    "--status",
    type=click.Choice(["waiting", "answered", "closed"]),
    default="waiting",
    show_default=True,
    help="Waiting ones are listed from the oldest on, others from the newest.",
)
def message_list(partner: str | None, status: str) -> None:
    """List cases, by default those that wait for an answer."""
    from kolofon.commands import messages

    with tools.database() as url:
        rows, more = tools.run(url, lambda connection, _: messages.list_cases(connection, partner, status))
    if not rows:
        click.echo("none")
        return
    tools.print_table(("case", "partner", "customer", "product", "type", "since", "subject"), rows)
    if more:
        click.echo(f"and more: these are {messages.MOST_LISTED} of each partner")


@message.command("show")
@click.argument("case", type=_NUMBER)
def message_show(case: int) -> None:
    """Show CASE: who wrote, what about, and all that was written, as it was written."""
    from kolofon.commands import messages

    with tools.database() as url:
        shown = tools.run(url, lambda connection, _: messages.show_case(connection, case))
    _print_case(shown)


@message.command("answer")
@click.argument("case", type=_NUMBER)
@click.argument("text", required=False)
@click.option("--file", type=click.File("rb"), help="A file that has the answer.")
def message_answer(case: int, text: str | None, file: BinaryIO | None) -> None:
    """Answer CASE with TEXT, with what is in a file, or with what standard input says when TEXT is -.

    The customer reads it where messages are listed. It is also sent by mail: to the customer's first e-mail address,
    else to one that somebody signs in with for the customer, else to the one that was given with the message.
    """
    from kolofon.commands import messages

    if (text is None) == (file is None):
        raise click.UsageError("expected the answer as TEXT or in --file, one of the two")
    written = text if text is not None and text != "-" else _read(file)
    with tools.database() as url:
        lines = tools.run(
            url, lambda connection, clock: messages.answer(connection, clock, case, written, tools.actor())
        )
    click.echo("\n".join(lines))


@message.command("close")
@click.argument("case", type=_NUMBER)
def message_close(case: int) -> None:
    """Close CASE, which needs no answer, or no other one."""
    from kolofon.commands import messages

    with tools.database() as url:
        tools.run(url, lambda connection, clock: messages.close(connection, clock, case, tools.actor()))
    click.echo(f"case {case} is closed")


@click.group()
def status() -> None:
    """Tell customers what they should know while it lasts: a late delivery, a strike, a closed office."""


@status.command("add")
@click.option("--partner", required=True, help="The partner's code.")
@click.option("--code", required=True, help="What it is, for sites that show it: a word such as lateDelivery.")
@click.option("--message", required=True, help="What customers read.")
@click.option("--product", help="Only those who subscribe to this product, by its code.")
@click.option("--country", help="Only those who live, or get this product, in this country: two letters.")
@click.option("--postal-code-from", help="Only from this postal code of the country on.")
@click.option("--postal-code-to", help="Up to this one, included.")
@click.option("--start", help="A date or time, in the partner's time zone; now, when left out.")
@click.option("--end", help="A date (its midnight) or time; until it is ended, when left out.")
def status_add(partner: str, code: str, message: str, **others: str | None) -> None:
    """Add a notice that customers are shown from its start to its end."""
    from kolofon.commands import statuses

    new = statuses.StatusFields(partner=partner, code=code, message=message, **others)
    with tools.database() as url:
        line = tools.run(url, lambda connection, clock: statuses.add_status(connection, clock, new, tools.actor()))
    click.echo(line)


@status.command("list")
@click.option("--partner", help=_PARTNER_HELP)
def status_list(partner: str | None) -> None:
    """List the notices that run, or are to begin."""
    from kolofon.commands import statuses

    with tools.database() as url:
        rows = tools.run(url, lambda connection, clock: statuses.list_statuses(connection, clock, partner))
    if not rows:
        click.echo("none")
        return
    tools.print_table(("id", "partner", "code", "product", "area", "start", "end", "message"), rows)


@status.command("end")
@click.argument("number", metavar="ID", type=_NUMBER)
def status_end(number: int) -> None:
    """End the notice with ID now. One that has not begun is removed."""
    from kolofon.commands import statuses

    with tools.database() as url:
        line = tools.run(url, lambda connection, clock: statuses.end_status(connection, clock, number, tools.actor()))
    click.echo(line)


def _read(file: BinaryIO | None) -> str:
    """What a file says, or standard input."""
    try:
        return (file or sys.stdin.buffer).read().decode()
    except UnicodeDecodeError:
        raise click.UsageError("expected the answer in UTF-8") from None


def _print_case(shown: "ShownCase") -> None:
    grid = Table.grid(padding=(0, 2))
    for name, value in shown.members:
        grid.add_row(*tools.cells((name, value)))
    Console().print(grid)
    for heading, text in shown.messages:
        # Set in, so that nobody writes a heading and an answer of somebody else into what they send.
        lines = "\n".join(f"  {line}".rstrip() for line in text.split("\n"))
        click.echo(f"\n--- {tools.printable(heading)}\n{lines}")
