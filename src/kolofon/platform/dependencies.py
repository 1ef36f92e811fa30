"""What an operation can ask for in its signature: its caller, a connection or transaction, the clock."""

from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from litestar.types import Scope

from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.errors import InsufficientScope

T = TypeVar("T")

# What comes from our own providers needs no validation on every request.
Shared = NamedDependency[SkipValidation[T]]

ReadConnection = Shared[Connection]
WriteTransaction = Shared[Connection]
User = Shared[UserCaller]
Client = Shared[ClientCaller]


def provide_user(scope: Scope) -> UserCaller:
    """User mode: raises InsufficientScope for a token without a user."""
    caller = scope["state"]["caller"]
    if not isinstance(caller, UserCaller):
        raise InsufficientScope("this operation needs a user's token (authorization_code), not a client's")
    return caller


def provide_client(scope: Scope) -> ClientCaller:
    """Client mode: raises InsufficientScope for a user's token."""
    caller: ClientCaller = scope["state"]["caller"]
    if isinstance(caller, UserCaller):
        raise InsufficientScope("this operation needs a client's token (client_credentials), not a user's")
    return caller


def request_dependencies(pool: Callable[[], Pool], clock: Clock) -> dict[str, Provide]:
    """The dependencies of every operation, by parameter name."""

    async def provide_connection() -> AsyncGenerator[Connection, None]:
        async with pool().acquire() as connection:
            yield connection

    async def provide_transaction(scope: Scope) -> AsyncGenerator[Connection, None]:
        # A repeatable request has its transaction already; here is a savepoint in it.
        held: Connection | None = scope["state"].get("connection")
        if held is not None:
            async with held.transaction():
                yield held
            return
        async with pool().acquire() as connection, connection.transaction():
            yield connection

    def provide_clock() -> Clock:
        return clock

    return {
        "user": Provide(provide_user, sync_to_thread=False),
        "client": Provide(provide_client, sync_to_thread=False),
        "connection": Provide(provide_connection),
        "transaction": Provide(provide_transaction),
        "clock": Provide(provide_clock, sync_to_thread=False),
    }
