"""HR's signed pushes pass without a token, nothing else does, and behind the gateway the signature alone decides."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import pytest
from chassis.runtime import create_api
from flash_local.databases import DatabaseUrls
from flash_local.gateway import Gateway, Limits
from flash_local.processes import free_port
from profile_service import commands
from profile_service.app import build
from profile_service.settings import Settings

from tests.support.apis import offline_settings
from tests.support.gateways import StartGateway, assert_problem, bearer, client_of
from tests.support.identity import Forger
from tests.support.upstreams import Echo, serving_app
from tests.support.webhooks import signed

ADDRESS = "/api/v1/hr/signed-org-events/acme"
EVENT = {
    "type": "unit_upserted",
    "id": "e1",
    "sequence": 1,
    "time": "2026-11-02T09:00:00Z",
    "unit": "root",
    "name": "Aurora",
}


async def test_a_signed_push_needs_no_token_and_arrives_as_it_was_signed(client: httpx2.AsyncClient) -> None:
    headers = {"webhook-id": "1", "webhook-timestamp": "2", "webhook-signature": "v1,abc"}
    echoed = (await client.post(ADDRESS, content=b"x" * 1024 * 1024, headers=headers)).json()
    assert (echoed["service"], echoed["path"], echoed["body_bytes"]) == ("profile", ADDRESS, 1024 * 1024)
    assert echoed["headers"].items() >= headers.items()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/hr/signed-org-events",
        f"{ADDRESS}/more",
        "/api/v1/hr/signed-org-eventsx/acme",
        "/api/v1/hr/org-events",
        "/api/v1/hr/progress",
    ],
)
async def test_no_other_address_is_open_to_a_signature(client: httpx2.AsyncClient, path: str) -> None:
    headers = {"webhook-id": "1", "webhook-timestamp": "2", "webhook-signature": "v1,abc"}
    assert_problem(await client.post(path, headers=headers), 401, "unauthorized")


async def test_nothing_is_read_from_the_address_of_signed_pushes(client: httpx2.AsyncClient, forger: Forger) -> None:
    assert_problem(await client.get(ADDRESS), 403, "forbidden")
    assert_problem(await client.get(ADDRESS, headers=bearer(forger.token())), 403, "forbidden")


async def test_a_flood_of_unsigned_calls_is_bounded(start_gateway: StartGateway) -> None:
    few = Limits(burst=5, per_second=1, body_kib=64, timeout_s=15)
    gateway, _ = await start_gateway(hr_push=few)
    async with client_of(gateway) as client:
        statuses = Counter([(await client.post(ADDRESS)).status_code for _ in range(20)])
    assert few.burst <= statuses[200] < 15
    assert statuses[200] + statuses[429] == 20


@pytest.fixture
async def hr(
    start_gateway: StartGateway, upstreams: dict[str, Echo], profile_database: DatabaseUrls
) -> AsyncIterator[tuple[Gateway, Any]]:
    """A gateway before a real profile service, and that service."""
    service, port = build(Settings(**offline_settings(profile_database.app))), free_port()
    await service.database.open()
    async with serving_app(create_api(service), port):
        echoes = {**upstreams, "profile": replace(upstreams["profile"], url=f"http://127.0.0.1:{port}")}
        gateway, _ = await start_gateway(services={name: echo.url for name, echo in echoes.items()})
        yield gateway, service
    await service.database.close()


async def test_the_signature_decides_behind_the_gateway(hr: tuple[Gateway, Any]) -> None:
    gateway, service = hr
    secret = await commands.add_webhook_client(service.database, "acme")
    body = orjson.dumps({"events": [EVENT]})
    async with client_of(gateway) as client:
        pushed = await client.post(ADDRESS, content=body, headers=signed(secret, body))
        assert pushed.json()["applied"] == 1, pushed.text
        tampered = await client.post(ADDRESS, content=body + b" ", headers=signed(secret, body))
        assert tampered.status_code == 401
        assert "signature" in tampered.json()["detail"]
        with_token_only = await client.post(ADDRESS, content=body)
        assert with_token_only.status_code == 401
