"""Message: three operations."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from kolofon.diverse.message.limiting import MessageLimit
from kolofon.diverse.message.schemas import ClientMessageRequest, MessageRequest, Messages
from kolofon.diverse.message.service import list_messages, send_message, send_message_of_client
from kolofon.engine.calls import ClientWrites, UserReads, UserWrites

TAG = "Message"


@get(
    "/v1/customer/message",
    operation_id="listMessages",
    summary="List messages",
    tags=[TAG],
    opt={"xml_root": "messages"},
)
async def list_own(user_reads: UserReads) -> Messages:
    """What the logged-in customer and customer service wrote to each other: the newest 200 cases."""
    return await list_messages(user_reads)


@post(
    "/v1/customer/message",
    operation_id="sendMessage",
    summary="Send message",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "messages"},
)
async def send(data: JSONBody[MessageRequest], user_writes: UserWrites) -> Messages:
    """Write to customer service about a product. Each message opens a case, which is the answer."""
    return await send_message(user_writes, data)


@post(
    "/v1/client/message",
    operation_id="sendMessageClient",
    summary="Send message - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "messages"},
)
async def send_for_client(
    data: JSONBody[ClientMessageRequest],
    client_writes: ClientWrites,
    message_limit: NamedDependency[SkipValidation[MessageLimit]],
) -> Messages:
    """Write to customer service for somebody, who may be a customer or anybody. Opens a case, which is the answer."""
    return await send_message_of_client(client_writes, message_limit, data)


HANDLERS = [list_own, send, send_for_client]
