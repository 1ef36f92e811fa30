"""List and change permissions and shields, and check shields for a client."""

from typing import cast

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.service import check_customer, customer_of, customer_to_change
from kolofon.platform import audit
from kolofon.platform.callers import UserCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
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


async def list_global_permissions(
    connection: Connection, catalogue: PartnerCatalogue, user: UserCaller
) -> GlobalPermissionAnswer:
    """The shields on the global level. Raises NotFound."""
    level = SettingLevel(user.partner_id, await customer_of(connection, user))
    settings = await queries.list_settings(connection, level)
    return GlobalPermissionAnswer(
        channels=[
            GlobalChannelState(type="SHIELD" if channel in settings else "NONE", value=channel)
            for channel in catalogue.marketing_channels
        ]
    )


async def list_permissions(
    connection: Connection, catalogue: PartnerCatalogue, user: UserCaller, enterprise_code: str, order_type: str
) -> PermissionAnswer:
    """The settings of one level; a global shield is not repeated here. Raises NotFound."""
    check_level(catalogue, enterprise_code, order_type)
    customer_number = await customer_of(connection, user)
    level = SettingLevel(user.partner_id, customer_number, enterprise_code, order_type)
    return _answer(catalogue, await queries.list_settings(connection, level))


async def change_permissions(
    connection: Connection,
    clock: Clock,
    catalogue: PartnerCatalogue,
    user: UserCaller,
    level: tuple[str, str],
    request: PermissionRequest,
) -> PermissionAnswer:
    """Set the named channels on a level (enterprise code, order type). Raises NotFound, InvalidRequest."""
    enterprise_code, order_type = level
    check_level(catalogue, enterprise_code, order_type)
    wanted = _wanted(catalogue, request)
    customer_number = await customer_to_change(connection, user)
    stored = SettingLevel(user.partner_id, customer_number, enterprise_code, order_type)
    before = await queries.list_settings(connection, stored)
    changed = {channel: state for channel, state in wanted.items() if state != before.get(channel, "NONE")}
    if not changed:
        return _answer(catalogue, before)
    await queries.change_settings(connection, stored, changed, clock.now())
    after = await queries.list_settings(connection, stored)
    change = audit.Change(
        action="changeOrdertypePermissions" if order_type else "changeEnterprisePermissions",
        subject=f"customer:{customer_number}",
        before={"enterprise": enterprise_code, "orderType": order_type, "channels": before},
        after={"enterprise": enterprise_code, "orderType": order_type, "channels": after},
    )
    await audit.record(connection, clock, user, change)
    return _answer(catalogue, after)


async def check_shield(
    connection: Connection, catalogue: PartnerCatalogue, customer_number: int, enterprise_code: str, order_type: str
) -> ShieldAnswer:
    """The channels a customer is shielded on, all levels taken together. Raises NotFound."""
    check_level(catalogue, enterprise_code, order_type)
    await check_customer(connection, catalogue.partner_id, customer_number)
    level = SettingLevel(catalogue.partner_id, customer_number, enterprise_code, order_type)
    settings = await queries.list_applying_settings(connection, level)
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
