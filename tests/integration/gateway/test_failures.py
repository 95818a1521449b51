"""When something behind the gateway fails or is slow: a problem that says what to do, in bounded time."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from flash_local import loopback
from flash_local.gateway import REQUESTS_AT_ONCE, Gateway, Limits
from flash_local.identity import IdentityProvider
from flash_local.processes import free_port, in_use
from flash_local.services import Issuer

from tests.support.gateways import StartGateway, assert_problem, bearer, client_of
from tests.support.identity import Forger, serving_identity
from tests.support.upstreams import Echo, serving
from tests.support.waiting import eventually

ADDRESS = "/api/v1/skills"
ONE_SECOND = Limits(burst=100, per_second=100, body_kib=256, timeout_s=1)
CROWD = Limits(burst=10_000, per_second=10_000, body_kib=256, timeout_s=15)


async def stat(gateway: Gateway, name: str) -> int:
    """One of Envoy's counters."""
    async with loopback.client() as client:
        text = (await client.get(f"http://127.0.0.1:{gateway.admin_port}/stats?filter={name}")).text
    return sum(int(line.rpartition(" ")[2]) for line in text.splitlines())


async def test_a_service_that_is_down_is_unavailable_for_now(start_gateway: StartGateway, forger: Forger) -> None:
    gateway, _ = await start_gateway(
        services=dict.fromkeys(("profile", "search", "session", "analytics"), f"http://127.0.0.1:{free_port()}")
    )
    async with client_of(gateway) as client:
        answer = await client.post(ADDRESS, headers=bearer(forger.token()))
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_only_reads_are_tried_again_on_a_service_that_is_down(
    start_gateway: StartGateway, forger: Forger
) -> None:
    gateway, _ = await start_gateway(
        services=dict.fromkeys(("profile", "search", "session", "analytics"), f"http://127.0.0.1:{free_port()}")
    )
    async with client_of(gateway) as client:
        await client.post(ADDRESS, headers=bearer(forger.token()))
        assert await stat(gateway, "cluster.profile.upstream_rq_retry$") == 0
        await client.get(ADDRESS, headers=bearer(forger.token()))
        assert await stat(gateway, "cluster.profile.upstream_rq_retry$") == 2


async def test_a_service_that_is_slow_is_given_up_on_in_time(
    start_gateway: StartGateway, upstreams: dict[str, Echo], forger: Forger
) -> None:
    gateway, _ = await start_gateway(everyone=ONE_SECOND)
    async with client_of(gateway) as client:
        answer = await client.post("/api/v1/sessions/slow", headers=bearer(forger.token()))
    assert_problem(answer, 504, "timeout")
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_a_live_stream_comes_through_at_once_and_outlives_the_time_of_an_answer(
    start_gateway: StartGateway, upstreams: dict[str, Echo], forger: Forger
) -> None:
    async with serving("session") as session:
        urls = {name: echo.url for name, echo in upstreams.items()} | {"session": session.url}
        gateway, _ = await start_gateway(everyone=ONE_SECOND, services=urls)
        headers = bearer(forger.token())
        async with client_of(gateway) as client, client.stream("GET", "/api/v1/me/stream", headers=headers) as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: ready"
            late = await client.post("/api/v1/sessions/slow", headers=headers)
            assert_problem(late, 504, "timeout")
            session.released.set()
            assert "event: end" in [line async for line in lines]


async def test_more_live_streams_than_requests_at_once_leave_the_service_reachable(
    start_gateway: StartGateway, upstreams: dict[str, Echo], forger: Forger
) -> None:
    async with serving("session") as session, AsyncExitStack() as streams:
        urls = {name: echo.url for name, echo in upstreams.items()} | {"session": session.url}
        gateway, _ = await start_gateway(everyone=CROWD, services=urls)
        headers = bearer(forger.token())
        for _ in range(REQUESTS_AT_ONCE + 50):
            await _stream(gateway, headers, streams)
        async with client_of(gateway) as client:
            assert (await client.get("/api/v1/sessions", headers=headers)).status_code == 200


async def _stream(gateway: Gateway, headers: dict[str, str], until: AsyncExitStack) -> None:
    """A live stream that began, open until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    until.callback(writer.close)
    lines = [f"{name}: {value}\r\n" for name, value in {"Host": "gateway", **headers}.items()]
    writer.write(f"GET /api/v1/me/stream HTTP/1.1\r\n{''.join(lines)}\r\n".encode())
    async with asyncio.timeout(10):
        assert b" 200 " in await reader.readline()


async def test_one_service_down_leaves_the_others_reachable(
    start_gateway: StartGateway, upstreams: dict[str, Echo], forger: Forger
) -> None:
    working = {name: echo.url for name, echo in upstreams.items()}
    gateway, _ = await start_gateway(services=working | {"search": f"http://127.0.0.1:{free_port()}"})
    async with client_of(gateway) as client:
        headers = bearer(forger.token())
        assert_problem(await client.get("/api/v1/programs/p/people", headers=headers), 503, "unavailable")
        assert (await client.get("/api/v1/programs/p/report", headers=headers)).status_code == 200


async def test_tokens_verify_while_the_identity_provider_is_down(start_gateway: StartGateway, tmp_path: Path) -> None:
    async with serving_identity(tmp_path) as provider:
        issuer = Issuer(provider.issuer, provider.jwks_url)
        gateway, _ = await start_gateway(issuer=issuer, jwks_refresh_s=1)
        token = Forger(provider).token()
    async with client_of(gateway) as client:
        await eventually(lambda: stat(gateway, "jwks_fetch_failed"))
        assert (await client.get(ADDRESS, headers=bearer(token))).status_code == 200


async def test_before_the_keys_were_ever_read_nobody_is_told_that_their_token_is_wrong(
    start_gateway: StartGateway, provider: IdentityProvider, forger: Forger
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/jwks.json"
    gateway, _ = await start_gateway(issuer=Issuer(provider.issuer, nowhere))
    async with client_of(gateway) as client:
        answer = await client.get(ADDRESS, headers=bearer(forger.token()))
    assert_problem(answer, 503, "unavailable")
    assert "identity provider" in answer.json()["detail"]


async def test_stopping_lets_requests_at_hand_finish(start_gateway: StartGateway, forger: Forger) -> None:
    async with serving("session") as slow:
        gateway, process = await start_gateway(
            services=dict.fromkeys(("profile", "search", "session", "analytics"), slow.url)
        )
        async with client_of(gateway) as client:
            asked = asyncio.create_task(client.post("/api/v1/sessions/slow", headers=bearer(forger.token())))
            await eventually(lambda: slow.waiting)
            stopping = asyncio.create_task(process.stop())
            await eventually(lambda: not in_use(gateway.port))
            slow.released.set()
            assert (await asked).status_code == 200
            await stopping
    assert process.status == 0


async def test_it_says_that_it_is_ready_and_gives_its_statistics(gateway: Gateway) -> None:
    async with loopback.client() as client:
        assert (await client.get(f"{gateway.url}/ready")).status_code == 200
        assert "envoy_cluster_upstream_rq" in (await client.get(gateway.metrics_url)).text


async def test_its_administration_can_neither_show_nor_change_its_configuration(gateway: Gateway) -> None:
    async with loopback.client(f"http://127.0.0.1:{gateway.admin_port}") as client:
        assert (await client.get("/config_dump")).status_code == 403
        assert (await client.post("/quitquitquit")).status_code == 403
