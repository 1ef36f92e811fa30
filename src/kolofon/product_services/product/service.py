"""List a customer's products."""

from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.access.queries import SubjectQuery, find_subject
from kolofon.engine.access.rules import AccessType, Question, Subject, decide
from kolofon.engine.calls import Read
from kolofon.platform.callers import UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.product_services.product.schemas import CustomerProduct, CustomerProducts


async def list_customer_products(call: Read[UserCaller]) -> CustomerProducts:
    """Every product the user's customer has or had, with the access it gives now. Empty without a customer."""
    subject = await find_subject(
        call.database,
        SubjectQuery(
            partner_id=call.caller.partner_id,
            unique_id=call.caller.unique_id,
            credential=None,
            codes=None,
            with_email_domains=False,
        ),
    )
    if subject is None:
        return CustomerProducts(products=[])
    held = {h.code for h in subject.holdings if h.kind in {"subscription", "product"}}
    reached = [code for code in call.partner.products if held.intersection(call.partner.products_granting(code))]
    return CustomerProducts(products=[_product(code, subject, call.partner, call.clock.now()) for code in reached])


def _product(code: str, subject: Subject, catalogue: PartnerCatalogue, now: datetime) -> CustomerProduct:
    entry = decide(Question(product=code), subject, catalogue, now).entries[0]
    limited = entry.access_type is AccessType.PERIOD
    return CustomerProduct(
        product_id=code,
        access_type=entry.access_type.value,
        start_time=epoch_milliseconds(entry.start) if limited and entry.start is not None else None,
        end_time=epoch_milliseconds(entry.end) if limited and entry.end is not None else None,
    )
