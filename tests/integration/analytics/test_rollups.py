"""Rollups are at any moment what the distinct events add up to, however these arrive."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

from analytics_service import consumers
from analytics_service.rollup import recompute
from chassis.database import Database
from flash_schemas import session as said
from hypothesis import HealthCheck, given, settings

from tests.integration.analytics.conftest import MARCH, World
from tests.integration.analytics.histories import History, Sums, histories
from tests.support.deliveries import delivery
from tests.support.waiting import WAITS_FOR_LOCK, eventually

CLEAR = """
TRUNCATE session_fact, survey_fact, pair_fact, message_fact, search_fact, rollup_count, rollup_person
"""
COUNTS = "SELECT program_id, measure, day, value, amount FROM rollup_count WHERE amount <> 0"
PEOPLE = "SELECT program_id, measure, day, person_id, amount FROM rollup_person WHERE amount <> 0"
RECOMPUTE_CHUNK_FACTS = 3


async def sums(database: Database, statement: str) -> Counter[tuple[Any, ...]]:
    async with database.connection() as connection:
        return Counter({tuple(row)[:-1]: row["amount"] for row in await connection.fetch(statement)})


async def somebody_waits(database: Database) -> bool:
    """Asked on a connection of its own: within a transaction the view stays as first read."""
    async with database.connection() as connection:
        return bool(await connection.fetchval(WAITS_FOR_LOCK))


async def differing(database: Database) -> int:
    return sum(row.differing for row in await recompute(database, RECOMPUTE_CHUNK_FACTS))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
async def test_rollups_equal_the_distinct_events_and_recomputing_equals_both(world: World, history: History) -> None:
    async with world.database.transaction() as transaction:
        await transaction.execute(CLEAR)
    for batch in history.batches:
        async with world.database.transaction() as transaction:
            await consumers.take_facts(transaction, batch)
    expected = Sums(history.told)
    assert await sums(world.database, COUNTS) == expected.counts
    assert await sums(world.database, PEOPLE) == expected.people
    assert await differing(world.database) == 0


async def test_two_processes_that_hear_of_one_session_at_once_lose_nothing(world: World) -> None:
    ids = {"session_id": uuid4(), "program_id": world.program_id, "learner_id": uuid4(), "mentor_id": uuid4()}
    asked = said.SessionRequestedV1(**ids, format="call", minutes=30, expires_at=MARCH)
    other: asyncio.Task[None]
    async with world.database.transaction() as transaction:
        await consumers.take_facts(transaction, [delivery(asked, 1, at=MARCH)])
        other = asyncio.create_task(world.write(ids, "mentor"))
        await eventually(lambda: somebody_waits(world.database))
    await other
    assert await differing(world.database) == 0
    assert Counter(measure for _, measure, *_ in await sums(world.database, COUNTS)) == dict.fromkeys(
        ["asked", "asked_by_learner", "answered_after", "message", "thread"], 1
    )
