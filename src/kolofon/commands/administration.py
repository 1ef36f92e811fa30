"""What the command line does in the database, one function a command."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
import msgspec

from kolofon.catalogue.clients import queries as clients
from kolofon.catalogue.clients.queries import ClientListing
from kolofon.catalogue.demo import DEMO_FILES
from kolofon.catalogue.demo_data.service import DemoDataError, generate_demo_data
from kolofon.catalogue.loader import load_publisher
from kolofon.catalogue.partners.queries import find_partner_id
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from kolofon.catalogue.queries import announce
from kolofon.failures import Failure
from kolofon.identity import queries as accounts
from kolofon.identity.external_sign_in.providers import read_providers
from kolofon.identity.external_sign_in.service import problem_of
from kolofon.identity.notices.service import Notice, notify
from kolofon.identity.oauth.key_store import KeyStore
from kolofon.identity.oauth.keys import Algorithm, KeyRing, opened
from kolofon.identity.oauth.queries import list_keys
from kolofon.identity.oauth.rfc6749 import is_safe_redirect_uri
from kolofon.identity.origins import Origin
from kolofon.identity.second_factors.queries import remove_all_factors
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.i18n import DEFAULT
from kolofon.platform.ids import hash_secret, new_secret, new_uuid, unique_id_text
from kolofon.platform.password_hash import hash_password
from kolofon.platform.sealing import SealBroken, read_secrets
from kolofon.providers.mail import SmtpMailSender
from kolofon.settings import Settings

SHORTEST_PASSWORD = 10


class CommandError(Failure):
    """A command cannot be done; the message is one line for a person."""


class NewClient(msgspec.Struct, frozen=True):
    """A client to add."""

    client_id: str
    partner_code: str
    name: str
    redirect_uris: list[str]
    public: bool


class DemoCustomers(msgspec.Struct, frozen=True):
    """Customers to make up."""

    partner_code: str
    count: int
    seed: int


class NewUser(msgspec.Struct, frozen=True):
    """A user to add."""

    credential: str
    password: str
    first_name: str | None
    last_name: str | None


async def load(connection: Connection, clock: Clock, file: Path, actor: str) -> str:
    """Load a publisher file; returns the summary. Raises PublisherFileError."""
    return str(await load_publisher(connection, clock, read_publisher_file(file), actor))


async def load_demo(connection: Connection, clock: Clock, actor: str) -> list[PublisherFile]:
    """Load the demo publishers; returns what is in their files."""
    sources = [read_publisher_file(file) for file in DEMO_FILES]
    for source in sources:
        await load_publisher(connection, clock, source, actor)
    return [source.publisher for source in sources]


async def demo_data(
    connection: Connection, clock: Clock, new: DemoCustomers, progress: Callable[[int], None], actor: str
) -> str:
    """Make customers; returns the summary. Raises CommandError for an unknown partner, or one that sells nothing."""
    partner_id = await find_partner_id(connection, new.partner_code)
    if partner_id is None:
        raise CommandError(f"--partner: there is no partner {new.partner_code}; load its file first")
    try:
        summary = await generate_demo_data(connection, clock, new.partner_code, new.count, new.seed, progress)
    except DemoDataError as error:
        raise CommandError(f"--partner: {error}") from None
    change = audit.Change(action="demoData", subject=f"partner:{new.partner_code}", after=msgspec.to_builtins(summary))
    await audit.record_command(connection, clock, partner_id, actor, change)
    return str(summary)


async def check(settings: Settings, database_url: str) -> list[tuple[str, str | None]]:
    """What was looked at, each with what is wrong with it or None. The database has been reached and is migrated."""
    connection = await asyncpg.connect(database_url)
    try:
        stored = await list_keys(connection, Clock().now())
    finally:
        await connection.close()
    keys_problem = None
    try:
        for key in stored:
            opened(key, read_secrets(settings).key(KeyStore.SEALING))
    except SealBroken:
        keys_problem = "made with another KOLOFON_SECRET_KEY"
    findings: list[tuple[str, str | None]] = [("database", None), ("migrations", None), ("signing keys", keys_problem)]
    if settings.redis_url is not None:
        findings.append(("redis", await _redis_problem(settings.redis_url)))
    if settings.smtp_url is not None and settings.mail_from is not None:
        findings.append(("mail", await SmtpMailSender(settings.smtp_url, settings.mail_from).problem()))
    providers = read_providers(settings.sign_in_providers)
    return findings + [(f"sign-in provider {each.code}", await problem_of(each, Clock())) for each in providers]


async def add_client(connection: Connection, clock: Clock, new: NewClient, actor: str) -> str | None:
    """Add a client; returns its secret, or None for a public one. Raises CommandError."""
    for uri in new.redirect_uris:
        if not is_safe_redirect_uri(uri):
            raise CommandError(f"--redirect-uri: expected an absolute URL without fragment, got {uri}")
    partner_id = await find_partner_id(connection, new.partner_code)
    if partner_id is None:
        raise CommandError(f"--partner: there is no partner {new.partner_code}")
    secret = None if new.public else new_secret()
    grants = ["authorization_code", "refresh_token"] + ([] if new.public else ["client_credentials"])
    async with connection.transaction():
        try:
            await clients.add_client(
                connection, new.client_id, partner_id, new.name, new.public, new.redirect_uris, grants
            )
        except asyncpg.UniqueViolationError:
            raise CommandError(f"there is a client {new.client_id} already") from None
        except asyncpg.CheckViolationError:
            raise CommandError("CLIENT_ID: expected letters, digits, dots and dashes, as in no.example.shop") from None
        if secret is not None:
            await clients.add_secrets(connection, [new.client_id], [hash_secret(secret)], clock.now())
        after = {"name": new.name, "public": new.public, "redirectUris": new.redirect_uris}
        change = audit.Change(action="clientAdd", subject=f"client:{new.client_id}", after=after)
        await audit.record_command(connection, clock, partner_id, actor, change)
        await announce(connection)
    return secret


async def list_clients(connection: Connection, partner_code: str | None) -> list[ClientListing]:
    """The clients, or those of one partner."""
    return await clients.list_clients(connection, partner_code)


async def rotate_secret(connection: Connection, clock: Clock, client_id: str, overlap_hours: int, actor: str) -> str:
    """Give a client a new secret; the older ones end after the overlap. Raises CommandError."""
    secret = new_secret()
    now = clock.now()
    async with connection.transaction():
        found = await clients.lock_client(connection, client_id)
        if found is None:
            raise CommandError(f"there is no client {client_id}")
        if found.public:
            raise CommandError(f"{client_id} is a public client: it has no secret")
        await clients.end_secrets(connection, [client_id], now + timedelta(hours=overlap_hours))
        await clients.add_secrets(connection, [client_id], [hash_secret(secret)], now)
        after = {"overlapHours": overlap_hours}
        change = audit.Change(action="clientRotateSecret", subject=f"client:{client_id}", after=after)
        await audit.record_command(connection, clock, found.partner_id, actor, change)
        await announce(connection)
    return secret


async def add_user(connection: Connection, clock: Clock, new: NewUser, actor: str) -> str:
    """Add a user; returns the uniqueId. Raises CommandError."""
    if len(new.password) < SHORTEST_PASSWORD:
        raise CommandError(f"--password: expected at least {SHORTEST_PASSWORD} characters")
    credential, credential_type = _credential(new.credential)
    unique_id = new_uuid()
    now = clock.now()
    async with connection.transaction():
        account = accounts.NewAccount(unique_id, hash_password(new.password), new.first_name, new.last_name, now)
        await accounts.add_account(connection, account)
        try:
            # Whoever sits at the command line vouches for the address.
            await accounts.add_credential(connection, unique_id, credential, credential_type, "externallyVerified", now)
        except asyncpg.UniqueViolationError:
            raise CommandError(f"there is a user with {credential} already") from None
        change = audit.Change(action="userAdd", subject=f"user:{unique_id_text(unique_id)}")
        await audit.record_command(connection, clock, None, actor, change)
    return unique_id_text(unique_id)


async def forget_factors(connection: Connection, clock: Clock, settings: Settings, text: str, actor: str) -> str:
    """Remove all second factors of a user, who is told at every verified credential; returns the uniqueId.

    Raises CommandError.
    """
    credential = _credential(text)[0]
    async with connection.transaction():
        account = await accounts.find_sign_in_account(connection, credential)
        if account is None or not await accounts.lock_account(connection, account.unique_id):
            raise CommandError(f"there is no user with {credential}, or the account is closed")
        await remove_all_factors(connection, account.unique_id)
        host = urlsplit(settings.public_url).hostname or ""
        origin = Origin(client_id=None)
        notice = Notice(kind="secondFactorRemoved", language=DEFAULT, client_name=host, origin=origin)
        await notify(connection, clock.now(), account.unique_id, notice)
        change = audit.Change(action="userForgetFactors", subject=f"user:{unique_id_text(account.unique_id)}")
        await audit.record_command(connection, clock, None, actor, change)
    return unique_id_text(account.unique_id)


def _credential(text: str) -> tuple[str, str]:
    """The stored form of a credential, and its type."""
    try:
        return normalised_credential(text)
    except InvalidRequest as error:
        raise CommandError(error.message) from None


async def rotate_key(connection: Connection, clock: Clock, settings: Settings, algorithm: str) -> str:
    """Make a new signing key; returns its id."""
    store = KeyStore(KeyRing(), read_secrets(settings), clock)
    return (await store.rotate(connection, cast("Algorithm", algorithm))).kid


async def _redis_problem(redis_url: str) -> str | None:
    import redis.asyncio

    connection: Any = redis.asyncio.from_url(redis_url)
    try:
        await connection.ping()
    except (OSError, redis.RedisError) as error:
        return str(error) or type(error).__name__
    finally:
        await connection.aclose()
    return None
