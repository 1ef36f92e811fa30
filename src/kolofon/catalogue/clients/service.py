"""Bringing clients and their secrets to what the file says."""

from datetime import datetime

from kolofon.catalogue.changes import KindChanges, Written, kind_changes, kind_of
from kolofon.catalogue.clients import queries
from kolofon.catalogue.clients.queries import TemplateRow
from kolofon.catalogue.publisher_file.clients import Client
from kolofon.catalogue.publisher_file.errors import Problems
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret


async def load_clients(
    connection: Connection, partner_id: int, clients: tuple[Client, ...], now: datetime, problems: Problems
) -> tuple[list[KindChanges], list[str]]:
    """Add, change and disable clients; returns notes too. A client of another partner is added to the problems."""
    foreign = await queries.clients_of_others(connection, partner_id, [client.client_id for client in clients])
    for index, client in enumerate(clients):
        if client.client_id in foreign:
            message = f"expected an id of this partner's own, but {client.client_id!r} belongs to another partner"
            problems.add(("clients", index, "clientId"), message)
    own = tuple(client for client in clients if client.client_id not in foreign)
    written = await queries.put_clients(connection, partner_id, own)
    disabled = await queries.disable_clients(connection, partner_id, [client.client_id for client in own])
    templates = [row for client in own for row in _template_rows(client)]
    put_templates = await queries.replace_templates(connection, partner_id, templates)
    secrets, notes = await _load_secrets(connection, own, now)
    with_secret = sum(client.secret is not None for client in own)
    return [
        kind_changes("clients", len(own), written, retired=disabled),
        kind_changes("client secrets", max(with_secret, len(secrets)), secrets),
        kind_of("client templates", len(templates), put_templates),
    ], notes


def _template_rows(client: Client) -> list[TemplateRow]:
    return [
        TemplateRow(
            client_id=client.client_id,
            template=entry.template,
            kind=entry.kind,
            language=entry.language,
            subject=entry.subject,
            text=("\n\n" if entry.kind == "mail" else "\n").join(entry.text),
        )
        for entry in client.templates
    ]


async def _load_secrets(
    connection: Connection, clients: tuple[Client, ...], now: datetime
) -> tuple[list[Written], list[str]]:
    """Secrets that are new in the file replace the stored ones at once.

    One that is stored and has ended stays ended: it was replaced since, perhaps because it leaked, and an old copy of
    the file must not bring it back. One that is still good changes nothing beside it: a rotation may be under way.
    """
    stored: dict[str, dict[bytes, datetime | None]] = {client.client_id: {} for client in clients}
    for secret in await queries.list_secrets(connection, list(stored)):
        stored[secret.client_id][secret.secret_hash] = secret.expires_at
    new: dict[str, bytes] = {}
    to_end: list[str] = []
    notes: list[str] = []
    for client in clients:
        known = stored[client.client_id]
        good = [known_hash for known_hash, expires_at in known.items() if expires_at is None or expires_at > now]
        if client.secret is None:
            to_end += [client.client_id] if good else []
            continue
        secret_hash = hash_secret(client.secret)
        if secret_hash not in known:
            new[client.client_id] = secret_hash
        elif secret_hash not in good:
            notes.append(f"{client.client_id}: the file's secret has been replaced since and is no longer valid")
    await queries.end_secrets(connection, [*to_end, *new], now)
    await queries.add_secrets(connection, list(new), list(new.values()), now)
    added = [Written(client_id, added=not stored[client_id]) for client_id in new]
    return added + [Written(client_id, added=False) for client_id in to_end], notes
