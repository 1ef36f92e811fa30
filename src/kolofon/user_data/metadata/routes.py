"""Metadata: three operations, each in both modes.

The object is kept and given back as it was written, to the last digit of a number: it is no shape of ours.
"""

from typing import Annotated, Any, cast

import msgspec
from litestar import Request, delete, get, post
from litestar.datastructures import State
from litestar.params import JSONBody
from msgspec import Meta

from kolofon.engine.calls import ClientReads, ClientWrites, CustomerNumber, UserReads, UserWrites
from kolofon.platform.negotiation import json_text
from kolofon.user_data.metadata import service

TAG = "Metadata"
# An only member of the root's name would be taken for the root itself, so it is not one that clients choose.
OPTIONS = {"xml_root": "customerMetadata"}
Metadata = Annotated[
    dict[str, Any],
    Meta(description="A JSON object; the client decides what is in it. 64 KiB at most, 20 levels deep at most."),
]


@get(
    "/v1/customer/metadata",
    operation_id="listMetadata",
    summary="List metadata",
    tags=[TAG],
    opt=OPTIONS,
)
async def list_own(user_reads: UserReads) -> Metadata:
    """What this client has stored of the logged-in customer; an empty object when it has nothing."""
    return _as_written(await service.list_of_user(user_reads))


@post(
    "/v1/customer/metadata",
    operation_id="changeMetadata",
    summary="Change metadata",
    tags=[TAG],
    status_code=200,
    opt=OPTIONS,
)
async def change_own(
    data: JSONBody[Metadata], request: Request[None, None, State], user_writes: UserWrites
) -> Metadata:
    """Store this object instead of the one before, and not beside it; answers with it."""
    service.check_depth(data)
    return _as_written(await service.change_of_user(user_writes, await json_text(request, data)))


@delete(
    "/v1/customer/metadata",
    operation_id="removeMetadata",
    summary="Remove metadata",
    tags=[TAG],
    status_code=200,
    opt=OPTIONS,
)
async def remove_own(user_writes: UserWrites) -> Metadata:
    """Remove what this client has stored of the logged-in customer; answers with what that was."""
    return _as_written(await service.remove_of_user(user_writes))


@get(
    "/v1/client/metadata/{customer_number:int}",
    operation_id="listMetadataClient",
    summary="List metadata - client mode",
    tags=[TAG],
    opt=OPTIONS,
)
async def list_for_client(customer_number: CustomerNumber, client_reads: ClientReads) -> Metadata:
    """What this client has stored of a customer; an empty object when it has nothing."""
    return _as_written(await service.list_of_customer(client_reads, customer_number))


@post(
    "/v1/client/metadata/{customer_number:int}",
    operation_id="changeMetadataClient",
    summary="Change metadata - client mode",
    tags=[TAG],
    status_code=200,
    opt=OPTIONS,
)
async def change_for_client(
    customer_number: CustomerNumber,
    data: JSONBody[Metadata],
    request: Request[None, None, State],
    client_writes: ClientWrites,
) -> Metadata:
    """Store this object of a customer instead of the one before, and not beside it; answers with it."""
    service.check_depth(data)
    text = await json_text(request, data)
    return _as_written(await service.change_of_customer(client_writes, customer_number, text))


@delete(
    "/v1/client/metadata/{customer_number:int}",
    operation_id="removeMetadataClient",
    summary="Remove metadata - client mode",
    tags=[TAG],
    status_code=200,
    opt=OPTIONS,
)
async def remove_for_client(customer_number: CustomerNumber, client_writes: ClientWrites) -> Metadata:
    """Remove what this client has stored of a customer; answers with what that was."""
    return _as_written(await service.remove_of_customer(client_writes, customer_number))


def _as_written(text: str) -> dict[str, Any]:
    """The object that a JSON text is, for an answer: it goes out as the text that it is."""
    return cast("dict[str, Any]", msgspec.Raw(text.encode()))


HANDLERS = [list_own, change_own, remove_own, list_for_client, change_for_client, remove_for_client]
