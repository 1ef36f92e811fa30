"""A logged-in customer who changes addresses; days are counted from today."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import httpx

from tests.browser_session import Server, bearer

OSLO = "Europe/Oslo"
PATH = "/capi/v1/customer/address"


def milliseconds(day: date, hour: int = 0, second: int = 0) -> int:
    time = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(OSLO)) + timedelta(seconds=second)
    return round(time.timestamp() * 1000)


class Mover:
    """Calls with one token."""

    storgata: ClassVar[dict[str, Any]] = {
        "streetAddress": "Storgata",
        "streetNumber": 1,
        "postalCode": "0150",
        "postalPlace": "OSLO",
        "countryCode": "NO",
    }
    cabin: ClassVar[dict[str, Any]] = {
        "careOfAddress": "Hansen",
        "streetAddress": "Hytteveien",
        "streetNumber": 7,
        "entrance": "B",
        "postalCode": "2680",
        "postalPlace": "VÅGÅ",
        "countryCode": "NO",
    }
    brygga: ClassVar[dict[str, Any]] = {"streetAddress": "Brygga", "postalCode": "5003", "countryCode": "NO"}

    def __init__(self, server: Server, credential: str, token: str, today: date) -> None:
        self.server = server
        self.credential = credential
        self.headers = bearer(token)
        self.today = today

    async def days_go_by(self, days: int) -> None:
        """It is noon of another day, and the customer has signed in anew."""
        self.server.parts.clock.move(timedelta(days=days))
        self.today += timedelta(days=days)
        self.headers = bearer(await self.server.user_token(self.credential))

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def period(self, first: int | None = None, last: int | None = None, hour: int = 0) -> dict[str, Any]:
        """From a day to a day, so many from today."""
        told = {}
        if first is not None:
            told["startTime"] = milliseconds(self.day(first), hour)
        if last is not None:
            told["endTime"] = milliseconds(self.day(last), hour)
        return {"period": told}

    async def send(self, change: str, *parts: dict[str, Any], **headers: str) -> httpx.Response:
        body: dict[str, Any] = {"changeType": change}
        for part in parts:
            body |= part
        return await self.server.http.post(PATH, json=body, headers=self.headers | headers)

    async def __call__(self, change: str, *parts: dict[str, Any]) -> list[dict[str, Any]]:
        """Change something; the addresses after it."""
        answer = await self.send(change, *parts)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["addresses"])

    async def refusal(self, change: str, *parts: dict[str, Any], status: int = 400) -> str:
        answer = await self.send(change, *parts)
        assert answer.status_code == status, answer.text
        return str(answer.json()["errorMessage"])

    async def listed(self, product: str | None = None) -> list[dict[str, Any]]:
        path = PATH if product is None else f"{PATH}/{product}"
        answer = await self.server.http.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["addresses"])

    async def short(self, product: str | None = None) -> list[tuple[str, str, str | None]]:
        """The list as type, street and product."""
        return [(a["addressType"], a["streetAddress"], a.get("product")) for a in await self.listed(product)]

    async def at_once(self, number: int, change: str, *parts: dict[str, Any]) -> list[int]:
        answers = await asyncio.gather(*(self.send(change, *parts) for _ in range(number)))
        return [answer.status_code for answer in answers]


async def mover(server: Server, credential: str, today: date) -> Mover:
    """A reader who has signed in."""
    return Mover(server, credential, await server.user_token(credential), today)


def id_of(addresses: list[dict[str, Any]], street: str, product: str | None = None) -> dict[str, int]:
    """The id of an address, as a part of a body."""
    [found] = [a["id"] for a in addresses if a["streetAddress"] == street and a.get("product") == product]
    return {"id": found}
