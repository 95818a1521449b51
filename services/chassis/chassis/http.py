"""Step 1 of the write path: what every API shares, from request ids to cursors and entity tags."""

import base64
import binascii
import operator
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, cast
from uuid import UUID, uuid4

import orjson
from fastapi import Depends, Header, Request
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import failpoints, logs, metrics, trace
from chassis.database import Database
from chassis.problems import PreconditionRequired, Refused

log = logs.get(__name__)

_REQUEST_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
_ETAG = re.compile(r'^"(\d{1,18})"$')
_CURSOR_VERSION = 1
EVENT_STREAM = b"text/event-stream; charset=utf-8"
PROBES = frozenset({"/live", "/ready", "/metrics"})


class Strict(BaseModel):
    """Base of request bodies: no unknown field, immutable. Ids and dates come as JSON strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        if any("\0" in text for text in _texts(value)):
            raise ValueError("it holds the character U+0000, which cannot be stored")
        return value


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, BaseModel):
        yield from _texts([part for _, part in value])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


class Page(BaseModel):
    """One page of a list; `next_cursor` is absent on the last."""

    next_cursor: str | None = None


def get_database(request: Request) -> Database:
    """The service's database, for dependencies."""
    return cast("Database", request.app.state.database)


DatabaseDep = Annotated[Database, Depends(get_database)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=128,
        description="Repeat a request with the same key and it takes effect once.",
    ),
]


def etag(version: int) -> str:
    """The strong entity tag of a row version."""
    return f'"{version}"'


def _if_match(if_match: Annotated[str | None, Header(alias="If-Match")] = None) -> int:
    if if_match is None:
        raise PreconditionRequired(field="If-Match")
    match = _ETAG.match(if_match)
    if not match:
        raise Refused('If-Match must be one ETag as it was given, like "7".', field="If-Match")
    return int(match.group(1))


IfMatch = Annotated[int, Depends(_if_match)]


def _bigint(value: Any) -> int:
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("larger than a database's integer")
    return number


def _finite(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError("no number")
    return number


def _in_utc(value: Any) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


_READERS: dict[type, Callable[[Any], Any]] = {
    UUID: UUID,
    datetime: _in_utc,
    int: _bigint,
    float: _finite,
    str: "".__add__,
}


class Cursor:
    """An opaque keyset position: the sort values of the last row of a page."""

    @staticmethod
    def encode(*values: str | int | float | UUID | None) -> str:
        """A cursor that continues after a row with these sort values."""
        return base64.urlsafe_b64encode(orjson.dumps([_CURSOR_VERSION, *values], default=str)).decode().rstrip("=")

    @staticmethod
    def decode(cursor: str | None, *kinds: type) -> list[Any] | None:
        """The sort values in a cursor, one of each kind; None without one. Raises Refused naming `cursor`."""
        if cursor is None:
            return None
        try:
            version, *values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if version == _CURSOR_VERSION:
                return [_READERS[kind](value) for kind, value in zip(kinds, values, strict=True)]
        except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
            pass
        raise Refused("This cursor is not one of ours; start again without it.", field="cursor")


class RequestContext:
    """ASGI middleware: request id, trace, one access line and the metrics of each request."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request inside its trace."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = _request_id(headers.get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        observed = _Observed(send, request_id)
        started = time.perf_counter()
        with trace.continued(headers.get("traceparent"), request_id):
            try:
                failpoints.passing("request.received")
                await self._app(scope, receive, observed.send)
            finally:
                self._record(scope, observed, time.perf_counter() - started, request_id)

    def _record(self, scope: Scope, observed: "_Observed", seconds: float, request_id: str) -> None:
        status, streamed = observed.status, observed.streamed
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"]
        metrics.HTTP_REQUESTS.labels(self._service, route, method, str(status)).inc()
        if not streamed:  # open for as long as somebody looks
            metrics.HTTP_SECONDS.labels(self._service, route, method).observe(seconds)
        log.info(
            "request_answered",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=request_id,
        )


class _Observed:
    """Remembers the status that went out and adds the request id to it."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode()
        self.status = 500
        self.streamed = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            failpoints.passing("request.answering")
            self.status = message["status"]
            self.streamed = (b"content-type", EVENT_STREAM) in message["headers"]
            kept = [item for item in message["headers"] if item[0] != b"x-request-id"]
            message["headers"] = [*kept, (b"x-request-id", self._request_id)]
        await self._send(message)


def _request_id(given: str | None) -> str:
    return given if given and _REQUEST_ID.match(given) else str(uuid4())


class Answer(BaseModel):
    """Base of response bodies: immutable, made from the same field names as the values they show."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
