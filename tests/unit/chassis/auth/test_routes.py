"""Who may call a route, and what is told to others."""

from typing import Annotated, Any

import pytest
from chassis.auth import Caller, TokenVerifier, allow, get_caller
from chassis.database import Database
from chassis.problems import Unavailable
from chassis.runtime import Service, create_api
from chassis.testing import TokenIssuer
from fastapi import APIRouter, Depends

from tests.support.asgi import client_of
from tests.unit.chassis.auth.conftest import settings_for


def app_with(verifier: TokenVerifier) -> Any:
    router = APIRouter()

    @router.get("/me")
    async def me(caller: Annotated[Caller, Depends(get_caller)]) -> str:
        return caller.subject

    @router.get("/operators", dependencies=[Depends(allow("operator", "hr_platform"))])
    async def operators() -> str:
        return "welcome"

    settings = settings_for("http://127.0.0.1:1/jwks.json")
    app = create_api(Service("test", settings, Database(settings), [router]))
    app.state.verifier = verifier
    return app


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x.y.z"}]
)
async def test_who_does_not_sign_in_is_told_how(verifier: TokenVerifier, header: dict[str, str]) -> None:
    async with client_of(app_with(verifier)) as client:
        answer = await client.get("/me", headers=header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Not signed in"


@pytest.mark.parametrize(("roles", "status"), [(["operator"], 200), (["employee", "hr_platform"], 200), ([], 403)])
async def test_a_route_is_open_to_its_roles_only(
    verifier: TokenVerifier, issuer: TokenIssuer, roles: list[str], status: int
) -> None:
    async with client_of(app_with(verifier)) as client:
        answer = await client.get("/operators", headers={"Authorization": f"Bearer {issuer.token(*roles)}"})
    assert answer.status_code == status


async def test_without_any_keys_nobody_can_be_recognised_and_callers_are_told_to_come_back(issuer: TokenIssuer) -> None:
    verifier = TokenVerifier(settings_for("http://127.0.0.1:1/jwks.json"))
    async with client_of(app_with(verifier)) as client:
        answer = await client.get("/me", headers={"Authorization": f"Bearer {issuer.token()}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["title"] == Unavailable.title
