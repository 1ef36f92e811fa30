"""Logs, metrics and request ids. A log line names routes and clients, never people: no path, query, body or address."""

import asyncio
import logging
import sys
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from random import getrandbits
from typing import Any

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram
from structlog.typing import EventDict, Processor

from kolofon.settings import Settings

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_log = structlog.get_logger()

REQUESTS = Counter("kolofon_requests_total", "Answered requests", ["method", "route", "status"])
SECONDS = Histogram(
    "kolofon_request_seconds",
    "Time from a request's arrival to the end of its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)


def current_request_id() -> str | None:
    """The id of the request being answered; None outside of one."""
    return _request_id.get()


def configure_logging(settings: Settings) -> None:
    """Log to standard error: JSON lines, or coloured text for a person."""
    human: list[Processor] = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    machine: list[Processor] = [
        _without_values,
        structlog.processors.JSONRenderer(_encode),
    ]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(human if settings.log_format == "console" else machine),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    if settings.log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(_JsonFormatter())


def _without_values(_logger: object, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["exception"] = where_it_happened(error)
    return event


def where_it_happened(error: BaseException | None) -> list[str]:
    """An exception and those behind it: kinds and places. Messages hold values, and values are people's."""
    lines: list[str] = []
    while error is not None:
        known = {name: getattr(error, name, None) for name in ("sqlstate", "table_name", "constraint_name")}
        lines.append(" ".join([type(error).__qualname__, *(f"{k}={v}" for k, v in known.items() if v)]))
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


class _JsonFormatter(logging.Formatter):
    """What libraries log through the standard library, in the form of our own lines."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.now(UTC),
        }
        if record.exc_info is not None:
            event["exception"] = where_it_happened(record.exc_info[1])
        return _encode(event)


def _encode(event: dict[str, Any], **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


class _RequestLine(msgspec.Struct):
    """One line of the access log."""

    event: str
    method: str
    route: str
    status: int
    milliseconds: float
    client: str | None
    request_id: str
    level: str
    timestamp: datetime


class Telemetry:
    """The outermost layer: gives every request an id, and counts, times and logs its answer.

    `scope["state"]["answer_headers"]` is what every layer may add to the answer's headers; they go out here, so that
    an answer passes through one function on its way and not through one a layer.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._logs = settings.log_level in {"debug", "info"}
        self._logs_json = settings.log_format == "json"
        # Looking a labelled metric up takes longer than counting with it.
        self._metrics: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._lines: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and account for it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        # Names a request, hides nothing: no need for the slower source of secrets.
        request_id = f"{getrandbits(64):016x}"
        _request_id.set(request_id)
        headers = [(b"x-request-id", request_id.encode())]
        scope.setdefault("state", {})["answer_headers"] = headers
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._account(scope, status, time.perf_counter() - started, request_id)

    def _account(self, scope: HTTPScope, status: int, seconds: float, request_id: str) -> None:
        # A path that matches no route could hold anything, and would make a label each.
        route = scope.get("path_template") or "unknown"
        method = scope["method"] if route != "unknown" else "any"
        key = (method, route, status)
        metrics = self._metrics.get(key)
        if metrics is None:
            metrics = REQUESTS.labels(method, route, str(status)), SECONDS.labels(route)
            self._metrics[key] = metrics
        metrics[0].inc()
        metrics[1].observe(seconds)
        if not self._logs:
            return
        caller = scope["state"].get("caller")
        line = _RequestLine(
            event="request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            client=caller.client_id if caller is not None else None,
            request_id=request_id,
            level="info",
            timestamp=datetime.now(UTC),
        )
        if self._logs_json:
            # Made as the processors of structlog would, in a fifth of their time.
            self._write(msgspec.json.encode(line))
        else:
            _log.info(**msgspec.structs.asdict(line))

    def _write(self, line: bytes) -> None:
        """Have a line written in the loop's next round, with those of the other requests that end in this one."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(line)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        sys.stderr.buffer.write(b"\n".join(lines) + b"\n")
        sys.stderr.buffer.flush()
