"""What an operation works with: who calls, the partner's catalogue, the clock, and the database.

Operations declare which they need by one parameter, named as its type: `user_reads`, `user_writes`, `client_reads`,
`client_writes`. One object instead of a dependency each, because Litestar starts a task for every further one, which
costs more than half of an access check (docs/decisions/0008).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, SkipValidation
from litestar.types import Scope

from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.memory import Client, PartnerCatalogue
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool, Reader
from kolofon.platform.errors import InsufficientScope
from kolofon.platform.sealing import Secrets

CallerT = TypeVar("CallerT", bound=ClientCaller, covariant=True)


def partner_clock(partner: PartnerCatalogue, clock: Clock) -> Clock:
    """The clock that a partner lives by: that of a sandbox may be ahead."""
    return clock.ahead(partner.clock_ahead) if partner.clock_ahead else clock


class Read(msgspec.Struct, Generic[CallerT], frozen=True):
    """A call that changes nothing. `database` gives each statement a connection of its own.

    `clock` is the partner's; `clock.machine` is the one that nobody moves.
    """

    caller: CallerT
    partner: PartnerCatalogue
    clock: Clock
    database: Reader


class Write(msgspec.Struct, Generic[CallerT], frozen=True):
    """A call that may change things: `transaction` is committed before the answer leaves, or undone by an error."""

    caller: CallerT
    partner: PartnerCatalogue
    clock: Clock
    transaction: Connection
    secrets: Secrets
    clients: Mapping[str, Client]  # of all partners


UserReads = NamedDependency[SkipValidation[Read[UserCaller]]]
UserWrites = NamedDependency[SkipValidation[Write[UserCaller]]]
ClientReads = NamedDependency[SkipValidation[Read[ClientCaller]]]
ClientWrites = NamedDependency[SkipValidation[Write[ClientCaller]]]
# Of client mode, where it stands in the path.
CustomerNumber = Annotated[int, PathParameter(ge=1, le=2**53 - 1, description="Number of a customer of the partner.")]


def reading_calls(
    reader: Callable[[], Reader], clock: Clock, catalogue: LiveCatalogue
) -> dict[str, Callable[[Scope], Read[Any]]]:
    """What makes the calls that change nothing, by parameter name."""

    def user_reads(scope: Scope) -> Read[UserCaller]:
        caller = _user(scope)
        partner = catalogue.current.partner(caller.partner_id)
        return Read(caller, partner, partner_clock(partner, clock), _held(scope) or reader())

    def client_reads(scope: Scope) -> Read[ClientCaller]:
        caller = _client(scope)
        partner = catalogue.current.partner(caller.partner_id)
        return Read(caller, partner, partner_clock(partner, clock), _held(scope) or reader())

    return {"user_reads": user_reads, "client_reads": client_reads}


def call_dependencies(
    reader: Callable[[], Reader],
    pool: Callable[[], Pool],
    clock: Clock,
    catalogue: LiveCatalogue,
    secrets: Secrets,
) -> dict[str, Provide]:
    """The four dependencies, by parameter name."""
    reads = reading_calls(reader, clock, catalogue)

    async def user_writes(scope: Scope) -> AsyncGenerator[Write[UserCaller], None]:
        caller, known = _user(scope), catalogue.current
        partner = known.partner(caller.partner_id)
        async with _transaction(scope, pool) as transaction:
            yield Write(caller, partner, partner_clock(partner, clock), transaction, secrets, known.clients)

    async def client_writes(scope: Scope) -> AsyncGenerator[Write[ClientCaller], None]:
        caller, known = _client(scope), catalogue.current
        partner = known.partner(caller.partner_id)
        async with _transaction(scope, pool) as transaction:
            yield Write(caller, partner, partner_clock(partner, clock), transaction, secrets, known.clients)

    return {
        **{name: Provide(read, sync_to_thread=False) for name, read in reads.items()},
        "user_writes": Provide(user_writes),
        "client_writes": Provide(client_writes),
    }


@asynccontextmanager
async def _transaction(scope: Scope, pool: Callable[[], Pool]) -> AsyncIterator[Connection]:
    held = _held(scope)
    if held is not None:
        # A repeatable request has its transaction already; here is a savepoint in it.
        async with held.transaction():
            yield held
        return
    async with pool().acquire() as connection, connection.transaction():
        yield connection


def _held(scope: Scope) -> Connection | None:
    """The connection of a repeatable request, whose transaction the frame keeps."""
    connection: Connection | None = scope["state"].get("connection")
    return connection


def _user(scope: Scope) -> UserCaller:
    caller = scope["state"]["caller"]
    if not isinstance(caller, UserCaller):
        raise InsufficientScope("this operation needs a user's token (authorization_code), not a client's")
    return caller


def _client(scope: Scope) -> ClientCaller:
    caller: ClientCaller = scope["state"]["caller"]
    if isinstance(caller, UserCaller):
        raise InsufficientScope("this operation needs a client's token (client_credentials), not a user's")
    return caller
