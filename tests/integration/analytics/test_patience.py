"""What concerns everything may take longer than a usual statement, and waits for longer."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
from analytics_service import expected
from analytics_service.rollup import recompute
from chassis.database import Database

from tests.integration.analytics.conftest import World
from tests.integration.analytics.test_rollups import somebody_waits
from tests.support.waiting import eventually

USUAL_MS = 1_000


@pytest.fixture
async def impatient(world: World) -> AsyncIterator[Database]:
    """The same database for somebody whose usual statements may take a second."""
    settings = world.api.service.settings.model_copy(update={"database_command_timeout_ms": USUAL_MS})
    database = Database(settings)
    await database.open()
    yield database
    await database.close()


async def waiting(world: World, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """The work, which has waited for a lock for longer than a usual statement may take."""
    task = asyncio.create_task(work)
    await eventually(lambda: somebody_waits(world.database))
    await asyncio.wait([task], timeout=2.5 * USUAL_MS / 1000)
    assert not task.done(), task
    return task


async def test_a_second_reconciliation_waits_for_the_first(world: World, impatient: Database) -> None:
    async def second() -> None:
        async with expected.alone(impatient):
            pass

    async with expected.alone(world.database):
        task = await waiting(world, second())
    await task


@pytest.mark.parametrize("table", ["fresh_count", "rollup_person"])
async def test_recomputing_waits_for_a_table(world: World, impatient: Database, table: str) -> None:
    await world.ask()
    async with world.database.transaction() as transaction:
        await transaction.execute(f"LOCK TABLE {table}")
        task = await waiting(world, recompute(impatient, 10))
    assert not any(row.differing for row in await task)
