"""The search service as a process of its own, while OpenSearch hangs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from chassis.settings import Settings
from flash_local import loopback
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines

from tests.support.apis import offline_settings
from tests.support.proxy import Proxy
from tests.support.runner import Runner
from tests.support.waiting import eventually


@pytest.fixture
async def runner(
    search_database: DatabaseUrls, engines: Engines, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Runner]:
    settings = Settings(**offline_settings(search_database.app)).model_copy(
        update={"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    )
    async with AsyncExitStack() as exits:
        yield Runner(settings, tmp_path, exits)


async def test_opensearch_that_hangs_leaves_the_process_unready_and_does_not_end_it(
    runner: Runner, engines: Engines
) -> None:
    address = urlsplit(engines.opensearch_url)
    async with Proxy(address.hostname or "", address.port or 0) as proxy:
        proxy.hold()
        process, url = await runner.start(
            module="search_service",
            opensearch_url=f"http://127.0.0.1:{proxy.port}",
            index_timeout_ms=60_000,
            stalled_after_ms=1_000,
            restart_after_ms=6_000,
            stop_timeout_s=2,
        )
        async with loopback.client(url, timeout=10) as client:

            async def the_worker_is_in_trouble() -> bool:
                try:
                    return {"indexer", "opensearch"} <= set((await client.get("/ready")).json()["problems"])
                except httpx2.TransportError:
                    return False

            await eventually(the_worker_is_in_trouble, deadline_s=40)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait_ended()), 7)
            assert (await client.get("/live")).status_code == 200
