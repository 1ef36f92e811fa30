"""Orders as they are registered, put directly into the database: for tests of what comes after."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.playground import WEB

OLA: dict[str, Any] = {
    "firstName": "Ola",
    "lastName": "Nordmann",
    "street": "Storgata",
    "streetNumber": 1,
    "postalCode": "0150",
    "postalPlace": "Oslo",
    "countryCode": "NO",
    "emails": ["ola@example.no"],
}
KNUT: dict[str, Any] = {
    "firstName": "Knut",
    "lastName": "Hansen",
    "postalCode": "5003",
    "countryCode": "NO",
    "emails": ["knut@example.no"],
}
_LINE: dict[str, Any] = {
    "product_spec_type": "coupon",
    "coupon_code": "DIGI",
    "coupon_number": 1,
    "product_code": "DIGI",
    "description": "One month for 1",
    "quantity": 1,
    "vat_included": True,
    "unit_price_minor": 100,
    "vat_percent": 0,
}
DIGI = _LINE
PAPER = _LINE | {
    "coupon_code": "PAPER",
    "coupon_number": 10,
    "product_code": "PAPER",
    "description": "Three months of paper",
    "unit_price_minor": 99900,
    "distribution_net_minor": 5900,
}
TRIAL = _LINE | {"coupon_code": "TRIAL", "coupon_number": 5, "unit_price_minor": 0, "description": "A trial"}
MUG = _LINE | {
    "product_spec_type": "product",
    "coupon_code": None,
    "coupon_number": None,
    "product_code": "MUG",
    "description": "MUG",
    "unit_price_minor": 19900,
    "vat_percent": 25,
}
ARTICLE = MUG | {
    "product_spec_type": "article",
    "product_code": "ARTICLE",
    "description": "A headline",
    "unit_price_minor": 1900,
    "vat_percent": 0,
    "article_ref": "a-1",
}
ISSUE = _LINE | {
    "product_spec_type": "issue",
    "coupon_code": "MAG",
    "coupon_number": 20,
    "product_code": "MAG",
    "issue_code": "2026-05",
    "description": "MAG 2026-05",
    "vat_included": False,
    "unit_price_minor": 10000,
    "vat_percent": 25,
}


class Ordering:
    """Registers orders of the web client of partner 1, and of others when told so."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.connection = connection
        self.clock = clock
        self._next_id = 7_000_000_001

    async def order(
        self, *lines: Mapping[str, Any], payer: dict[str, Any] | None = None, mode: str = "client", **columns: Any
    ) -> int:
        """A preliminary order; its id. Columns replace those below."""
        order_id, self._next_id = self._next_id, self._next_id + 1
        now = self.clock.now()
        priced = [_priced(line) for line in lines or (DIGI,)]
        values: dict[str, Any] = {
            "order_id": order_id,
            "partner_id": 1,
            "client_id": WEB,
            "unique_id": None,
            "status": "preliminary",
            "registered_at": now,
            "order_time": now,
            "payment_method": "invoice",
            "recurring": False,
            "prepaid": False,
            "company_code": "HOUSE",
            "currency": "NOK",
            "amount_minor": sum(_total(line) for line in priced),
            "vat_minor": sum(line["vat_minor"] + line.get("distribution_vat_minor", 0) for line in priced),
            "payer": payer or OLA,
            "expires_at": now + timedelta(hours=72),
        } | columns
        async with self.connection.transaction():
            await self._insert("customer_order", values)
            for number, line in enumerate(priced, 1):
                keys = {"order_id": order_id, "line_number": number, "partner_id": values["partner_id"]}
                await self._insert("order_line", keys | line)
            actor = (
                f"client:{values['client_id']}" if mode == "client" else f"user:{UUID(str(values['unique_id'])).hex}"
            )
            await self.connection.execute(
                """
                insert into order_change (order_id, partner_id, changed_at, status, cause, actor)
                values ($1, $2, $3, 'preliminary', 'registered', $4)
                """,
                order_id,
                values["partner_id"],
                now,
                actor,
            )
        return order_id

    async def status(self, order_id: int) -> str:
        """The status of an order."""
        return str(await self.connection.fetchval("select status from customer_order where order_id = $1", order_id))

    async def changes(self, order_id: int) -> list[str]:
        """The statuses that an order has had."""
        rows = await self.connection.fetch(
            "select status from order_change where order_id = $1 order by order_change_id", order_id
        )
        return [row["status"] for row in rows]

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(await self.connection.fetchval(f"select count(*) from {table}"))

    async def _insert(self, table: str, values: dict[str, Any]) -> None:
        places = ", ".join(f"${i}" for i in range(1, len(values) + 1))
        await self.connection.execute(f"insert into {table} ({', '.join(values)}) values ({places})", *values.values())


def _priced(line: Mapping[str, Any]) -> dict[str, Any]:
    gross = line["unit_price_minor"] * line["quantity"] - line.get("discount_minor", 0)
    percent = line["vat_percent"]
    if line["vat_included"]:
        net = round(gross * 100 / (100 + percent))
        return dict(line) | {"net_minor": net, "vat_minor": gross - net}
    return dict(line) | {"net_minor": gross, "vat_minor": round(gross * percent / 100)}


def _total(line: Mapping[str, Any]) -> int:
    distribution = line.get("distribution_net_minor", 0) + line.get("distribution_vat_minor", 0)
    return int(line["net_minor"] + line["vat_minor"] + distribution)
