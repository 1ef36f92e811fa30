"""List and change permissions and shields, and check shields for a client."""

from typing import cast

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.calls import Read, Write
from kolofon.engine.customers.service import check_customer, customer_of, customer_to_change
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.errors import InvalidRequest
from kolofon.privacy.levels import check_level
from kolofon.privacy.permission import queries
from kolofon.privacy.permission.queries import SettingLevel
from kolofon.privacy.permission.rules import shielded_channels
from kolofon.privacy.permission.schemas import (
    ChannelState,
    GlobalChannelState,
    GlobalPermissionAnswer,
    Permission,
    PermissionAnswer,
    PermissionRequest,
    Shield,
    ShieldAnswer,
)


async def list_global_permissions(call: Read[UserCaller]) -> GlobalPermissionAnswer:
    """The shields on the global level. Raises NotFound."""
    level = SettingLevel(call.caller.partner_id, await customer_of(call.database, call.caller))
    settings = await queries.list_settings(call.database, level)
    return GlobalPermissionAnswer(
        channels=[
            GlobalChannelState(type="SHIELD" if channel in settings else "NONE", value=channel)
            for channel in call.partner.marketing_channels
        ]
    )


async def list_permissions(call: Read[UserCaller], enterprise_code: str, order_type: str) -> PermissionAnswer:
    """The settings of one level; a global shield is not repeated here. Raises NotFound."""
    check_level(call.partner, enterprise_code, order_type)
    customer_number = await customer_of(call.database, call.caller)
    level = SettingLevel(call.caller.partner_id, customer_number, enterprise_code, order_type)
    return _answer(call.partner, await queries.list_settings(call.database, level))


async def change_permissions(
    call: Write[UserCaller], enterprise_code: str, order_type: str, request: PermissionRequest
) -> PermissionAnswer:
    """Set the named channels on a level. Raises NotFound, InvalidRequest."""
    check_level(call.partner, enterprise_code, order_type)
    wanted = _wanted(call.partner, request)
    customer_number = await customer_to_change(call.transaction, call.caller)
    stored = SettingLevel(call.caller.partner_id, customer_number, enterprise_code, order_type)
    before = await queries.list_settings(call.transaction, stored)
    changed = {channel: state for channel, state in wanted.items() if state != before.get(channel, "NONE")}
    if not changed:
        return _answer(call.partner, before)
    await queries.change_settings(call.transaction, stored, changed, call.clock.now())
    after = await queries.list_settings(call.transaction, stored)
    change = audit.Change(
        action="changeOrdertypePermissions" if order_type else "changeEnterprisePermissions",
        subject=f"customer:{customer_number}",
        before={"enterprise": enterprise_code, "orderType": order_type, "channels": before},
        after={"enterprise": enterprise_code, "orderType": order_type, "channels": after},
    )
    await audit.record(call.transaction, call.clock, call.caller, change)
    return _answer(call.partner, after)


async def check_shield(
    call: Read[ClientCaller], customer_number: int, enterprise_code: str, order_type: str
) -> ShieldAnswer:
    """The channels a customer is shielded on, all levels taken together. Raises NotFound."""
    check_level(call.partner, enterprise_code, order_type)
    await check_customer(call.database, call.caller.partner_id, customer_number)
    level = SettingLevel(call.caller.partner_id, customer_number, enterprise_code, order_type)
    settings = await queries.list_applying_settings(call.database, level)
    return ShieldAnswer(channels=[Shield(type="SHIELD", value=c) for c in shielded_channels(settings)])


def _wanted(catalogue: PartnerCatalogue, request: PermissionRequest) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for index, entry in enumerate(request.channels or []):
        where = f"channels[{index}]"
        if entry.value is None or entry.type is None:
            raise InvalidRequest(f"{where}: expected both type and value")
        if entry.value not in catalogue.marketing_channels:
            raise InvalidRequest(f"{where}.value: there is no channel {entry.value}")
        if wanted.setdefault(entry.value, entry.type) != entry.type:
            raise InvalidRequest(f"{where}.value: {entry.value} is named twice with different types")
    return wanted


def _answer(catalogue: PartnerCatalogue, settings: dict[str, str]) -> PermissionAnswer:
    return PermissionAnswer(
        channels=[
            ChannelState(type=cast("Permission", settings.get(channel, "NONE")), value=channel)
            for channel in catalogue.marketing_channels
        ]
    )
