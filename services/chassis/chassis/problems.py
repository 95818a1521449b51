"""Every refusal as RFC 9457 `application/problem+json`: what is wrong, in which field, what to do; no internals."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_problem.handler import ExceptionHandler, add_exception_handler, new_exception_handler
from rfc9457 import StatusProblem
from starlette.exceptions import HTTPException
from starlette_problem.error import Problem as PlainProblem
from starlette_problem.handler import http_exception_handler_

from chassis import logs
from chassis.database import TRANSIENT_ERRORS, is_transient

log = logs.get(__name__)


class Problem(StatusProblem):
    """A refusal that a person can act on. Subclasses set `status` and `title`; the docstring is the default detail.

    `field` names the part of the request that is wrong, in the form `skills[2].skill_id`; `extensions` are
    members of the answer beside the usual ones.
    """

    status = 400
    title = "The request cannot be served"

    def __init__(
        self,
        detail: str | None = None,
        *,
        field: str | None = None,
        headers: dict[str, str] | None = None,
        **extensions: str,
    ) -> None:
        text = detail or " ".join((self.__doc__ or self.title).split())
        errors = {"errors": [{"field": field, "detail": text}]} if field else {}
        super().__init__(text, headers, **errors, **extensions)


class Unauthorized(Problem):
    """A valid access token is needed: send it as `Authorization: Bearer ...`."""

    status = 401
    title = "Not signed in"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """Your role does not allow this."""

    status = 403
    title = "Not allowed"


class NotFound(Problem):
    """There is nothing here that you may see."""

    status = 404
    title = "Not found"


class Conflict(Problem):
    """The present state does not allow this."""

    status = 409
    title = "Not possible in the present state"


class PreconditionFailed(Problem):
    """Somebody changed this meanwhile: read it again, then repeat your change with the new ETag."""

    status = 412
    title = "Changed meanwhile"


class TooLarge(Problem):
    """The request is larger than allowed."""

    status = 413
    title = "Too large"


class Refused(Problem):
    """A value is not acceptable."""

    status = 422
    title = "Not acceptable"


class PreconditionRequired(Problem):
    """Say which version you are changing: send its ETag as `If-Match`."""

    status = 428
    title = "Version needed"


class Unavailable(Problem):
    """A part that this needs does not answer at the moment. Try again in a few seconds."""

    status = 503
    title = "Not available at the moment"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document and its matching OpenAPI schema."""
    busy = dict.fromkeys(_UNAVAILABLE, _unavailable)
    handler = new_exception_handler(
        handlers={**busy, asyncpg.CharacterNotInRepertoireError: _not_storable, Exception: _unexpected},
        http_exception_handler=_of_the_framework,
        request_validation_handler=_validation,
        post_hooks=[_with_instance],
    )
    # The most specific handler must come first: the library takes the first that fits.
    handler.handlers[Exception] = handler.handlers.pop(Exception)
    add_exception_handler(app, handler, generic_swagger_defaults=False)
    for transient in (*_UNAVAILABLE, asyncpg.CharacterNotInRepertoireError):
        app.add_exception_handler(transient, handler)
    described = app.openapi
    app.openapi = lambda: _without_unused(described())  # type: ignore[method-assign] # as FastAPI documents it


def _without_unused(document: dict[str, Any]) -> dict[str, Any]:
    """The library adds a component that nothing uses and that refers to one that is not there."""
    document["components"]["schemas"].pop("HTTPValidationError", None)
    return document


_UNAVAILABLE = (*TRANSIENT_ERRORS, asyncpg.InterfaceError, asyncpg.InternalClientError)


def _unavailable(handler: ExceptionHandler, request: Request, error: Exception) -> Any:
    if not is_transient(error):
        return _unexpected(handler, request, error)
    log.warning("request_failed_for_now", error=type(error).__name__)
    return Unavailable()


def _not_storable(_handler: ExceptionHandler, _request: Request, _error: Exception) -> PlainProblem:
    return Refused("A text holds the character U+0000, which cannot be stored.")


def _unexpected(_handler: ExceptionHandler, _request: Request, error: Exception) -> Any:
    if isinstance(error, StatusProblem):
        return None  # the library then takes the problem itself
    log.error("request_failed", exc_info=error)
    return PlainProblem(
        title="Something went wrong on our side",
        type_="internal-error",
        status=500,
        detail="The error was recorded. Name the request id of this answer when you report it.",
    )


def _of_the_framework(handler: ExceptionHandler, request: Request, error: HTTPException) -> Any:
    """A body that fails to be read in any other way than as JSON is no more than a request that is not valid."""
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _invalid([{"field": "body", "detail": "It cannot be read; send JSON in UTF-8."}])
    return http_exception_handler_(handler, request, error)


def _validation(_handler: ExceptionHandler, _request: Request, error: RequestValidationError) -> PlainProblem:
    return _invalid([{"field": field_name(item["loc"]), "detail": item["msg"]} for item in error.errors()])


def _invalid(errors: list[dict[str, str]]) -> PlainProblem:
    first = errors[0]
    return PlainProblem(
        title="The request is not valid",
        type_="invalid-request",
        status=422,
        detail=f"{first['field']}: {first['detail']}",
        errors=errors,
    )


def field_name(location: tuple[int | str, ...]) -> str:
    """A pydantic location as people write it: ("body", "skills", 2, "level") becomes `skills[2].level`."""
    parts = location[1:] if location and location[0] in ("body", "query", "path", "header") else location
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name or "body"


def _with_instance(content: dict[str, Any], request: Request, response: Any) -> tuple[dict[str, Any], Any]:
    request_id = getattr(request.state, "request_id", None)
    if request_id:
        content = {**content, "instance": f"urn:request:{request_id}"}
        response.body = response.render(content)
        response.headers["x-request-id"] = request_id
    return content, response


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may refuse with these statuses."""
    content: Mapping[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _TITLES[status], "content": content} for status in statuses}


_TITLES = {
    400: "The request is not valid",
    401: Unauthorized.title,
    403: Forbidden.title,
    404: NotFound.title,
    409: Conflict.title,
    412: PreconditionFailed.title,
    413: TooLarge.title,
    422: Refused.title,
    428: PreconditionRequired.title,
    503: Unavailable.title,
}
