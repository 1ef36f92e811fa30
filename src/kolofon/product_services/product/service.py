"""List a customer's products."""

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.access.queries import SubjectQuery, find_subject
from kolofon.engine.access.rules import AccessType, Question, Subject, decide
from kolofon.platform.callers import UserCaller
from kolofon.platform.clock import Clock, epoch_milliseconds
from kolofon.platform.database import Connection
from kolofon.product_services.product.schemas import CustomerProduct, CustomerProducts


async def list_customer_products(
    connection: Connection, clock: Clock, catalogue: PartnerCatalogue, user: UserCaller
) -> CustomerProducts:
    """Every product the user's customer has or had, with the access it gives now. Empty without a customer."""
    subject = await find_subject(
        connection,
        SubjectQuery(
            partner_id=user.partner_id, unique_id=user.unique_id, credential=None, codes=None, with_email_domains=False
        ),
    )
    if subject is None:
        return CustomerProducts(products=[])
    held = {h.code for h in subject.holdings if h.kind in {"subscription", "product"}}
    reached = [code for code in catalogue.products if held.intersection(catalogue.products_granting(code))]
    return CustomerProducts(products=[_product(code, subject, catalogue, clock) for code in reached])


def _product(code: str, subject: Subject, catalogue: PartnerCatalogue, clock: Clock) -> CustomerProduct:
    entry = decide(Question(product=code), subject, catalogue, clock.now()).entries[0]
    limited = entry.access_type is AccessType.PERIOD
    return CustomerProduct(
        product_id=code,
        access_type=entry.access_type.value,
        start_time=epoch_milliseconds(entry.start) if limited and entry.start is not None else None,
        end_time=epoch_milliseconds(entry.end) if limited and entry.end is not None else None,
    )
