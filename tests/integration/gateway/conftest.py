"""A real Envoy between a real identity provider and upstreams that say what reached them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from flash_local.gateway import Gateway
from flash_local.identity import IdentityProvider
from flash_local.processes import Process
from flash_local.services import SERVICES

from tests.support import gateways
from tests.support.identity import Forger, serving_identity
from tests.support.upstreams import Echo, serving


@pytest.fixture(scope="module")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IdentityProvider]:
    async with serving_identity(tmp_path_factory.mktemp("identity")) as started:
        yield started


@pytest.fixture(scope="module")
def forger(provider: IdentityProvider) -> Forger:
    return Forger(provider)


@pytest.fixture(scope="module")
async def upstreams() -> AsyncIterator[dict[str, Echo]]:
    async with AsyncExitStack() as stack:
        yield {service.name: await stack.enter_async_context(serving(service.name)) for service in SERVICES}


@pytest.fixture(scope="module")
async def gateway(
    provider: IdentityProvider, upstreams: dict[str, Echo], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    async with AsyncExitStack() as stack:
        started, _ = await gateways.start_gateway(tmp_path_factory.mktemp("gateway"), stack, provider, upstreams)
        yield started


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateways.client_of(gateway) as opened:
        yield opened


@pytest.fixture
async def start_gateway(
    provider: IdentityProvider, upstreams: dict[str, Echo], tmp_path: Path
) -> AsyncIterator[gateways.StartGateway]:
    """`await start_gateway(everyone=...)`: one with other settings than usual, and its process, for this test alone."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> tuple[Gateway, Process]:
            return await gateways.start_gateway(tmp_path / "gateway", stack, provider, upstreams, **settings)

        yield start
