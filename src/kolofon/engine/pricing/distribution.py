"""What bringing a copy somewhere costs."""

from datetime import datetime

from kolofon.catalogue.offers import DistributionPrice, Offers, Product


def distribution_price(
    offers: Offers, product: Product, country_code: str, postal_code: str | None, now: datetime
) -> DistributionPrice | None:
    """The price of one copy and period at a place; None: there is none, as for all that is digital.

    A price of the product goes before one of all products, a range of postal codes before the whole country, and of
    two ranges the narrower one.
    """
    if product.digital:
        return None
    found = [p for p in _versions(offers, product, country_code, postal_code, now) if p.price_minor is not None]
    # Of two ranges, one in the other, the inner one begins later or ends earlier.
    found.sort(key=lambda price: _last(price.postal_code_to))
    return max(found, key=lambda price: (price.product_code != "", _bare(price.postal_code_from)), default=None)


def _versions(
    offers: Offers, product: Product, country_code: str, postal_code: str | None, now: datetime
) -> list[DistributionPrice]:
    """The versions that count at a time, of all prices that may apply there."""
    newest: dict[tuple[str, str, str], DistributionPrice] = {}
    for price in offers.distribution_prices:
        applies = price.product_code in ("", product.product_code) and price.country_code == country_code
        if not applies or price.valid_from > now or not _holds(price, postal_code):
            continue
        key = (price.product_code, price.postal_code_from, price.postal_code_to)
        if key not in newest or newest[key].valid_from < price.valid_from:
            newest[key] = price
    return list(newest.values())


def _holds(price: DistributionPrice, postal_code: str | None) -> bool:
    if price.postal_code_from == "":
        return True
    code = _bare(postal_code or "")
    return code != "" and _bare(price.postal_code_from) <= code <= _last(price.postal_code_to)


def _bare(postal_code: str) -> str:
    """A postal code without what people write into it: `112 34` is `11234`."""
    return postal_code.replace(" ", "").replace("-", "").upper()


def _last(postal_code: str) -> str:
    """The last code that begins so: a range may be written in beginnings, as 90 to 99."""
    return _bare(postal_code) + "~"
