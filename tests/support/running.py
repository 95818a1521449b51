"""Components of a service inside the test's own process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.database import Database
from chassis.health import Component


@asynccontextmanager
async def running(*components: Component, database: Database) -> AsyncIterator[asyncio.Event]:
    """The components at work; at the end they are told to stop and waited for. Raises what a component raised.

    Gives the event that stops them, for tests that stop them earlier.
    """
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(component.run(database, stopping)) for component in components]
    try:
        yield stopping
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
