"""Rollups are at any moment what the distinct events add up to, however these arrive."""

import asyncio
import os
import sys
from collections import Counter
from typing import Any
from uuid import uuid4

from analytics_service import consumers, store
from analytics_service.rollup import recompute
from chassis.database import Database
from flash_local.databases import DatabaseUrls
from flash_schemas import session as said
from hypothesis import HealthCheck, given, settings

from tests.integration.analytics.conftest import MARCH, World
from tests.integration.analytics.histories import History, Sums, histories
from tests.support.apis import offline_settings
from tests.support.deliveries import delivery
from tests.support.waiting import WAITS_FOR_LOCK, eventually

CLEAR = """
TRUNCATE session_fact, survey_fact, pair_fact, message_fact, search_fact, rollup_count, rollup_person
"""
COUNTS = "SELECT program_id, measure, day, value, amount FROM rollup_count WHERE amount <> 0"
PEOPLE = "SELECT program_id, measure, day, person_id, amount FROM rollup_person WHERE amount <> 0"
SPOIL = "UPDATE rollup_count SET amount = amount + 7 WHERE measure = 'message'"
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


async def test_recomputing_repairs_a_wrong_rollup_and_says_so(world: World) -> None:
    ids = await world.ask()
    await world.write(ids, "learner")
    async with world.database.transaction() as transaction:
        await transaction.execute(SPOIL)
    compared = {row.measure: row for row in await recompute(world.database, 10) if row.differing}
    assert set(compared) == {"message"}
    assert (compared["message"].kept, compared["message"].recomputed) == (8, 1)
    assert await differing(world.database) == 0


async def test_recomputing_waits_for_a_batch_at_work_and_counts_it(world: World) -> None:
    ids = await world.ask()
    asked = said.SessionAcceptedV1(**ids, capacity_month="2026-03")
    async with world.database.transaction() as transaction:
        await consumers.take_facts(transaction, [delivery(asked, 2, at=MARCH)])
        recomputing = asyncio.create_task(differing(world.database))
        await eventually(lambda: somebody_waits(world.database))
    assert await recomputing == 0


async def test_a_batch_waits_for_recomputing_but_reports_do_not(world: World) -> None:
    ids = await world.ask()
    await world.program()
    async with world.database.transaction() as transaction:
        await store.stop_rolling_up(transaction)
        other = asyncio.create_task(world.write(ids, "mentor"))
        await eventually(lambda: somebody_waits(world.database))
        assert (await world.get()).status_code == 200
    await other
    assert await differing(world.database) == 0


async def test_the_command_prints_both_sums_and_fails_only_when_they_differ(
    world: World, analytics_database: DatabaseUrls
) -> None:
    await world.write(await world.ask(), "learner")
    assert await command(analytics_database, "Rollups equal the facts.") == 0
    async with world.database.transaction() as transaction:
        await transaction.execute(SPOIL)
    assert await command(analytics_database, "1 rows differed and were replaced.") == 1
    assert await command(analytics_database, "Rollups equal the facts.") == 0


async def command(urls: DatabaseUrls, verdict: str) -> int | None:
    """The exit code of `recompute`, once its last line is this one."""
    env = {f"FLASH_{name}".upper(): value for name, value in offline_settings(urls.app).items()}
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "analytics_service", "recompute"],
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    lines = output.decode().splitlines()
    assert lines[-1] == verdict, output
    assert lines[0].split() == ["rollup", "measure", "rolled", "up", "recomputed", "differing"]
    return child.returncode
