"""Readers who change things without pause, and remember what was acknowledged to them."""

import asyncio
from typing import Any

import httpx

from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret
from tests.browser_session import Server, bearer
from tests.playground import Playground, Reader

PRIVACY = "/capi/v1/customer/privacy/NEWS"
PURPOSES = ("DM", "EM", "TM")


class BusyReader:
    """Changes privacy and rotates a refresh token until the server is gone."""

    def __init__(self, server: Server, reader: Reader, tokens: dict[str, Any]) -> None:
        self._server = server
        self.reader = reader
        self._headers = bearer(tokens["access_token"])
        self.refresh_token: str = tokens["refresh_token"]
        self.purposes: list[str] = []
        # What was asked for last, and not answered: it may have been done or not.
        self.unanswered: list[str] | None = None
        self.unanswered_key: dict[str, str] = {}
        self.changes = 0
        self.rotations = 0
        self.ended = False

    async def change(self) -> None:
        """Change privacy, each time to another state, every second time with a key."""
        number = 0
        while not self.ended:
            number += 1
            wanted = [purpose for bit, purpose in enumerate(PURPOSES) if number >> bit & 1]
            key = {"Idempotency-Key": f"{number}"} if number % 2 else {}
            if not await self._change_to(wanted, key):
                return

    async def _change_to(self, wanted: list[str], key: dict[str, str]) -> bool:
        self.unanswered, self.unanswered_key = wanted, key
        if not await self.send_unanswered():
            return False
        self.changes += 1
        return True

    async def send_unanswered(self) -> bool:
        """Ask for what was not answered yet; says whether it is acknowledged now."""
        assert self.unanswered is not None
        body = {"permission": [{"purpose": purpose} for purpose in self.unanswered]}
        try:
            headers = self._headers | self.unanswered_key
            answer = await self._server.http.post(PRIVACY, json=body, headers=headers)
        except httpx.TransportError:
            return False
        assert answer.status_code in {200, 503}, answer.text
        if answer.status_code == 503:
            return False
        assert answer.json() == body
        self.purposes, self.unanswered = self.unanswered, None
        return True

    async def rotate(self) -> None:
        """Rotate the refresh token, each time the one that came last."""
        while not self.ended and await self.refresh():
            self.rotations += 1

    async def refresh(self) -> bool:
        """One rotation; says whether it was acknowledged."""
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        try:
            answer = await self._server.token(form)
        except httpx.TransportError:
            return False
        assert answer.status_code in {200, 503}, answer.text
        if answer.status_code == 503:
            return False
        self.refresh_token = answer.json()["refresh_token"]
        return True

    async def check(self, connection: Connection) -> None:
        """What was acknowledged is there, what was not is there whole or not at all."""
        number = self.reader.customer_number
        rows = await connection.fetch(
            "select purpose from privacy_permission where customer_number = $1 order by purpose", number
        )
        found = [row["purpose"] for row in rows]
        entries = await connection.fetch(
            "select before, after from audit_log where subject = $1 order by audit_id", f"customer:{number}"
        )
        states = [[], *(entry["after"]["purposes"] for entry in entries)]
        assert [entry["before"]["purposes"] for entry in entries] == states[:-1]
        assert found == states[-1]
        done = len(entries) - self.changes
        assert done in {0, 1}
        assert found == (self.unanswered if done else self.purposes)
        keys = await connection.fetchval(
            "select count(*) from idempotency_key where caller = $1", self.reader.unique_id.hex
        )
        assert keys == (len(entries) + 1) // 2
        await self._check_family(connection)

    async def _check_family(self, connection: Connection) -> None:
        rows = await connection.fetch(
            """
            select t.token_hash, t.rotated_at
            from refresh_token t
            join oauth_grant g on g.grant_id = t.grant_id
            where g.unique_id = $1 and g.revoked_at is null
            """,
            self.reader.unique_id,
        )
        current = [row["token_hash"] for row in rows if row["rotated_at"] is None]
        assert len(current) == 1
        # The first came with the code; each acknowledged rotation made one, the last one perhaps one more.
        assert len(rows) - 1 - self.rotations in {0, 1}
        held = hash_secret(self.refresh_token)
        assert held in {row["token_hash"] for row in rows}
        assert (current[0] == held) == (len(rows) - 1 == self.rotations)


class Load:
    """Several busy readers at once."""

    def __init__(self, readers: list[BusyReader]) -> None:
        self.readers = readers
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def of(cls, server: Server, playground: Playground, size: int = 4) -> "Load":
        """Sign so many readers in."""
        readers = []
        for number in range(size):
            reader = await playground.add_reader(f"reader{number}@example.no", 2000 + number)
            readers.append(BusyReader(server, reader, await server.user_tokens(reader.credential)))
        return cls(readers)

    def start(self) -> None:
        """Let them loose."""
        for reader in self.readers:
            reader.ended = False
            self._tasks += [asyncio.create_task(reader.change()), asyncio.create_task(reader.rotate())]

    @property
    def acknowledged(self) -> int:
        """How much was acknowledged to all of them."""
        return sum(reader.changes + reader.rotations for reader in self.readers)

    async def end(self) -> None:
        """Wait until all have stopped; raises what went wrong for one."""
        for reader in self.readers:
            reader.ended = True
        await asyncio.gather(*self._tasks)
        self._tasks = []

    async def check(self, connection: Connection) -> None:
        """Check what each of them finds."""
        for reader in self.readers:
            await reader.check(connection)
