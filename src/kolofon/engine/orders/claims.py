"""What an order takes when it is completed, and gives back when it ends after all.

Each is taken under the lock of its row or by its unique key, always vouchers first, then stock, then rewards, and each
kind in the order of its keys: so two orders wait for one another and never for each other.
"""

from collections.abc import Sequence
from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.orders import claim_queries as queries
from kolofon.engine.orders.queries import ClaimLine
from kolofon.engine.orders.rules import OutOfStock, Wanted, take_stock
from kolofon.platform.database import Connection


class ClaimFailed(Exception):
    """Something is not to be had; the message says what, in the words of the wire."""


async def take_claims(
    connection: Connection, partner: PartnerCatalogue, order_id: int, lines: Sequence[ClaimLine], now: datetime
) -> None:
    """Take all that an order needs; raises ClaimFailed, after which the caller undoes what was taken."""
    await _use_vouchers(connection, partner.partner_id, order_id, lines, now)
    await _take_stock(connection, partner, order_id, lines, now)
    await _give_rewards(connection, partner, order_id, lines, now)


async def give_claims_back(connection: Connection, partner_id: int, order_id: int, now: datetime) -> None:
    """Give back all that an order has taken."""
    await queries.give_back_vouchers(connection, partner_id, order_id)
    products = await queries.list_taken_products(connection, order_id)
    if products:
        await queries.lock_stock(connection, partner_id, products)
        await queries.give_back_stock(connection, partner_id, order_id, now)
    await queries.take_back_rewards(connection, partner_id, order_id)


async def _use_vouchers(
    connection: Connection, partner_id: int, order_id: int, lines: Sequence[ClaimLine], now: datetime
) -> None:
    with_voucher = [line for line in lines if line.voucher_code is not None]
    for line in sorted(with_voucher, key=lambda line: str(line.voucher_code)):
        if not await queries.use_voucher(connection, partner_id, order_id, line, now):
            raise ClaimFailed(f"{_name(line)}.voucherCode: {line.voucher_code} is used up")


async def _take_stock(
    connection: Connection, partner: PartnerCatalogue, order_id: int, lines: Sequence[ClaimLine], now: datetime
) -> None:
    wanted = [
        Wanted(line.line_number, line.product_code, line.quantity)
        for line in lines
        if line.product_spec_type == "product"
    ]
    for line in lines:
        product_code = _reward_product(partner, line)
        if product_code is not None:
            wanted.append(Wanted(line.line_number, product_code, 1))
    if not wanted:
        return
    products = sorted({line.product_code for line in wanted})
    stock = await queries.lock_stock(connection, partner.partner_id, products)
    try:
        taken = take_stock(stock, wanted)
    except OutOfStock as out:
        raise ClaimFailed(f"there is not enough of {out.product_code} in stock") from None
    if taken:
        await queries.take_stock(connection, partner.partner_id, order_id, taken, now)


async def _give_rewards(
    connection: Connection, partner: PartnerCatalogue, order_id: int, lines: Sequence[ClaimLine], now: datetime
) -> None:
    rewarded = [line for line in lines if line.reward_partner_id is not None]
    for line in sorted(rewarded, key=lambda line: (line.reward_partner_id, line.reward_id)):
        product_code = _reward_product(partner, line)
        if not await queries.give_reward(connection, partner.partner_id, order_id, line, product_code, now):
            raise ClaimFailed(f"{_name(line)}.rewardId: {line.reward_id} has been given before")


def _reward_product(partner: PartnerCatalogue, line: ClaimLine) -> str | None:
    if line.reward_partner_id is None:
        return None
    giver = partner.offers.reward_partners.get(line.reward_partner_id)
    return giver.product_code if giver is not None else None


def _name(line: ClaimLine) -> str:
    """The line as the wire counts it. Lines are numbered from 1."""
    return f"orderLines[{line.line_number - 1}]"
