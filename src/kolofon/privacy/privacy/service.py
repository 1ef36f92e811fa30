"""List and change the purposes a customer permits, on the enterprise or the order type level."""

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.calls import Read, Write
from kolofon.engine.customers.service import customer_of, customer_to_change
from kolofon.platform import audit
from kolofon.platform.callers import UserCaller
from kolofon.platform.errors import InvalidRequest
from kolofon.privacy.levels import check_level
from kolofon.privacy.privacy import queries
from kolofon.privacy.privacy.queries import PermissionLevel
from kolofon.privacy.privacy.schemas import PermittedPurpose, PrivacyAnswer, PrivacyRequest


async def list_privacy(call: Read[UserCaller], enterprise_code: str, order_type: str) -> PrivacyAnswer:
    """The purposes permitted on one level. Raises NotFound."""
    check_level(call.partner, enterprise_code, order_type)
    customer_number = await customer_of(call.database, call.caller)
    level = PermissionLevel(call.caller.partner_id, customer_number, enterprise_code, order_type)
    return _answer(await queries.list_purposes(call.database, level))


async def change_privacy(
    call: Write[UserCaller], enterprise_code: str, order_type: str, request: PrivacyRequest
) -> PrivacyAnswer:
    """Replace the purposes permitted on a level. Raises NotFound, InvalidRequest."""
    check_level(call.partner, enterprise_code, order_type)
    wanted = _wanted(call.partner, request)
    customer_number = await customer_to_change(call.transaction, call.caller)
    stored = PermissionLevel(call.caller.partner_id, customer_number, enterprise_code, order_type)
    before = await queries.list_purposes(call.transaction, stored)
    if wanted is None or wanted == before:
        return _answer(before)
    await queries.replace_purposes(call.transaction, stored, wanted, call.clock.now())
    change = audit.Change(
        action="changePrivacyOrdertype" if order_type else "changePrivacyEnterprise",
        subject=f"customer:{customer_number}",
        before={"enterprise": enterprise_code, "orderType": order_type, "purposes": before},
        after={"enterprise": enterprise_code, "orderType": order_type, "purposes": wanted},
    )
    await audit.record(call.transaction, call.clock, call.caller, change)
    return _answer(wanted)


def _wanted(catalogue: PartnerCatalogue, request: PrivacyRequest) -> list[str] | None:
    if request.permission is None:
        return None
    wanted = set()
    for index, entry in enumerate(request.permission):
        if entry.purpose is None:
            continue
        if entry.purpose not in catalogue.privacy_purposes:
            raise InvalidRequest(f"permission[{index}].purpose: there is no purpose {entry.purpose}")
        wanted.add(entry.purpose)
    return sorted(wanted)


def _answer(purposes: list[str]) -> PrivacyAnswer:
    return PrivacyAnswer(permission=[PermittedPurpose(purpose=purpose) for purpose in purposes])
