"""What passes besides path and body: a request id of our own, the trace, conditions; never who is calling."""

import json
from pathlib import Path

import httpx2
import pytest

from tests.support.gateways import UUID, StartGateway, bearer, client_of
from tests.support.identity import Forger
from tests.support.waiting import eventually

ADDRESS = "/api/v1/skills"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FORGED = [
    "X-Person-Id",
    "X-Roles",
    "X-Jwt-Payload",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Auth-Request-User",
    "X-Envoy-Original-Path",
    "X-Envoy-Expected-Rq-Timeout-Ms",
    "X-Real-Ip",
    "X-Http-Method-Override",
    "X_Person_Id",
    "Remote-User",
    "Ssl-Client-Cert",
    "Forwarded",
    "Kept-Request-Id",
]


@pytest.mark.parametrize("name", FORGED)
async def test_a_header_that_could_say_who_is_calling_is_dropped(
    client: httpx2.AsyncClient, forger: Forger, name: str
) -> None:
    answer = await client.get(ADDRESS, headers=bearer(forger.token()) | {name: "forged"})
    assert "forged" not in json.dumps(answer.json()["headers"])


async def test_no_header_of_a_service_says_who_is_calling_or_what_runs_there(
    client: httpx2.AsyncClient, forger: Forger
) -> None:
    answer = await client.get(ADDRESS, headers=bearer(forger.token()))
    assert not {"x-person-id", "x-powered-by", "server", "x-envoy-upstream-service-time"} & set(answer.headers)
    assert answer.headers["etag"] == '"7"'


async def test_what_the_api_needs_passes(client: httpx2.AsyncClient, forger: Forger) -> None:
    sent = {
        "if-match": '"3"',
        "idempotency-key": "0123456789",
        "traceparent": TRACEPARENT,
        "tracestate": "vendor=1",
        "accept-language": "fr",
    }
    received = (await client.get(ADDRESS, headers=bearer(forger.token()) | sent)).json()["headers"]
    assert sent.items() <= received.items()
    assert received["x-forwarded-proto"] == "http"


@pytest.mark.parametrize("given", [None, "chosen-by-the-client", "5f2c1de0-0000-4000-8000-000000000000"])
async def test_every_request_has_one_id_of_the_gateways_own(
    client: httpx2.AsyncClient, forger: Forger, given: str | None
) -> None:
    headers = bearer(forger.token()) | ({"X-Request-Id": given} if given else {})
    answer = await client.get(ADDRESS, headers=headers)
    request_id = answer.headers["x-request-id"]
    assert UUID.fullmatch(request_id)
    assert answer.json()["headers"]["x-request-id"] == request_id != given


async def test_the_log_has_the_route_and_the_request_id_and_nothing_personal(
    start_gateway: StartGateway, forger: Forger, tmp_path: Path
) -> None:
    gateway, process = await start_gateway()
    async with client_of(gateway) as client:
        answer = await client.get(
            "/api/v1/hr/people/E-secret?name=secret",
            headers=bearer(forger.token("hr_platform", sub="secret")) | {"User-Agent": "secret"},
        )
    request_id = answer.headers["x-request-id"]

    def lines() -> list[str]:
        return [line for line in process.log_file.read_text().splitlines() if request_id in line]

    [line] = await eventually(lines)
    logged = json.loads(line)
    assert (logged["route"], logged["status"], logged["method"]) == ("hr", 200, "GET")
    assert "secret" not in process.log_file.read_text()
    assert "127.0.0.1" not in line
