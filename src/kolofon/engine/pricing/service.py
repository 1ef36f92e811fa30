"""What needs the database to be priced: discounts for who subscribes to something else."""

from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Dependency
from kolofon.engine.pricing import queries
from kolofon.engine.pricing.rules import discounted
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
    unit_price_minor: int,
) -> Dependency | None:
    """The discount on a product that takes most off the price of one; None: the customer has none."""
    applying = await applying_dependencies(database, partner, customer_number, product_code, now)
    return max(applying, key=lambda dependency: discounted(dependency, unit_price_minor, 1), default=None)
