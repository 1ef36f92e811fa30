"""Access: two operations, one question."""

from typing import Annotated

from litestar import post
from litestar.params import JSONBody, QueryParameter

from kolofon.engine.calls import ClientReads, UserReads
from kolofon.user_data.access.schemas import AccessAnswer, AccessRequest
from kolofon.user_data.access.service import check_access

TAG = "Access"
Explain = Annotated[bool, QueryParameter(description="Also say which rule granted or nearly granted access.")]


@post(
    "/v1/customer/access",
    operation_id="checkAccess",
    summary="Check access",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "accessResult"},
)
async def check_access_user(
    data: JSONBody[AccessRequest],
    user_reads: UserReads,
    explain: Explain = False,
) -> AccessAnswer:
    """Whether the logged-in user may read something, by product, article, domain, IP address or category type.

    Several criteria in one request are combined with AND. With `explain=true` the answer also says which rule
    granted or nearly granted it, and until when.
    """
    return await check_access(user_reads, data, explain)


@post(
    "/v1/client/access",
    operation_id="checkAccessClient",
    summary="Check access - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "accessResult"},
)
async def check_access_client(
    data: JSONBody[AccessRequest],
    client_reads: ClientReads,
    explain: Explain = False,
) -> AccessAnswer:
    """The same question, asked by a client about the user it names by uniqueId or credential.

    A check by ip alone names no user and can be answered for an anonymous visitor.
    """
    return await check_access(client_reads, data, explain)


HANDLERS = [check_access_user, check_access_client]
