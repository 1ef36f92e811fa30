"""Who calls the API: a user through a client (user mode) or a client by itself (client mode)."""

from typing import Protocol
from uuid import UUID

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """What a client may call, all its tokens together."""

    per_second: int
    per_minute: int


class ClientCaller(msgspec.Struct, frozen=True):
    """Client mode: no user is logged in."""

    client_id: str
    partner_id: int
    limits: Limits
    prefers_xml: bool

    @property
    def actor(self) -> str:
        """The caller as the audit log names it."""
        return f"client:{self.client_id}"

    @property
    def idempotency_scope(self) -> str:
        """Whose keys are told apart within the client."""
        return ""


class UserCaller(ClientCaller, frozen=True):
    """User mode: the client acts as the user."""

    unique_id: UUID
    grant_id: UUID

    @property
    def actor(self) -> str:
        """The caller as the audit log names it."""
        return f"user:{self.unique_id.hex}"

    @property
    def idempotency_scope(self) -> str:
        """Whose keys are told apart within the client."""
        return self.unique_id.hex


class Authenticator(Protocol):
    """Turns an access token into a caller; raises InvalidToken."""

    async def __call__(self, token: str) -> ClientCaller:
        """The caller behind a bearer token."""
        ...
