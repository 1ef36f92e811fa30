"""Every failure a caller can meet, and the one place that puts it into words on the wire.

Two shapes come from the API itself: `{"exceptionType", "errorMessage"}` for a refused operation and
`{"error", "error_description"}` for a token problem. RFC 9457 is given to who asks for it by Accept.
"""

from typing import Any, ClassVar

import asyncpg
from litestar.exceptions import HTTPException, ValidationException

PROBLEM_JSON = "application/problem+json"


class ApiError(Exception):
    """A business failure. The class gives status and code; the message is for people and names the field."""

    status: ClassVar[int] = 400
    exception_type: ClassVar[str] = "InvalidRequestException"
    oauth_error: ClassVar[str | None] = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the answer."""
        return {}


class InvalidRequest(ApiError):
    """Malformed or refused input."""


class InvalidToken(ApiError):
    """No valid access token: missing, expired, revoked or malformed."""

    status = 401
    exception_type = "InvalidTokenException"
    oauth_error = "invalid_token"

    @property
    def headers(self) -> dict[str, str]:
        """RFC 6750, section 3."""
        description = self.message.replace("\\", "").replace('"', "'")
        return {"WWW-Authenticate": f'Bearer error="{self.oauth_error}", error_description="{description}"'}


class InsufficientScope(InvalidToken):
    """A good token of the wrong mode."""

    status = 403
    exception_type = "InsufficientScopeException"
    oauth_error = "insufficient_scope"


class NotFound(ApiError):
    """Not there, or not the caller's: nobody can tell which."""

    status = 404
    exception_type = "NotFoundException"


class MethodNotAllowed(ApiError):
    """The path exists, the method does not."""

    status = 405
    exception_type = "MethodNotAllowedException"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        """Which methods there are (RFC 9110, section 15.5.6)."""
        return {"Allow": self.allowed}


class Conflict(ApiError):
    """The state of things does not allow it now."""

    status = 409
    exception_type = "ConflictException"


class TooLarge(ApiError):
    """The body is over the limit."""

    status = 413
    exception_type = "RequestTooLargeException"


class UnsupportedMediaType(ApiError):
    """A body of a kind that is not read here."""

    status = 415
    exception_type = "UnsupportedMediaTypeException"


class Unprocessable(ApiError):
    """Well formed, but it contradicts what was said before."""

    status = 422
    exception_type = "UnprocessableException"


class TooManyRequests(ApiError):
    """The rate limit is used up."""

    status = 429
    exception_type = "TooManyRequestsException"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """When to come back, in seconds."""
        return {"Retry-After": str(self.retry_after)}


class InternalError(ApiError):
    """A bug. What went wrong is in the log under the request id, never in the answer."""

    status = 500
    exception_type = "InternalServerErrorException"


class Unavailable(ApiError):
    """The database cannot be reached at the moment; nothing was done, or all of it was."""

    status = 503
    exception_type = "ServiceUnavailableException"

    @property
    def headers(self) -> dict[str, str]:
        """The database is back in seconds, or a person is needed."""
        return {"Retry-After": "5"}


def error_body(error: ApiError, accept: str) -> tuple[str, dict[str, Any]]:
    """The media type and the members of an error's body, in the shape that suits the caller."""
    if PROBLEM_JSON in accept:
        return PROBLEM_JSON, {
            "type": "about:blank",
            "title": error.exception_type.removesuffix("Exception"),
            "status": error.status,
            "detail": error.message,
        }
    if error.oauth_error is not None:
        return "application/json", {"error": error.oauth_error, "error_description": error.message}
    return "application/json", {"exceptionType": error.exception_type, "errorMessage": error.message}


_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    # What asyncpg makes of a statement sent just when the server's farewell comes in.
    asyncpg.InternalClientError,
)
# asyncpg counts a value that does not fit its parameter among its interface errors; that is a bug of ours.
_MISUSED = (ValueError, TypeError)
_NO_BODY = "'data'"  # what Litestar says of a body that is not there
_BY_STATUS = {error.status: error for error in (InvalidRequest, NotFound, TooLarge, UnsupportedMediaType)}


def as_api_error(exception: Exception) -> ApiError:
    """What an exception means to the caller; InternalError for one that nobody foresaw."""
    if isinstance(exception, ApiError):
        return exception
    if isinstance(exception, ValidationException):
        return InvalidRequest(_validation_message(exception))
    if isinstance(exception, HTTPException):
        return _from_http(exception)
    if isinstance(exception, ExceptionGroup) and isinstance(exception.__cause__, Exception):
        # Litestar's report that undoing the transaction failed too, as it does when the connection is lost in it.
        return as_api_error(exception.__cause__)
    if isinstance(exception, _UNREACHABLE) and not isinstance(exception, _MISUSED):
        return Unavailable("the service cannot reach its database at the moment, please try again")
    return _unforeseen()


def _from_http(exception: HTTPException) -> ApiError:
    if exception.status_code == MethodNotAllowed.status:
        return MethodNotAllowed(exception.detail, (exception.headers or {}).get("allow", ""))
    known = _BY_STATUS.get(exception.status_code)
    return known(exception.detail) if known is not None else _unforeseen()


def _unforeseen() -> InternalError:
    return InternalError("an error on our side; it has been logged")


def _validation_message(exception: ValidationException) -> str:
    found = exception.extra if isinstance(exception.extra, list) else []
    return "; ".join(_field_message(entry) for entry in found) or exception.detail


def camel_case(name: str) -> str:
    """A Python name as the wire has it."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _field_message(entry: dict[str, str]) -> str:
    if entry.get("message") == _NO_BODY:
        return "the body is missing"
    key = camel_case(entry.get("key", "").removeprefix("data"))
    message = entry.get("message", "").replace("`", "")
    message = message[:1].lower() + message[1:]
    return f"{key}: {message}" if key else message
