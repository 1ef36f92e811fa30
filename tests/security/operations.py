"""Every operation of the OpenAPI document with a request that names somebody. A new operation needs a line here."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from kolofon.app import openapi_document
from tests.browser_session import Server, bearer
from tests.playground import Reader


class Sample(msgspec.Struct, frozen=True):
    """What an operation is called with: the values of its path's parameters, and its body."""

    path: dict[str, str | int | None] = {}
    body: dict[str, Any] | None = None


class Operation(msgspec.Struct, frozen=True):
    """An operation; `mode` is whose token it wants: user or client."""

    operation_id: str
    method: str
    path: str
    mode: str

    async def call(self, server: Server, token: str | None, named: Reader) -> httpx.Response:
        """Call it with the sample that names this reader."""
        sample = SAMPLES[self.operation_id](named)
        headers = bearer(token) if token is not None else {}
        path = self.path.format(**sample.path)
        return await server.http.request(self.method, path, json=sample.body, headers=headers)


def _operations() -> list[Operation]:
    found = []
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            ((mode, _scopes),) = operation["security"][0].items()
            found.append(Operation(operation["operationId"], method.upper(), path, mode))
    return found


OPERATIONS = _operations()
ORDER_ID = 4711  # of partner 1, nobody's yet
FULFILLED_ID = 4712  # of partner 1, registered in client mode and fulfilled

_ENTERPRISE: dict[str, str | int | None] = {"enterpriseCode": "NEWS"}
_ORDER_TYPE = _ENTERPRISE | {"orderType": "SUB"}
_PURPOSES = {"permission": [{"purpose": "EM"}]}
_CHANNELS = {"channels": [{"type": "SHIELD", "value": "TM"}]}


def _nothing(_named: Reader) -> Sample:
    return Sample()


def _level(path: dict[str, str | int | None], body: dict[str, Any] | None = None) -> Callable[[Reader], Sample]:
    return lambda _named: Sample(path, body)


def _access(named: Reader) -> Sample:
    body = {"product": "MAG", "uniqueId": named.unique_id.hex, "credential": named.credential}
    return Sample(body=body | {"customerNumber": named.customer_number})


def _discount(named: Reader) -> Sample:
    return Sample(body={"customerNumber": named.customer_number, "product": "MAG"})


def _coupon_price(named: Reader) -> Sample:
    body = {"couponCode": "PAPER", "couponNumber": 10, "countryCode": "NO", "postalCode": "9008"}
    return Sample(body=body | {"customerNumber": named.customer_number})


def _external_id(named: Reader) -> Sample:
    return Sample(body={"externalId": named.credential.partition("@")[0], "credentialType": "D"})


def _payer(named: Reader) -> dict[str, Any]:
    return {"lastName": "Nordmann", "countryCode": "NO", "postalCode": "0150", "emails": [named.credential]}


def _order(named: Reader) -> Sample:
    line = {"productSpecType": "coupon", "productSpecCode": "DIGI", "productSpecNo": 1}
    return Sample(body={"paymentMethod": "invoice", "payer": _payer(named), "orderLines": [line]})


def _customers_order(named: Reader) -> Sample:
    body = _order(named).body or {}
    return Sample(body=body | {"payer": _payer(named) | {"customerNumber": named.customer_number}})


def _customer(path: dict[str, str | int | None], body: dict[str, Any] | None = None) -> Callable[[Reader], Sample]:
    return lambda named: Sample(path | {"customerNumber": named.customer_number}, body)


SAMPLES: dict[str, Callable[[Reader], Sample]] = {
    "checkAccess": _access,
    "checkAccessClient": _access,
    "listUserProfile": _nothing,
    "listExternalUserProfiles": _nothing,
    "listCustomerProfile": _nothing,
    "listPrivacyEnterprise": _level(_ENTERPRISE),
    "changePrivacyEnterprise": _level(_ENTERPRISE, _PURPOSES),
    "listPrivacyOrdertype": _level(_ORDER_TYPE),
    "changePrivacyOrdertype": _level(_ORDER_TYPE, _PURPOSES),
    "listGlobalPermissions": _nothing,
    "listEnterprisePermissions": _level(_ENTERPRISE),
    "changeEnterprisePermissions": _level(_ENTERPRISE, _CHANNELS),
    "listOrdertypePermissions": _level(_ORDER_TYPE),
    "changeOrdertypePermissions": _level(_ORDER_TYPE, _CHANNELS),
    "checkShieldEnterpriseClient": lambda named: Sample(_ENTERPRISE | {"customerNumber": named.customer_number}),
    "checkShieldOrdertypeClient": lambda named: Sample(_ORDER_TYPE | {"customerNumber": named.customer_number}),
    "registerExternalIdClient": _external_id,
    "registerExternalIdCustomerClient": lambda named: Sample(
        body=(_external_id(named).body or {}) | {"customerNumber": named.customer_number}
    ),
    "listCustomerProducts": _nothing,
    "listProductsClient": _nothing,
    "checkProductClient": _level({}, {"onlyActive": True}),
    "listSpecificProductsClient": _level({"productType": "subscription"}),
    "listProductdeliveryplanClient": _level({"productCode": "PAPER"}),
    "checkProductDependencyDiscountClient": _discount,
    "checkArticlePrice": _level({}, {"companyCode": "HOUSE", "product": "ARTICLE", "articleRef": "1"}),
    "checkCouponPriceClient": _coupon_price,
    "listCouponClient": _level({"productCode": "DIGI"}),
    "listCouponForCouponNumberClient": _level({"couponCode": "DIGI", "couponNumber": 1}),
    "listVoucherCodeCouponsClient": _level({"voucherCode": "GIFT-ONE"}),
    "checkRewardClient": _level({}, {"rewardPartnerId": 7, "rewardId": "nobody-has-it"}),
    "changeStocksClient": _level({}, {"updates": [{"productId": "MUG", "warehouse": "MAIN", "quantity": 7}]}),
    "listStocksClient": _nothing,
    "listStocksForProductClient": _level({"productId": "MUG"}),
    "listSubscriptions": _nothing,
    "listSubscriptionsClient": lambda named: Sample({"customerNumber": named.customer_number}),
    "listSharedSubscriptions": _nothing,
    "startSubscription": _level({}, {"product": "DIGI", "startTime": 0, "couponCode": "DIGI", "couponNumber": 1}),
    "registerOrder": _order,
    "registerOrderClient": _customers_order,
    "registerCustomer": lambda named: Sample(body=_payer(named)),
    "registerCustomerClient": lambda named: Sample(body={"customerNumber": named.customer_number}),
    "completeOrderClient": _level({}, {"orderId": ORDER_ID}),
    "assignUserClient": lambda named: Sample({"orderId": FULFILLED_ID}, {"credential": named.credential}),
    "listOrders": _nothing,
    "searchOrderDetails": _level({}, {"externalOrderId": "nobodys"}),
    "listOrderProductHistory": _nothing,
    "listOrderStatusClient": _level({"orderId": ORDER_ID}),
    "changeAddresses": _level(
        {}, {"changeType": "update", "streetAddress": "Storgata", "postalCode": 150, "countryCode": "NO"}
    ),
    "listAddresses": _nothing,
    "listAddressesForProduct": _level({"productCode": "PAPER"}),
    "listAddressesClient": _customer({}),
    "listAddressesForProductClient": _customer({"productCode": "PAPER"}),
    "listCategoryTypes": _nothing,
    "listCategoryCodes": _nothing,
    "listCategoryCodesForCategoryType": _level({"categoryType": "SPORT"}),
    "listCustomerInfo": _nothing,
    "changeCustomerInfo": _level({}, {"name": {"lastName": "Olsen"}, "emails": ["olsen@example.no"]}),
    "listCustomerInfoClient": _customer({}),
    "checkCustomerNumberClient": lambda named: Sample(
        body={"customerNumber": named.customer_number, "lastName": "Nordmann"}
    ),
    "searchCustomerClient": lambda named: Sample(body={"customerNumber": named.customer_number}),
    "listExternalReferencesClient": _customer({}),
    "registerExternalReferenceClient": _customer({}, {"referenceCode": "CRM", "externalId": "E-1"}),
    "changeExternalReferenceClient": _customer({"referenceCode": "CRM"}, {"externalId": "E-2"}),
    "removeExternalReferenceClient": _customer({"referenceCode": "CRM"}),
    # Users are of all partners, so a credential that is somebody's would be so for each of them.
    "checkCredentialClient": _level({}, {"credential": "free@example.no"}),
    "listMetadata": _nothing,
    "changeMetadata": _level({}, {"foo": "bar"}),
    "removeMetadata": _nothing,
    "listMetadataClient": _customer({}),
    "changeMetadataClient": _customer({}, {"foo": "bar"}),
    "removeMetadataClient": _customer({}),
    "listMessages": _nothing,
    "sendMessage": _level({}, {"product": "MAG", "messageContent": "Where is it?"}),
    "sendMessageClient": lambda named: Sample(
        body={"messageContent": "Where is it?", "customerNumber": named.customer_number}
    ),
    "listStatusMessages": _nothing,
}
