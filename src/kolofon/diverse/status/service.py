"""List status messages."""

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.diverse.status import queries
from kolofon.diverse.status.queries import Concern, Overdue, Running
from kolofon.diverse.status.rules import overdue_words
from kolofon.diverse.status.schemas import StatusMessage, StatusMessages
from kolofon.engine.calls import Read
from kolofon.engine.customers.service import customer_of
from kolofon.platform.callers import UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.dates import day_of, start_of_day
from kolofon.platform.i18n import language_of

INVOICE_OVERDUE = "invoiceOverdue"


async def list_status_messages(call: Read[UserCaller]) -> StatusMessages:
    """What concerns the customer now. Raises NotFound."""
    offers, now = call.partner.offers, call.clock.now()
    customer_number = await customer_of(call.database, call.caller)
    concern = Concern(call.caller.partner_id, customer_number, now, day_of(now, offers.time_zone), offers.country_code)
    notices, invoices = await queries.list_concerns(call.database, concern)
    found = [_notice(each) for each in notices] + [_invoice(call.partner, each) for each in invoices]
    return StatusMessages(status_messages=sorted(found, key=lambda each: each.date))


def _notice(notice: Running) -> StatusMessage:
    return StatusMessage(
        code=notice.code,
        message=notice.message,
        product=notice.product_code,
        date=epoch_milliseconds(notice.start_time),
        end_time=epoch_milliseconds(notice.end_time) if notice.end_time is not None else None,
    )


def _invoice(partner: PartnerCatalogue, invoice: Overdue) -> StatusMessage:
    company = partner.offers.companies[invoice.company_code]
    return StatusMessage(
        code=INVOICE_OVERDUE,
        message=overdue_words(
            language_of(partner.offers.country_code), company.name, invoice.invoice_number, invoice.due_date
        ),
        date=epoch_milliseconds(start_of_day(invoice.due_date, partner.offers.time_zone)),
    )
