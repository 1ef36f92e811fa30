"""Status: one operation."""

from litestar import get

from kolofon.diverse.status.schemas import StatusMessages
from kolofon.diverse.status.service import list_status_messages
from kolofon.engine.calls import UserReads

TAG = "Status"


@get(
    "/v1/customer/status",
    operation_id="listStatusMessages",
    summary="List status messages",
    tags=[TAG],
    opt={"xml_root": "statusMessages"},
)
async def list_own(user_reads: UserReads) -> StatusMessages:
    """What the logged-in customer should know now: notices of products and places, invoices that are overdue."""
    return await list_status_messages(user_reads)


HANDLERS = [list_own]
