"""`kolofon customer search`."""

from typing import TYPE_CHECKING

import click

from kolofon.command_line import tools

if TYPE_CHECKING:
    from kolofon.engine.customers.searching.criteria import FoundCustomer


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--partner", required=True, help="The partner's code.")
def customer_search(words: tuple[str, ...], partner: str) -> None:
    """Find customers by WORDS in any order.

    Each may be a name, e-mail address, phone number, street, place or number, also the beginning of one.
    """
    from kolofon.commands import customer_search

    with tools.database() as url:
        found = tools.run(url, lambda connection, _: customer_search.search(connection, partner, " ".join(words)))
    if not found:
        click.echo("none")
        return
    tools.print_table(("number", "name", "phone numbers", "e-mail addresses"), map(_row, found))


def _row(customer: "FoundCustomer") -> tuple[str, ...]:
    numbers = ", ".join(number for number, _ in customer.phone_numbers)
    return str(customer.customer_number), _name(customer), numbers, ", ".join(customer.emails)


def _name(customer: "FoundCustomer") -> str:
    person = " ".join(filter(None, (customer.first_name, customer.middle_name, customer.last_name)))
    return ", ".join(filter(None, (person, customer.company_name, customer.department_name)))
