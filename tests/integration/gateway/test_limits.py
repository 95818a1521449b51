"""How much one caller may ask: at once, per second and per request, without cost to anybody else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx2
from flash_local.gateway import Limits

from tests.support.gateways import StartGateway, assert_problem, bearer, client_of
from tests.support.identity import Forger

ADDRESS = "/api/v1/skills"
HR_PUSH = "/api/v1/hr/org-events"
KIB = 1024
FEW = Limits(burst=5, per_second=1, body_kib=256, timeout_s=15)


async def flood(client: httpx2.AsyncClient, path: str, token: str, requests: int) -> list[httpx2.Response]:
    return await asyncio.gather(*(client.post(path, headers=bearer(token)) for _ in range(requests)))


async def test_one_callers_flood_is_refused_and_nobody_else_notices(
    start_gateway: StartGateway, forger: Forger
) -> None:
    gateway, _ = await start_gateway(everyone=FEW)
    async with client_of(gateway) as client:
        flooding, other = forger.token(), forger.token()
        answers = await flood(client, ADDRESS, flooding, requests=40)
        statuses = Counter(answer.status_code for answer in answers)
        assert FEW.burst <= statuses[200] < 20
        assert statuses[200] + statuses[429] == 40
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert_problem(refused, 429, "too-many-requests")
        assert refused.headers["retry-after"] == "1"
        assert (await client.get(ADDRESS, headers=bearer(other))).status_code == 200


async def test_a_new_token_of_the_same_caller_is_no_way_round(start_gateway: StartGateway, forger: Forger) -> None:
    gateway, _ = await start_gateway(everyone=FEW)
    async with client_of(gateway) as client:
        answers = [await client.get(ADDRESS, headers=bearer(forger.token(sub="same"))) for _ in range(15)]
    assert 429 in {answer.status_code for answer in answers}


async def test_hr_pushes_have_a_limit_of_their_own(start_gateway: StartGateway, forger: Forger) -> None:
    gateway, _ = await start_gateway(everyone=FEW, hr_push=Limits(burst=30, per_second=1, body_kib=64, timeout_s=15))
    async with client_of(gateway) as client:
        token = forger.token("hr_platform")
        pushes = Counter(answer.status_code for answer in await flood(client, HR_PUSH, token, requests=30))
        assert pushes == {200: 30}
        assert (await client.get("/api/v1/hr/people/E1", headers=bearer(token))).status_code == 200


async def test_a_body_above_the_limit_is_refused_before_it_reaches_a_service(
    client: httpx2.AsyncClient, forger: Forger
) -> None:
    headers = bearer(forger.token())
    fits = await client.post(ADDRESS, headers=headers, content=b"x" * 256 * KIB)
    assert fits.json()["body_bytes"] == 256 * KIB
    assert_problem(await client.post(ADDRESS, headers=headers, content=b"x" * (256 * KIB + 1)), 413, "too-large")


async def test_a_body_of_unknown_length_is_measured_too(client: httpx2.AsyncClient, forger: Forger) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 8 * KIB

    assert_problem(await client.post(ADDRESS, headers=bearer(forger.token()), content=chunks()), 413, "too-large")


async def test_an_hr_push_may_be_sixteen_mib_and_no_more(client: httpx2.AsyncClient, forger: Forger) -> None:
    headers = bearer(forger.token("hr_platform"))
    size = 16 * KIB * KIB
    fits = await client.post(HR_PUSH, headers=headers, content=b"x" * size)
    assert fits.json()["body_bytes"] == size
    assert_problem(await client.post(HR_PUSH, headers=headers, content=b"x" * (size + 1)), 413, "too-large")


async def test_a_photo_may_be_five_mib_and_no_more(client: httpx2.AsyncClient, forger: Forger) -> None:
    headers, size = bearer(forger.token()), 5 * KIB * KIB
    fits = await client.put("/api/v1/me/photo", headers=headers, content=b"x" * size)
    assert fits.json()["body_bytes"] == size
    answer = await client.put("/api/v1/me/photo", headers=headers, content=b"x" * (size + 1))
    assert_problem(answer, 413, "too-large")


async def test_nobody_else_may_send_a_large_body_to_the_hr_address(client: httpx2.AsyncClient, forger: Forger) -> None:
    answer = await client.post(HR_PUSH, headers=bearer(forger.token()), content=b"x" * KIB * KIB)
    assert_problem(answer, 403, "forbidden")


async def test_headers_above_the_limit_are_refused(client: httpx2.AsyncClient, forger: Forger) -> None:
    answer = await client.get(ADDRESS, headers=bearer(forger.token()) | {"accept": "x" * 40 * KIB})
    assert answer.status_code == 431
    assert answer.json()["type"] == "headers-too-large"
