"""The command line. Every failure that a person can cause is one line and a non-zero exit."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kolofon import __version__
from kolofon.command_line.billing import invoice, renew
from kolofon.command_line.customers import customer
from kolofon.command_line.importing import import_group
from kolofon.command_line.messages import message, status
from kolofon.command_line.orders import orders
from kolofon.command_line.sandbox import sandbox
from kolofon.command_line.tools import actor as _actor
from kolofon.command_line.tools import check_database as _check_database
from kolofon.command_line.tools import database as _database
from kolofon.command_line.tools import run as _run
from kolofon.command_line.tools import settings as _settings
from kolofon.failures import Failure
from kolofon.settings import Settings

if TYPE_CHECKING:
    from kolofon.catalogue.publisher_file.publisher import PublisherFile

# What takes long to import is imported by the command that needs it: --help and a refused setting are immediate.

_errors = Console(stderr=True)


class _Group(click.Group):
    """Turns the program's own errors into one line."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except Failure as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kolofon")
def main() -> None:
    """Kolofon, a subscriber platform for publishers.

    Settings come from the environment (KOLOFON_…); docs/configuration.md lists them.
    """


@main.command()
@click.option("--demo", is_flag=True, help="Load the demo publishers first and print how to sign in.")
def serve(demo: bool) -> None:
    """Run everything in one process.

    Login server, API and worker. Migrates the database first. Without KOLOFON_DATABASE_URL an embedded PostgreSQL
    runs in KOLOFON_DATA.
    """
    from kolofon import runtime, welcome

    settings = _start()
    if demo and settings.mode == "production":
        raise Failure("--demo: not in production mode, since everyone knows the demo's secrets and passwords")
    with (
        runtime.alone_in_data_folder(settings),
        runtime.listen(settings) as listener,
        runtime.database(settings) as url,
    ):
        runtime.bring_up_to_date(url)
        publishers = _load_demo(url) if demo else []
        welcome.announce(settings)
        for publisher in publishers:
            welcome.announce_demo(publisher)
        runtime.run_web(settings, url, listener, with_worker=True)


@main.command()
def web() -> None:
    """Run login server and API, without worker.

    Any number may run.
    """
    from kolofon import runtime, welcome

    settings = _start()
    with runtime.listen(settings) as listener, runtime.database(settings) as url:
        _check_database(url)
        welcome.announce(settings)
        runtime.run_web(settings, url, listener, with_worker=False)


@main.command()
def worker() -> None:
    """Run the worker: what happens later.

    Any number may run.
    """
    from kolofon import runtime

    settings = _start()
    with runtime.database(settings) as url:
        _check_database(url)
        asyncio.run(runtime.run_worker(settings, url))


@main.command()
def migrate() -> None:
    """Migrate the database to this version."""
    from kolofon import runtime

    with runtime.database(_settings()) as url:
        applied = runtime.bring_up_to_date(url)
    click.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Load a publisher FILE into the catalogue.

    All of the YAML file, or nothing. Loading the same file again changes nothing. The summary says what came, changed
    and went.
    """
    from kolofon.commands import administration

    with _database() as url:
        summary = _run(url, lambda connection, clock: administration.load(connection, clock, file, _actor()))
    click.echo(summary)


@main.command("demo-data")
@click.option("--customers", type=click.IntRange(1, 10_000_000), required=True, help="How many customers to make.")
@click.option("--partner", default="fjordposten", show_default=True, help="The partner's code.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same data.")
def demo_data(customers: int, partner: str, seed: int) -> None:
    """Make believable customers in any number.

    Each has an account, subscriptions and permissions. It can be ended and started again: it goes on.
    """
    from kolofon.commands import administration

    new = administration.DemoCustomers(partner, customers, seed)
    with _database() as url, Progress(console=_errors, transient=True) as bar:
        task = bar.add_task("customers", total=customers)

        def progress(done: int) -> None:
            bar.update(task, completed=done)

        summary = _run(
            url, lambda connection, clock: administration.demo_data(connection, clock, new, progress, _actor())
        )
    click.echo(summary)


@main.command()
def openapi() -> None:
    """Print the API's OpenAPI 3.1 document."""
    from kolofon.app import openapi_document

    click.echo(json.dumps(openapi_document(), indent=2, ensure_ascii=False))


@main.command()
def check() -> None:
    """Check that everything fits together.

    Looks at settings, database, migrations and keys; the exit code is 1 when something is wrong.
    """
    from kolofon.commands import administration

    settings = _settings()
    click.echo("ok      settings")
    with _database(settings) as url:
        findings = asyncio.run(administration.check(settings, url))
    for name, problem in findings:
        click.echo(f"{'WRONG ' if problem else 'ok    '}  {name}{': ' + problem if problem else ''}")
    if any(problem for _, problem in findings):
        raise SystemExit(1)


@main.group()
def client() -> None:
    """Add and list sites and apps, rotate secrets."""


@client.command("add")
@click.argument("client_id")
@click.option("--partner", required=True, help="The partner's code.")
@click.option("--name", required=True, help="What readers see when they sign in.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where codes may be sent; may be repeated.")
@click.option("--public", is_flag=True, help="An app or script without a secret; it has to use PKCE.")
def client_add(client_id: str, partner: str, name: str, redirect_uris: tuple[str, ...], public: bool) -> None:
    """Add a client and print its secret, which is not kept anywhere."""
    from kolofon.commands import administration

    new = administration.NewClient(client_id, partner, name, list(redirect_uris), public)
    with _database() as url:
        secret = _run(url, lambda connection, clock: administration.add_client(connection, clock, new, _actor()))
    click.echo(f"client_id      {client_id}")
    click.echo(f"client_secret  {secret}" if secret else "a public client: no secret, PKCE required")


@client.command("list")
@click.option("--partner", help="Only this partner's.")
def client_list(partner: str | None) -> None:
    """List the clients."""
    from kolofon.commands import administration

    with _database() as url:
        rows = _run(url, lambda connection, _: administration.list_clients(connection, partner))
    table = Table("client id", "partner", "name", "kind", "state", box=None)
    for row in rows:
        kind, state = "public" if row.public else "secret", "disabled" if row.disabled else "active"
        table.add_row(row.client_id, row.partner_code, row.name, kind, state)
    Console().print(table)


@client.command("rotate-secret")
@click.argument("client_id")
@click.option("--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True, help="The old one's rest.")
def client_rotate_secret(client_id: str, overlap_hours: int) -> None:
    """Give a client a new secret and print it; the old one works on for a while."""
    from kolofon.commands import administration

    with _database() as url:
        secret = _run(
            url,
            lambda connection, clock: administration.rotate_secret(
                connection, clock, client_id, overlap_hours, _actor()
            ),
        )
    click.echo(f"client_secret  {secret}")


@main.group()
def user() -> None:
    """Add people who sign in, and help who cannot any more."""


@user.command("add")
@click.argument("credential")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when left out.")
@click.option("--first-name")
@click.option("--last-name")
def user_add(credential: str, password: str, first_name: str | None, last_name: str | None) -> None:
    """Add a user who can sign in with CREDENTIAL, an e-mail address or a mobile number."""
    from kolofon.commands import administration

    new = administration.NewUser(credential, password, first_name, last_name)
    with _database() as url:
        unique_id = _run(url, lambda connection, clock: administration.add_user(connection, clock, new, _actor()))
    click.echo(f"uniqueId  {unique_id}")


@user.command("forget-factors")
@click.argument("credential")
def user_forget_factors(credential: str) -> None:
    """Remove passkeys, app and recovery codes of the user with CREDENTIAL, who has lost them.

    Make sure before that it is the user who asks. All verified credentials are told.
    """
    from kolofon.commands import administration

    settings = _settings()
    with _database() as url:
        unique_id = _run(
            url,
            lambda connection, clock: administration.forget_factors(connection, clock, settings, credential, _actor()),
        )
    click.echo(f"uniqueId  {unique_id}")


@main.group()
def key() -> None:
    """Rotate the keys that sign tokens: ES256 for access tokens, both for id_tokens, as each client wants it.

    The worker does so by itself every 90 days.
    """


@key.command("rotate")
@click.option("--algorithm", type=click.Choice(["ES256", "RS256"]), default="ES256", show_default=True)
def key_rotate(algorithm: str) -> None:
    """Make a new signing key now. It is published at once and signs in an hour, when verifiers have it."""
    from kolofon.commands import administration

    settings = _settings()
    with _database(settings) as url:
        kid = _run(url, lambda connection, clock: administration.rotate_key(connection, clock, settings, algorithm))
    click.echo(f"kid  {kid}")


main.add_command(customer)
main.add_command(import_group)
main.add_command(invoice)
main.add_command(message)
main.add_command(orders)
main.add_command(renew)
main.add_command(sandbox)
main.add_command(status)


def _start() -> Settings:
    """What the long-running commands begin with."""
    from kolofon.platform.telemetry import configure_logging

    settings = _settings()
    configure_logging(settings)
    return settings


def _load_demo(url: str) -> "list[PublisherFile]":
    from kolofon.commands import administration

    return _run(url, lambda connection, clock: administration.load_demo(connection, clock, _actor()))
