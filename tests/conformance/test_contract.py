import re
from typing import Any

import pytest

from kolofon.app import openapi_document
from tests.conformance.contract import Field, Operation, contract

# What is served so far, whole tags at a time; an operation joins the list with its tag.
SERVED = {
    "Access",
    "Profile",
    "Privacy",
    "Permission/Shield",
    "External Identity",
    "Article",
    "Coupon",
    "Voucher Coupons",
    "Reward",
    "Product",
    "ProductDeliveryPlan",
    "ProductDependency",
    "Subscription",
    "Stock",
    "Order",
    "Fulfillment",
    "User",
    "Address",
    "Category",
    "Customer",
    "External Reference",
    "Credential",
    "Metadata",
    "Message",
    "Status",
}
SERVED_ALONE = {"listCustomerProducts"}
SERVED_OPERATIONS = [o for o in contract().values() if o.tag in SERVED or o.operation_id in SERVED_ALONE]

DOCUMENT = openapi_document()
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed and the null of an optional member left out.

    Limits of an optional member stand beside its alternatives, so they are taken along.
    """
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    options = [
        option
        for option in schema.get("oneOf", schema.get("anyOf", schema.get("allOf", [])))
        if option.get("type") != "null"
    ]
    if not options:
        return schema
    if len(options) > 1 and all(isinstance(option.get("type"), str) for option in options):
        # A value that may be written in several ways: a number, or its digits.
        longest = [option["maxLength"] for option in options if "maxLength" in option][:1]
        return {"type": [option["type"] for option in options]} | ({"maxLength": longest[0]} if longest else {})
    assert len(options) == 1, schema
    beside = {name: value for name, value in schema.items() if name not in {"oneOf", "anyOf", "allOf"}}
    return beside | resolved(options[0])


def member(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """The schema of a member by its path; raises KeyError where it is missing."""
    found = resolved(schema)
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = resolved(found["properties"][name]) if name else found
        if step.endswith("[]"):
            found = resolved(found["items"])
    return found


def json_schema(holder: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = holder["content"]["application/json"]["schema"]
    return schema


def shortcomings(fields: tuple[Field, ...], schema: dict[str, Any], limits: bool) -> list[str]:
    found = []
    for field in fields:
        try:
            actual = member(schema, field.path)
        except KeyError:
            found.append(f"{field.path} is missing")
            continue
        found += [f"{field.path} {problem}" for problem in differences(field, actual, limits)]
    return found


def differences(field: Field, actual: dict[str, Any], limits: bool) -> list[str]:
    found = []
    types = {actual["type"]} if isinstance(actual["type"], str) else set(actual["type"])
    if not types & ({field.type} | ({"number"} if field.type == "integer" else set())):
        found.append(f"is {types}, expected {field.type}")
    if field.entry_type is not None and resolved(actual["items"])["type"] != field.entry_type:
        found.append(f"has entries of {resolved(actual['items'])['type']}, expected {field.entry_type}")
    values = set(actual.get("enum", [actual["const"]] if "const" in actual else []))
    values |= set(resolved(actual.get("items", {})).get("enum", []))
    if values and field.values - values:
        found.append(f"lacks the values {sorted(field.values - values)}")
    if limits and field.longest is not None and not values and actual.get("maxLength") != field.longest:
        found.append(f"takes {actual.get('maxLength')} characters, expected {field.longest}")
    return found


def bare(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def test_the_contract_holds_all_operations_of_the_reference_and_the_undocumented_ones() -> None:
    assert len(contract()) == 135 + 2
    calls = [(operation.method, bare(operation.path)) for operation in contract().values()]
    assert len(set(calls)) == len(calls)


def test_nothing_is_served_that_the_contract_does_not_know() -> None:
    assert set(OPERATIONS) == {operation.operation_id for operation in SERVED_OPERATIONS}


@pytest.mark.parametrize("operation", SERVED_OPERATIONS, ids=lambda operation: operation.operation_id)
def test_an_operation_is_complete(operation: Operation) -> None:
    method, path, found = OPERATIONS[operation.operation_id]
    assert (method, path) == (operation.method, f"/capi{operation.path}")
    assert found["security"] == [{operation.mode: ["read"]}]
    query = {parameter["name"] for parameter in found["parameters"] if parameter["in"] == "query"}
    assert {field.path for field in operation.query} <= query
    if operation.request:
        assert shortcomings(operation.request, json_schema(found["requestBody"]), limits=True) == []
    if operation.answer:
        assert shortcomings(operation.answer, json_schema(found["responses"]["200"]), limits=False) == []
    assert {"400", "401", "403", "429"} <= set(found["responses"])


def test_a_missing_member_a_wrong_type_and_a_wrong_length_are_noticed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}, "b": {"type": "integer"}}}
    fields = (
        Field("a", "string", None, 4, frozenset()),
        Field("b", "boolean", None, None, frozenset()),
        Field("c", "string", None, None, frozenset()),
    )
    assert shortcomings(fields, schema, limits=True) == [
        "a takes 3 characters, expected 4",
        "b is {'integer'}, expected boolean",
        "c is missing",
    ]
