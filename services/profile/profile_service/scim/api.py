"""Step 1 of the SCIM path: `/scim/v2`. Who is calling, one transaction around the request, SCIM errors for refusals.

The answer goes out after the commit, so what it says is so.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl

import asyncpg
import orjson
from chassis import logs
from chassis.database import Database, is_transient
from chassis.http import DatabaseDep
from fastapi import APIRouter, Request, Response
from scim2_models import Error, PayloadTooLargeException, SCIMException
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from profile_service import metrics
from profile_service.scim import clients, habits
from profile_service.scim.protocol import MAX_PAYLOAD_BYTES, Handler, Service
from profile_service.scim.storage import ScimStorage

PREFIX = "/scim/v2"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
RETRY_AFTER_S = 2

log = logs.get(__name__)
router = APIRouter(include_in_schema=False)  # SCIM describes itself, at /Schemas and /ResourceTypes


@router.api_route(PREFIX, methods=METHODS)
@router.api_route(PREFIX + "/{path:path}", methods=METHODS)
async def serve(request: Request, database: DatabaseDep) -> Response:
    """Any request of a SCIM client."""
    service = cast("Service", request.app.state.scim)
    try:
        client = await clients.recognised(database, request.headers.get("authorization"))
        answer = await _handled(service, database, await _read(request, client))
    except SCIMException as refusal:
        answer = service.error_response(refusal)
    except Exception as error:  # noqa: BLE001 # nothing leaves this route but SCIM; the log has the rest
        answer = _failed(error)
    metrics.SCIM_REQUESTS.labels(_outcome(answer.status)).inc()
    return Response(orjson.dumps(answer.body) if answer.body is not None else b"", int(answer.status), answer.headers)


async def _handled(service: Service, database: Database, request: ScimRequest) -> ScimResponse:
    if request.method == "GET" or request.path.endswith("/.search"):
        async with database.connection() as connection:
            storage = ScimStorage(connection, service.provider, writing=False)
            return await Handler(service, storage).handle(request)
    async with database.transaction() as transaction:
        storage = ScimStorage(transaction, service.provider, writing=True)
        answer = await Handler(service, storage).handle(request)
        await storage.save()
    return answer


async def _read(request: Request, client: str) -> ScimRequest:
    """The request as the library takes it. Raises PayloadTooLargeException, InvalidValueException."""
    path, body = request.path_params.get("path", ""), await _body(request)
    if body and not request.url.path.endswith("/.search"):
        body = habits.regular(request.method, path, body)
    return ScimRequest(
        method=request.method,
        base_url=_base_url(request),
        path=f"/{path}",
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers=request.headers,
        body=body,
        subject=client,
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PAYLOAD_BYTES:
            raise PayloadTooLargeException(
                detail=f"The body is larger than {MAX_PAYLOAD_BYTES} bytes: send less at once"
            )
    return bytes(body)


def _base_url(request: Request) -> str:
    """As the client sees it: the gateway says by which scheme it was called, and lets nobody else say so."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    return f"{scheme}://{request.url.netloc}{PREFIX}"


def _failed(error: Exception) -> ScimResponse:
    if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
        return _error(400, "A text holds the character U+0000, which cannot be stored", {})
    if is_transient(error):
        log.warning("request_failed_for_now", error=type(error).__name__)
        return _error(503, "A part that this needs does not answer; try again", {"Retry-After": str(RETRY_AFTER_S)})
    log.error("request_failed", exc_info=error)
    return _error(500, "The error was recorded; name the x-request-id of this answer when you report it", {})


def _error(status: int, detail: str, headers: Mapping[str, str]) -> ScimResponse:
    return ScimResponse(HTTPStatus(status), Error(status=status, detail=detail).model_dump(), dict(headers))


def _outcome(status: int) -> str:
    """For the metric."""
    if status == HTTPStatus.UNAUTHORIZED:
        return "unauthorized"
    return "failed" if status >= 500 else "refused" if status >= 400 else "done"  # classes of statuses
