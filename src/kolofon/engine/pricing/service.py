"""What needs the database to be priced: discounts for who subscribes to something else."""

from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Dependency, Offers
from kolofon.engine.pricing import queries
from kolofon.engine.pricing.rules import coupon_price, discounted, is_on_sale, list_price
from kolofon.platform.database import Reader


async def applying_dependencies(
    database: Reader, partner: PartnerCatalogue, customer_number: int, product_code: str, now: datetime
) -> list[Dependency]:
    """The discounts on a product that a customer has for subscribing to others, by their codes."""
    found = [d for d in partner.offers.dependencies if d.product_code == product_code]
    if not found:
        return []
    wanted = [dependency.required_product_code for dependency in found]
    held = await queries.list_subscribed_products(database, partner.partner_id, customer_number, wanted, now)
    applying = [dependency for dependency in found if dependency.required_product_code in held]
    return sorted(applying, key=lambda dependency: dependency.required_product_code)


async def applying_dependency(
    database: Reader,
    partner: PartnerCatalogue,
    customer_number: int,
    product_code: str,
    now: datetime,
    unit_price_minor: int | None = None,
) -> Dependency | None:
    """The best discount on a product that a customer has; None: there is none.

    Which is the best depends on the price of one (`unit_price_minor`). Without it that of the product counts, or of
    its dearest coupon.
    """
    applying = await applying_dependencies(database, partner, customer_number, product_code, now)
    if len(applying) < 2:
        return applying[0] if applying else None
    price = _usual_price(partner.offers, product_code, now) if unit_price_minor is None else unit_price_minor
    return max(applying, key=lambda dependency: discounted(dependency, price, 1))


def _usual_price(offers: Offers, product_code: str, now: datetime) -> int:
    product = offers.products.get(product_code)
    listed = None if product is None else list_price(product, now)
    if listed is not None:
        return listed.price_minor
    prices = [
        coupon_price(coupon, now) for coupon in offers.coupons_of(product_code) if is_on_sale(offers, coupon, now)
    ]
    return max((price.price_minor for price in prices if price is not None), default=0)
