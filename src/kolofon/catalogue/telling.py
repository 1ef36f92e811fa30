"""Telling of products and coupons that a load has added, changed or retired."""

from datetime import datetime

from kolofon.catalogue.changes import Change
from kolofon.catalogue.coupons.service import PutCoupons
from kolofon.catalogue.products.queries import StoredProduct
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.events.feed.service import Event, publish
from kolofon.platform.database import Connection


async def tell_of_products(
    connection: Connection,
    partner_id: int,
    now: datetime,
    publisher: PublisherFile,
    before: dict[str, StoredProduct],
    changed: set[str],
) -> None:
    """Publish an event for each product that has changed; sold again is new, retired is deleted."""
    wanted = {product.code: StoredProduct(product.company, product.retired) for product in publisher.products}
    events = []
    for code in sorted(changed):
        after = wanted.get(code) or StoredProduct(before[code].company_code, retired=True)
        was_sold = code in before and not before[code].retired
        status = _status(was_sold, not after.retired)
        if status is not None:
            events.append(Event("product", status, {"productCode": code, "companyCode": after.company_code}))
    await publish(connection, partner_id, now, events)


async def tell_of_coupons(
    connection: Connection,
    partner_id: int,
    now: datetime,
    publisher: PublisherFile,
    put: PutCoupons,
    repriced: set[tuple[str, int]],
) -> None:
    """Publish an event for each coupon that has changed, or whose price has."""
    products = {(coupon.code, coupon.number): coupon.product for coupon in publisher.coupons}
    events = []
    for key in sorted({*(_key(change) for change in put.changes), *repriced}):
        stored = put.before.get(key)
        status = _status(stored is not None and not stored.retired, key in products)
        product = stored.product_code if stored is not None else products[key]
        data = {"couponCode": key[0], "couponNumber": key[1], "productCode": product}
        if status is not None:
            events.append(Event("coupon", status, data))
    await publish(connection, partner_id, now, events)


def _key(change: Change) -> tuple[str, int]:
    code, _, number = change.code.rpartition(" ")
    return code, int(number)


def _status(was_sold: bool, is_sold: bool) -> str | None:
    """What happened to a thing that has changed; None: it is not sold, as before, so nobody need know."""
    if is_sold:
        return "update" if was_sold else "new"
    return "delete" if was_sold else None
