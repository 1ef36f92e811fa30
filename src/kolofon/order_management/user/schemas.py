"""Wire shapes of User."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer, RequestBody, UniqueId

Url = Annotated[str, Meta(max_length=4096)]
OrderId = Annotated[int, Meta(ge=1, le=2**53 - 1, description="Id of an order, as Register order answers it.")]


class AssignUserRequest(RequestBody):
    """Whose the order is, and whether to tell them."""

    credential: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            description="E-mail address, mobile number in E.164, or an external identity such as `AID:<id>`.",
        ),
    ]
    is_send_message: Annotated[
        bool, Meta(description="Send a link for signing in, by mail or SMS as the credential is.")
    ] = False
    return_url: (
        Annotated[Url, Meta(description="Where the link leads in the end; needed with isSendMessage.")] | None
    ) = None
    error_url: (
        Annotated[Url, Meta(description="Where the link leads when it fails; needed with isSendMessage.")] | None
    ) = None
    link_lifetime: (
        Annotated[int, Meta(ge=1, le=168, description="How many hours the link lives; 2 when left out.")] | None
    ) = None
    override_client_id: (
        Annotated[
            str,
            Meta(max_length=100, description="Client of the partner that message and link are for; needed likewise."),
        ]
        | None
    ) = None


class AssignUserAnswer(Answer, kw_only=True):
    """The user whose the order is now."""

    order_id: OrderId
    unique_user_id: UniqueId
    is_new_user: Annotated[bool, Meta(description="Whether the user was made by this call.")]
    is_password_set: Annotated[bool, Meta(description="Whether the user has a password.")]
