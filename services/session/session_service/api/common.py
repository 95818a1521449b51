"""What the routes share: who may call, and how much is answered at once."""

from typing import Annotated, Any, cast

from chassis.auth import Caller, allow
from chassis.http import etag
from chassis.problems import documented
from fastapi import Depends, Query, Request, Response

from session_service.answers import SessionAnswer
from session_service.sealing import Keyring
from session_service.settings import Settings

ROUTES: dict[str, Any] = {"prefix": "/api/v1", "responses": documented(401, 403, 422, 503)}
Employee = Annotated[Caller, Depends(allow("employee"))]
Limit = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[str | None, Query(max_length=500)]


def get_settings(request: Request) -> Settings:
    """The service's settings, for dependencies."""
    return cast("Settings", request.app.state.settings)


SettingsDep = Annotated[Settings, Depends(get_settings)]
CONCERNED = documented(404, 409)


def get_keyring(request: Request) -> Keyring:
    return cast("Keyring", request.app.state.keyring)


KeyringDep = Annotated[Keyring, Depends(get_keyring)]


def tagged(answer: SessionAnswer, response: Response) -> SessionAnswer:
    response.headers["ETag"] = etag(answer.version)
    return answer
