"""The one place that turns what went wrong into an answer, and writes down what a person has to look at."""

import structlog
from litestar import Request, Response
from litestar.datastructures import State

from kolofon.platform.errors import ApiError, InternalError, Unavailable, as_api_error, error_body
from kolofon.platform.telemetry import current_request_id

_log = structlog.get_logger()


def answer_error(request: Request[None, None, State], exception: Exception) -> Response[dict[str, object]]:
    """The answer for any exception; one that nobody foresaw is logged with its traceback and told nothing of."""
    error = understood(exception)
    media_type, members = error_body(error, request.headers.get("accept", ""))
    return Response(members, status_code=error.status, media_type=media_type, headers=error.headers)


def understood(exception: Exception) -> ApiError:
    """What an exception means to the caller; what is no caller's doing is logged."""
    error = as_api_error(exception)
    if isinstance(error, InternalError):
        _log.error("unforeseen error", request_id=current_request_id(), exc_info=exception)
    elif isinstance(error, Unavailable):
        _log.warning("no database for a request", request_id=current_request_id(), error=type(exception).__name__)
    return error
