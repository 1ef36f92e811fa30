"""User: one operation, client mode."""

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from kolofon.engine.calls import ClientWrites
from kolofon.order_management.user import service
from kolofon.order_management.user.schemas import AssignUserAnswer, AssignUserRequest

TAG = "User"

OrderId = Annotated[str, PathParameter(max_length=20, description="Id of a fulfilled order.")]


@post(
    "/v1/client/order/{order_id:str}/user",
    operation_id="assignUserClient",
    summary="Assign user - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "user"},
)
async def assign_user(
    order_id: OrderId,
    data: JSONBody[AssignUserRequest],
    client_writes: ClientWrites,
    login_address: NamedDependency[str],
) -> AssignUserAnswer:
    """Tie a fulfilled order to the user with a credential, who is made when there is none."""
    return await service.assign_user(client_writes, order_id, data, login_address)


HANDLERS = [assign_user]
