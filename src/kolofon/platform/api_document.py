"""The OpenAPI document: Litestar's own, completed with what the frame does for every operation; and its pages."""

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from kolofon.platform.errors import PROBLEM_JSON, camel_case
from kolofon.platform.frame import API_PREFIX

DESCRIPTION = """\
Kolofon's API speaks the Connect/ConnectID API. Operations under `/v1/customer`, `/v1/user` and the like work in user
mode, with the token of a logged-in user; those under `/v1/client` in client mode, with a client-credentials token.

Answers are JSON by default, and XML where `Accept` or the client's setting asks for it; bodies may be either.
Unknown members are ignored. Times are in milliseconds since 1970 unless a field says otherwise.
"""

_ERROR_SCHEMAS: dict[str, dict[str, Any]] = {
    "ApiError": {
        "type": "object",
        "description": "A refused operation.",
        "required": ["exceptionType", "errorMessage"],
        "properties": {
            "exceptionType": {"type": "string", "description": "Class-like name of the failure."},
            "errorMessage": {"type": "string", "description": "For people; names the field."},
        },
    },
    "TokenError": {
        "type": "object",
        "description": "A problem with the access token (RFC 6750).",
        "required": ["error"],
        "properties": {
            "error": {"type": "string", "enum": ["invalid_token", "insufficient_scope"]},
            "error_description": {"type": "string"},
        },
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457, for callers that accept application/problem+json.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    },
}
_ERRORS = {
    "400": "Malformed or refused input; the message names the field",
    "401": "No valid access token",
    "403": "A token of the other mode",
    "404": "Not there, or not the caller's",
    "429": "Too many requests",
    "503": "The database cannot be reached at the moment",
}
_WRITE_ERRORS = {
    "409": "The first request with this Idempotency-Key is still being answered",
    "413": "The body is over 1 MiB",
    "415": "The body is neither JSON nor XML",
    "422": "The Idempotency-Key was used for another request",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes the request repeatable: a repeat with the same key and body gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
}
_HEADERS = {
    "X-Mediaconnect-Api-Version": {"description": "Version the answer was made with.", "schema": {"type": "string"}},
    "X-RateLimit-Remaining": {"description": "Calls left before a 429.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "Seconds until the window resets.", "schema": {"type": "integer"}},
    "X-Request-Id": {"description": "Names this request in the log.", "schema": {"type": "string"}},
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kolofon API</title>
<link rel="stylesheet" href="/capi/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/capi/docs/swagger-ui-bundle.js"></script>
<script src="/capi/docs/start.js"></script>
</body>
</html>
"""
_START = 'SwaggerUIBundle({url: "/capi/openapi.json", dom_id: "#swagger-ui", deepLinking: true});\n'
# Swagger UI sets styles on its elements and draws its icons from data: URLs.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def complete(document: dict[str, Any], public_url: str) -> dict[str, Any]:
    """Add to a document what holds for all operations: security, errors, headers, both formats."""
    login = f"{public_url}/user/oauth"
    document["servers"] = [{"url": public_url}]
    document["paths"] = {
        _camel_path(path): {method: _operation(path, method, operation) for method, operation in item.items()}
        for path, item in document["paths"].items()
        if path.startswith(API_PREFIX)
    }
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(_ERROR_SCHEMAS)
    components["securitySchemes"] = {
        "user": _flow({"authorizationCode": {"authorizationUrl": f"{login}/authorize", "tokenUrl": f"{login}/token"}}),
        "client": _flow({"clientCredentials": {"tokenUrl": f"{login}/token"}}),
    }
    return document


def handlers(public_url: str) -> list[HTTPRouteHandler]:
    """The document and the pages to browse it, from files that come with the program."""
    made: dict[str, bytes] = {}

    @get("/capi/openapi.json", include_in_schema=False)
    async def openapi_json(request: Request[None, None, State]) -> Response[bytes]:
        """The OpenAPI document."""
        if not made:
            made["document"] = msgspec.json.encode(complete(request.app.openapi_schema.to_schema(), public_url))
        return Response(made["document"], media_type="application/json")

    @get("/capi/docs", include_in_schema=False)
    async def docs() -> Response[str]:
        """The documentation, to browse."""
        return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _PAGE_POLICY})

    @get("/capi/docs/start.js", include_in_schema=False)
    async def start() -> Response[str]:
        """What opens the document in the page."""
        return Response(_START, media_type="text/javascript")

    return [openapi_json, docs, start, _asset("swagger-ui.css"), _asset("swagger-ui-bundle.js")]


def _asset(name: str) -> HTTPRouteHandler:
    media_type = "text/css" if name.endswith(".css") else "text/javascript"

    def asset() -> Response[bytes]:
        found = files("swagger_ui") / "static" / name
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(found.read_bytes(), media_type=media_type, headers=headers)

    handler: Callable[..., HTTPRouteHandler] = get(f"/capi/docs/{name}", include_in_schema=False, sync_to_thread=True)
    return handler(asset)


def _flow(flows: dict[str, dict[str, str]]) -> dict[str, Any]:
    scopes = {"read": "All access; the only scope."}
    return {"type": "oauth2", "flows": {name: flow | {"scopes": scopes} for name, flow in flows.items()}}


def _camel_path(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: "{" + camel_case(match.group(1)) + "}", path)


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    writes = method != "get"
    mode = "client" if path.startswith(f"{API_PREFIX}client/") else "user"
    parameters = [p | {"name": camel_case(p["name"])} for p in operation.get("parameters", [])]
    operation["parameters"] = parameters + ([_IDEMPOTENCY_KEY] if writes else [])
    operation["security"] = [{mode: ["read"]}]
    good = {code: _both_formats(answer) for code, answer in operation["responses"].items() if code.startswith("2")}
    errors = _ERRORS | (_WRITE_ERRORS if writes else {})
    operation["responses"] = good | {code: _error(code, text) for code, text in errors.items()}
    if "requestBody" in operation:
        operation["requestBody"] = _both_formats(operation["requestBody"])
    return operation


def _both_formats(holder: dict[str, Any]) -> dict[str, Any]:
    content = holder.get("content", {})
    if "application/json" in content:
        content["application/xml"] = content["application/json"]
    if "description" in holder:
        holder["headers"] = _HEADERS
    return holder


def _error(code: str, description: str) -> dict[str, Any]:
    name = "TokenError" if code in {"401", "403"} else "ApiError"
    schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    headers = {"X-Request-Id": _HEADERS["X-Request-Id"]}
    if code in {"429", "503"}:
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return {
        "description": description,
        "headers": headers,
        "content": {
            "application/json": schema,
            "application/xml": schema,
            PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
