"""What went wrong, and what the caller hears of it."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asyncpg.exceptions import _base as asyncpg_base
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from kolofon.platform import errors
from kolofon.platform.errors import ApiError, as_api_error, error_body
from tests.browser_session import Server, bearer
from tests.playground import Playground, Reader
from tests.processes import web_process

PRIVACY = "/capi/v1/customer/privacy/NEWS"
STATUSES: dict[type[ApiError], int] = {
    errors.InvalidRequest: 400,
    errors.InvalidToken: 401,
    errors.InsufficientScope: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Unprocessable: 422,
    errors.TooManyRequests: 429,
    errors.InternalError: 500,
    errors.Unavailable: 503,
}


def subclasses(of: type[ApiError]) -> set[type[ApiError]]:
    direct = set(of.__subclasses__())
    return direct.union(*(subclasses(each) for each in direct))


def made(kind: type[ApiError]) -> ApiError:
    more: dict[type[ApiError], tuple[Any, ...]] = {errors.TooManyRequests: (7,), errors.MethodNotAllowed: ("GET",)}
    return kind("what happened", *more.get(kind, ()))


def test_every_failure_has_the_status_that_the_api_promises() -> None:
    ours = {kind for kind in subclasses(ApiError) if kind.__module__ == errors.__name__}
    assert {kind: kind.status for kind in ours} == STATUSES


@pytest.mark.parametrize("kind", STATUSES, ids=lambda kind: kind.__name__)
def test_every_failure_has_a_body_of_the_three_shapes(kind: type[ApiError]) -> None:
    error = made(kind)
    media_type, members = error_body(error, "application/json")
    assert media_type == "application/json"
    if kind.status in {401, 403}:
        assert members == {"error": kind.oauth_error, "error_description": "what happened"}
    else:
        assert members == {"exceptionType": kind.exception_type, "errorMessage": "what happened"}
    media_type, members = error_body(error, "application/xml;q=0.1, application/problem+json")
    assert media_type == "application/problem+json"
    assert (members["status"], members["detail"]) == (kind.status, "what happened")


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (errors.Conflict("x"), errors.Conflict),
        (ValidationException("x"), errors.InvalidRequest),
        (NotFoundException(), errors.NotFound),
        (MethodNotAllowedException(headers={"allow": "GET"}), errors.MethodNotAllowed),
        (HTTPException(status_code=413), errors.TooLarge),
        (HTTPException(status_code=415), errors.UnsupportedMediaType),
        (HTTPException(status_code=500), errors.InternalError),
        (ConnectionRefusedError(), errors.Unavailable),
        (TimeoutError(), errors.Unavailable),
        (asyncpg.ConnectionDoesNotExistError(), errors.Unavailable),
        (asyncpg.CannotConnectNowError(), errors.Unavailable),
        (asyncpg.AdminShutdownError(), errors.Unavailable),
        (asyncpg.TooManyConnectionsError(), errors.Unavailable),
        (asyncpg.InterfaceError("connection is closed"), errors.Unavailable),
        (asyncpg.InternalClientError("cannot switch to state 11"), errors.Unavailable),
        (asyncpg_base.DataError("invalid input for query argument $1"), errors.InternalError),
        (asyncpg.UniqueViolationError(), errors.InternalError),
        (KeyError("x"), errors.InternalError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_exception_means_something_to_the_caller(exception: Exception, expected: type[ApiError]) -> None:
    assert type(as_api_error(exception)) is expected


def test_a_failure_of_undoing_does_not_hide_what_went_wrong_first() -> None:
    group = ExceptionGroup("while cleaning up", [asyncpg.InterfaceError("connection is closed")])
    group.__cause__ = ConnectionResetError()
    assert type(as_api_error(group)) is errors.Unavailable
    group.__cause__ = errors.NotFound("x")
    assert as_api_error(group) is group.__cause__


async def make_changes_fail(playground: Playground) -> None:
    await playground.connection.execute(
        """
        create function fail() returns trigger language plpgsql as $$
        begin
            raise exception 'unforeseen, with kari@example.no in it';
        end $$;
        create trigger fail before insert on privacy_permission for each row execute function fail();
        """
    )


async def test_of_an_unforeseen_error_the_caller_hears_nothing_and_the_log_where_it_happened(
    playground: Playground, database_url: str, reader: Reader, tmp_path: Path
) -> None:
    await make_changes_fail(playground)
    async with web_process(database_url, tmp_path) as web:
        headers = bearer(await web.server.user_token(reader.credential))
        body = {"permission": [{"purpose": "DM"}]}
        answer = await web.server.http.post(PRIVACY, json=body, headers=headers)
        assert answer.status_code == 500
        expected = {
            "exceptionType": "InternalServerErrorException",
            "errorMessage": "an error on our side; it has been logged",
        }
        assert answer.json() == expected
    lines = [line for line in web.log() if line["event"] == "unforeseen error"]
    assert [line["request_id"] for line in lines] == [answer.headers["x-request-id"]]
    assert lines[0]["exception"][0] == "RaiseError sqlstate=P0001"
    assert any("replace_purposes" in place for place in lines[0]["exception"])
    assert "kari" not in web.log_file.read_text()


async def test_an_unforeseen_error_of_a_repeatable_request_is_answered_in_the_same_way(
    server: Server, playground: Playground, reader: Reader
) -> None:
    # Raised at the very end, when the frame commits.
    await playground.connection.execute(
        """
        create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
        create constraint trigger fail after insert on privacy_permission deferrable initially deferred
            for each row execute function fail();
        """
    )
    headers = bearer(await server.user_token(reader.credential)) | {"Idempotency-Key": "k"}
    answer = await server.http.post(PRIVACY, json={"permission": [{"purpose": "DM"}]}, headers=headers)
    assert answer.status_code == 500
    assert answer.json()["exceptionType"] == "InternalServerErrorException"
    assert answer.headers["x-request-id"]


async def test_an_answer_to_come_back_later_says_when() -> None:
    assert errors.Unavailable("x").headers == {"Retry-After": "5"}
    assert errors.TooManyRequests("x", 7).headers == {"Retry-After": "7"}
    assert errors.InvalidToken('a "quoted" \\ text').headers == {
        "WWW-Authenticate": 'Bearer error="invalid_token", error_description="a \'quoted\'  text"'
    }
