"""SCIM clients reach the profile service with tokens of its own: the gateway lets them by, in small bodies."""

from collections import Counter

import httpx2
import pytest
from flash_local.gateway import Limits

from tests.support.gateways import StartGateway, assert_problem, bearer, client_of
from tests.support.identity import Forger

KIB = 1024
TOKEN = "flash_scim_not-a-jwt"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/scim/v2", "/scim/v2/Users", "/scim/v2/Groups/0d5f3a86"])
async def test_a_token_that_only_the_service_knows_passes_as_it_is(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path, headers=bearer(TOKEN))
    echoed = answer.json()
    assert (echoed["service"], echoed["method"], echoed["path"]) == ("profile", method, path)
    assert echoed["headers"]["authorization"] == f"Bearer {TOKEN}"


async def test_nothing_else_is_open_to_such_a_token(client: httpx2.AsyncClient) -> None:
    for path in ("/api/v1/hr/org-events", "/scim/v2/../../api/v1/hr/people/E1", "/scim/v2x"):
        request = httpx2.Request("GET", client.base_url.join("/"), headers=bearer(TOKEN))
        request.extensions["target"] = path.encode()
        assert_problem(await client.send(request), 401, "unauthorized")


async def test_scim_has_the_limits_of_the_hr_push_and_they_are_its_own(
    start_gateway: StartGateway, forger: Forger
) -> None:
    gateway, _ = await start_gateway(hr_push=Limits(burst=5, per_second=1, body_kib=64, timeout_s=15))
    async with client_of(gateway) as client:
        answers = [await client.get("/scim/v2/Users", headers=bearer(f"{TOKEN}-{number}")) for number in range(20)]
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses[200] >= 5
        assert statuses[429] >= 5, "another token for each try is no way round"
        push = await client.post("/api/v1/hr/org-events", headers=bearer(forger.token("hr_platform")))
        assert push.status_code == 200


async def test_a_body_may_be_two_mib_and_no_more(client: httpx2.AsyncClient) -> None:
    size = 2 * KIB * KIB
    fits = await client.post("/scim/v2/Bulk", headers=bearer(TOKEN), content=b"x" * size)
    assert fits.json()["body_bytes"] == size
    assert_problem(
        await client.post("/scim/v2/Bulk", headers=bearer(TOKEN), content=b"x" * (size + 1)), 413, "too-large"
    )
