"""The account page itself, and the reader's name on it."""

from typing import Any

from litestar import Response

from kolofon.identity import accounts, sentences
from kolofon.identity.account import providers, queries
from kolofon.identity.account.gate import AccountVisit

PATH = ""


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """Who one is here, and the way to everything else."""
    async with visit.server.pool().acquire() as connection:
        credentials = await queries.list_credentials(connection, visit.session.unique_id)
        others = await providers.linked_names(visit, connection)
    has_others = bool(others or providers.offered(visit))
    return visit.show(
        "account_overview.html", errors, status, credentials=credentials, has_providers=has_others, providers=others
    )


async def show_name(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The form for the name."""
    names = {
        "first_name": visit.form.get("first_name", visit.reader.first_name or ""),
        "last_name": visit.form.get("last_name", visit.reader.last_name or ""),
    }
    return visit.show("account_name.html", errors, status, **names)


async def change_name(visit: AccountVisit) -> Response[Any]:
    """Take another name."""
    names = {name: visit.form.get(name, "").strip() for name in ("first_name", "last_name")}
    errors = {field: visit.text(sentences.NO_NAME) for field, name in names.items() if not accounts.is_name(name)}
    if errors:
        return await show_name(visit, errors)
    unique_id = visit.session.unique_id
    async with visit.server.pool().acquire() as connection, connection.transaction():
        before = await queries.set_names(connection, unique_id, names["first_name"], names["last_name"])
        if before is not None:
            await visit.record(connection, "changeName", dict(zip(names, before, strict=True)), names)
    return visit.leave_for(PATH, done="name")


NAME_ACTIONS = {"save": change_name}
