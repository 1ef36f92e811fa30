"""Assign a user to an order."""

from datetime import timedelta

import msgspec

from kolofon.catalogue.memory import Client
from kolofon.engine.accounts.links import new_login_link
from kolofon.engine.accounts.queries import Handle, NewHandle, link_first_customer
from kolofon.engine.accounts.service import find_or_make_account
from kolofon.engine.calls import Write
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.queries import find_remaining
from kolofon.engine.orders.access import open_access
from kolofon.engine.orders.queries import LockedOrder, lock_order, tie_order
from kolofon.engine.orders.rules import COMPLETED, read_order_id
from kolofon.engine.return_urls import checked_return_url
from kolofon.events.outbox.service import send
from kolofon.order_management.user import queries
from kolofon.order_management.user.messages import Invitation, invitation_message
from kolofon.order_management.user.schemas import AssignUserAnswer, AssignUserRequest
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller
from kolofon.platform.credentials import BY_OTHERS, EMAIL, PHONE, normalised_credential
from kolofon.platform.errors import Conflict, InvalidRequest, NotFound
from kolofon.platform.ids import new_uuid, unique_id_text

_LIFETIME_HOURS = 2


class _Site(msgspec.Struct, frozen=True):
    """Whom a message is from, and where its link leads."""

    client: Client
    return_url: str
    error_url: str


async def assign_user(
    call: Write[ClientCaller], order_id: str, request: AssignUserRequest, login_address: str
) -> AssignUserAnswer:
    """Tie a fulfilled order of client mode to a user. Raises InvalidRequest, NotFound, Conflict.

    `login_address` is where the login pages are. The link goes to the user and to nobody else.
    """
    credential, kind = normalised_credential(request.credential, call.partner.offers.country_code)
    site = _site(call, request, kind) if request.is_send_message else None
    order = await _fulfilled_order(call, order_id)
    handle, is_new = await _account(call, order, credential, kind)
    await _tie(call, order, handle)
    if site is not None:
        await _invite(call, request, site, login_address, (handle, credential, kind))
    change = audit.Change(
        action="assignUserClient",
        subject=f"order:{order.order_id}",
        before={"uniqueId": order.unique_id.hex if order.unique_id is not None else None},
        after={"uniqueId": handle.unique_id.hex, "isNewUser": is_new},
    )
    await audit.record(call.transaction, call.clock, call.caller, change)
    return AssignUserAnswer(
        order_id=order.order_id,
        unique_user_id=unique_id_text(handle.unique_id),
        is_new_user=is_new,
        is_password_set=handle.has_password,
    )


def _site(call: Write[ClientCaller], request: AssignUserRequest, kind: str) -> _Site:
    """Whom the message is from; raises InvalidRequest."""
    if kind not in {EMAIL, PHONE}:
        raise InvalidRequest("credential: expected an e-mail address or a mobile number to send a message to")
    if request.override_client_id is None:
        raise InvalidRequest("overrideClientId: missing; it is needed with isSendMessage")
    client = call.clients.get(request.override_client_id)
    if client is None or client.disabled or client.partner_id != call.caller.partner_id:
        raise InvalidRequest(f"overrideClientId: there is no client {request.override_client_id}")
    return_url = checked_return_url(client, "returnUrl", request.return_url)
    return _Site(client, return_url, checked_return_url(client, "errorUrl", request.error_url))


async def _fulfilled_order(call: Write[ClientCaller], order_id: str) -> LockedOrder:
    order = await lock_order(call.transaction, call.caller.partner_id, read_order_id(order_id))
    if order is None:
        raise NotFound(f"orderId: there is no order {order_id}")
    if order.status not in COMPLETED:
        raise InvalidRequest(f"orderId: the order is {order.status}, expected one that has been fulfilled")
    if not await queries.is_of_client(call.transaction, order.order_id):
        raise InvalidRequest("orderId: the order was registered by a user, whose it is")
    return order


async def _account(call: Write[ClientCaller], order: LockedOrder, credential: str, kind: str) -> tuple[Handle, bool]:
    payer = msgspec.convert(order.payer, Party)
    is_payer = credential in {*(payer.emails or ()), *(payer.phone_numbers or ())}
    new = NewHandle(
        unique_id=new_uuid(),
        credential=credential,
        credential_type=kind,
        # An address is somebody's when they have shown it, as by the link; an external identity by the client's word.
        verification_level="notVerified" if kind in {EMAIL, PHONE} else BY_OTHERS,
        first_name=payer.first_name if is_payer else None,
        last_name=payer.last_name if is_payer else None,
    )
    handle, is_new = await find_or_make_account(call.transaction, call.caller.partner_id, new, call.clock.machine.now())
    if handle.disabled:
        raise Conflict("credential: the user's account is closed")
    if order.unique_id not in {None, handle.unique_id}:
        raise Conflict("orderId: the order belongs to another user")
    return handle, is_new


async def _tie(call: Write[ClientCaller], order: LockedOrder, handle: Handle) -> None:
    """Tie user, order and customer, as far as they are known by now; the hand-over does the rest."""
    partner_id, now = call.caller.partner_id, call.clock.now()
    if order.customer_number is not None:
        await _check_customer(call, order, order.customer_number, handle)
        linked = await link_first_customer(call.transaction, handle.unique_id, partner_id, order.customer_number, now)
        if linked != order.customer_number:
            raise Conflict("credential: the user is another customer of the partner than the order's payer")
    if order.unique_id is not None:
        return
    await tie_order(call.transaction, partner_id, order.order_id, handle.unique_id)
    if order.status == "fulfilled":
        owned = msgspec.structs.replace(order, unique_id=handle.unique_id)
        await open_access(call.transaction, call.partner, now, owned)


async def _check_customer(call: Write[ClientCaller], order: LockedOrder, customer_number: int, handle: Handle) -> None:
    """Raises Conflict when the customer is somebody else's, and was only found by what whoever ordered has typed."""
    partner_id, named = call.caller.partner_id, msgspec.convert(order.payer, Party).customer_number
    if named == customer_number or not await queries.has_other_users(
        call.transaction, partner_id, customer_number, handle.unique_id
    ):
        return
    if named is None or await find_remaining(call.transaction, partner_id, named) != customer_number:
        raise Conflict("credential: the order's payer is the customer of another user")


async def _invite(
    call: Write[ClientCaller],
    request: AssignUserRequest,
    site: _Site,
    login_address: str,
    user: tuple[Handle, str, str],
) -> None:
    handle, credential, kind = user
    now, lifetime = call.clock.machine.now(), timedelta(hours=request.link_lifetime or _LIFETIME_HOURS)
    secret = await new_login_link(
        call.transaction,
        now,
        lifetime,
        (handle.unique_id, credential),
        (site.client.client_id, site.return_url, site.error_url),
    )
    invitation = Invitation(
        recipient=credential,
        kind="mail" if kind == EMAIL else "sms",
        is_new=not handle.has_password,
        link=f"{login_address}/loginLink?token={secret}",
        expires_at=now + lifetime,
    )
    await send(call.transaction, now, invitation_message(call.partner.offers, site.client, invitation))
