"""Each service once for all tests of APIs, with the same objects and callers; what a test does is undone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module

import pytest
from flash_local.engines.every import Engines

from tests.contract.api.stages import Stage

Stages = Callable[[str], Awaitable[Stage]]


@pytest.fixture(scope="session")
async def stages(engines: Engines) -> AsyncIterator[Stages]:
    """`await stages("profile")`: the stage of that service, set up when it is first asked for."""
    set_up: dict[str, Stage] = {}

    async def stage(service: str) -> Stage:
        if service not in set_up:
            staged = import_module(f"tests.contract.api.{service}_stage").staged(engines)
            set_up[service] = await together.enter_async_context(staged)
        return set_up[service]

    async with AsyncExitStack() as together:
        yield stage


@pytest.fixture
async def stage(request: pytest.FixtureRequest, stages: Stages) -> Stage:
    """The stage of the service that the test names as this fixture's parameter."""
    return await stages(request.param)
