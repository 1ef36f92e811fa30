"""What the person at the terminal is told when the program starts."""

import click
from rich.console import Console
from rich.table import Table

from kolofon import __version__
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.events.mailbox.routes import PATH as MAILBOX
from kolofon.events.outbox.ways import has_mailbox
from kolofon.settings import Settings


def announce(settings: Settings) -> None:
    """Where everything is."""
    click.echo(f"Kolofon {__version__} serves {settings.public_url}")
    click.echo(f"  API          {settings.public_url}/capi/v1")
    click.echo(f"  API docs     {settings.public_url}/capi/docs")
    click.echo(f"  login server {settings.issuer}")
    if has_mailbox(settings):
        click.echo(f"  mailbox      {settings.public_url}{MAILBOX}")


def announce_demo(publisher: PublisherFile) -> None:
    """What a visitor needs to try a demo publisher."""
    click.echo(f"\n{publisher.partner.name} (partner {publisher.partner.code})")
    clients = Table("client id", "client secret", box=None)
    for entry in publisher.clients:
        clients.add_row(entry.client_id, entry.secret or "none: a public client, uses PKCE")
    readers = Table("reader", "password", "who", box=None)
    for reader in publisher.readers:
        readers.add_row(reader.credentials[0].credential, reader.password, reader.about)
    # As wide as its content, also when the output is a file: nothing of a secret may be cut off.
    console = Console(width=160, highlight=False)
    for table in (clients, readers):
        console.print(table)
